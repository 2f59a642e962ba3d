"""The generations of the views table: which are in use (the pointer), making and dropping them, a rebuild's record."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import dynamodb, errors
from chalicelib.aws.errors import Refusal
from chalicelib.todos import zones
from chalicelib.views import schema
from chalicelib.views.errors import Outrun
from chalicelib.views.schema import POINTER_KEY

RECORD_KEY: Final = {"owner": POINTER_KEY["owner"], "sk": {"S": "rebuild"}}

# For how long a process may use a pointer that it has read, unless the pointer itself says so.
REMEMBERED_SECONDS: Final = 5.0

_SEPARATOR: Final = "-views-"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which views tables are in use.

    Attributes
    ----------
    reader : str
        The table that queries read.
    tables : tuple of str
        The tables that `project` writes: the one in use, and behind it the one that a rebuild makes.
    remembered_seconds : float
        For how long a process may use this without reading it again.
    """

    reader: str
    tables: tuple[str, ...]
    remembered_seconds: float = field(default=REMEMBERED_SECONDS, compare=False)

    @property
    def awaited(self) -> tuple[str, ...]:
        """The tables that must show a change before a client is told that the views have it.

        After the switch of a rebuild some process may still read the table before.
        """
        return self.tables if self.reader == self.tables[-1] else (self.reader,)


@dataclass(frozen=True, slots=True)
class Record:
    """How far a rebuild is, and who runs it.

    Attributes
    ----------
    state : str
        The rebuild's state (JSON).
    runner : str
        Who runs it, until `lease_until` (milliseconds since 1970; 0: nobody).
    token : str
        New with each claim; it tells a runner that another one has taken over.
    """

    state: str
    runner: str
    token: str
    lease_until: int


def pointer() -> Pointer:
    """Which views tables are in use, by a consistent read."""
    item = dynamodb.client().get_item(TableName=settings.settings_table(), Key=POINTER_KEY, ConsistentRead=True)["Item"]
    seconds = item.get("remembered_seconds")
    return Pointer(
        reader=item["reader"]["S"],
        tables=tuple(table["S"] for table in item["tables"]["L"]),
        remembered_seconds=REMEMBERED_SECONDS if seconds is None else float(seconds["N"]),
    )


def point(to: Pointer, *, instead_of: Pointer, under: Record) -> None:
    """Change the pointer, provided that it has not changed since it was read and the record still names the same claim.

    Without the latter a run that was overtaken could point at a table that another one has dropped.

    Raises
    ------
    Outrun
    """
    table, now, then = settings.settings_table(), _attributes(to), _attributes(instead_of)
    pointer_as_read = {
        "ConditionExpression": "#reader = :reader_as_read AND #tables = :tables_as_read",
        "ExpressionAttributeNames": {"#reader": "reader", "#tables": "tables"},
        "ExpressionAttributeValues": {":reader_as_read": then["reader"], ":tables_as_read": then["tables"]},
    }
    same_claim = {
        "ConditionExpression": "#token = :token",
        "ExpressionAttributeNames": {"#token": "token"},
        "ExpressionAttributeValues": {":token": {"S": under.token}},
    }
    writes = [
        {"Put": {"TableName": table, "Item": {**POINTER_KEY, **now}, **pointer_as_read}},
        {"ConditionCheck": {"TableName": table, "Key": RECORD_KEY, **same_claim}},
    ]
    try:
        dynamodb.client().transact_write_items(TransactItems=writes)
    except Refusal as error:
        raise _outrun(error, "the pointer to the views tables, or the record of the rebuild") from error


def record() -> Record | None:
    """The record of the rebuild under way, or of the last one."""
    answer = dynamodb.client().get_item(TableName=settings.settings_table(), Key=RECORD_KEY, ConsistentRead=True)
    item = answer.get("Item")
    if item is None:
        return None
    return Record(item["state"]["S"], item["runner"]["S"], item["token"]["S"], int(item["lease_until"]["N"]))


def write_record(new: Record, *, instead_of: Record | None) -> None:
    """Write the record, provided that nobody has claimed it since it was read (None: there was none).

    Raises
    ------
    Outrun
    """
    condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(sk)"}
    if instead_of is not None:
        condition = {
            "ConditionExpression": "#token = :token_as_read AND #lease = :lease_as_read",
            "ExpressionAttributeNames": {"#token": "token", "#lease": "lease_until"},
            "ExpressionAttributeValues": {
                ":token_as_read": {"S": instead_of.token},
                ":lease_as_read": {"N": str(instead_of.lease_until)},
            },
        }
    item = {
        **RECORD_KEY,
        "state": {"S": new.state},
        "runner": {"S": new.runner},
        "token": {"S": new.token},
        "lease_until": {"N": str(new.lease_until)},
    }
    try:
        dynamodb.client().put_item(TableName=settings.settings_table(), Item=item, **condition)
    except Refusal as error:
        raise _outrun(error, "the record of the rebuild") from error


def beside(table: str) -> str:
    """A name for a new generation beside this views table."""
    return name_of(table.rpartition(_SEPARATOR)[0])


def name_of(prefix: str) -> str:
    """A name for a new generation: it has the version of the time zones, by which its rows have instants."""
    return f"{prefix}{_SEPARATOR}{zones.version()}-{uuid.uuid4().hex}"


def has_other_zones(table: str) -> bool:
    """Whether a generation was made with another version of the time zones than this code has, or with an unknown one.

    Its rows may then have other instants for bare dates than an audit expects, until a rebuild.
    """
    return table.rpartition(_SEPARATOR)[2].partition("-")[0] != zones.version()


def make(table: str, client: Any = None) -> bool:
    """Make a views table, or continue making it; whether it is ready. Calling it twice does no harm."""
    client = client or dynamodb.client()
    status = _status(client, table)
    if status is None:
        try:
            client.create_table(**schema.table_definition(table))
        except Refusal as error:
            if error.code != "ResourceInUseException":
                raise
        status = _status(client, table)
    if status != "ACTIVE":
        return False
    described = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if described.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
        wanted = {"Enabled": True, "AttributeName": schema.TTL_ATTRIBUTE}
        client.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)
    return True


def drop(table: str, client: Any = None) -> bool:
    """Drop a views table; whether it is gone. Calling it twice does no harm."""
    client = client or dynamodb.client()
    if _status(client, table) == "ACTIVE":
        client.delete_table(TableName=table)
    return _status(client, table) is None


def _status(client: Any, table: str) -> str | None:
    try:
        status: str = client.describe_table(TableName=table)["Table"]["TableStatus"]
    except Refusal as error:
        if error.code == "ResourceNotFoundException":
            return None
        raise
    return status


def _attributes(of: Pointer) -> dict[str, Any]:
    return {
        "reader": {"S": of.reader},
        "tables": {"L": [{"S": table} for table in of.tables]},
        "remembered_seconds": {"N": str(of.remembered_seconds)},
    }


def _outrun(error: Refusal, what: str) -> Exception:
    if errors.codes_of(error) & {"ConditionalCheckFailed", "ConditionalCheckFailedException"}:
        return Outrun(f"somebody else has changed {what}")
    return error
