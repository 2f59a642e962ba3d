"""What the functions ask of AWS, noted where it is asked: as IAM sees it, by function."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import botocore

from tests.support import faults
from tests.support.faults import calls_watched

ACCOUNT = "000000000000"
REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Call:
    """One action on one resource; of DynamoDB with the partition keys that it names (`dynamodb:LeadingKeys`)."""

    action: str
    resource: str
    leading_keys: frozenset[str] = frozenset()


@dataclass
class Recorder:
    """Every call of the function that is at work, whatever client it is made by."""

    calls: dict[str, set[Call]] = field(default_factory=dict)
    _function: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def at_work(self, function: str) -> Iterator[None]:
        """Calls are this function's, of all of its threads too."""
        self._function = function
        self.calls.setdefault(function, set())
        try:
            yield
        finally:
            self._function = None

    def note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """What a botocore client asks of another service than DynamoDB."""
        service = model.service_model.service_name
        if self._function is not None and service != "dynamodb":
            self._add({"sqs": sqs_calls, "sns": sns_calls}[service](model.name, params))

    def note_dynamodb(self, operation: str, request: Mapping[str, Any], call: faults.Call) -> Any:
        """What a client of either kind asks of DynamoDB."""
        if self._function is not None:
            self._add(dynamodb_calls(operation, request))
        return call(request)

    def _add(self, made: set[Call]) -> None:
        with self._lock:
            self.calls[self._function or ""].update(made)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Every client that is made meanwhile reports its calls."""

        def initialise(session: Any) -> None:
            session.register("provide-client-params", self.note)

        botocore.register_initializer(initialise)
        try:
            with calls_watched(self.note_dynamodb):
                yield
        finally:
            botocore.unregister_initializer(initialise)


# The attribute that is the partition key, by the end of the table's name.
PARTITION_KEYS = {"events": "stream_id", "settings": "owner", "deliveries": "id"}
WRITES = {"Put": "PutItem", "Delete": "DeleteItem", "Update": "UpdateItem", "ConditionCheck": "ConditionCheckItem"}


def dynamodb_calls(operation: str, params: Mapping[str, Any]) -> set[Call]:
    """A transaction needs the permission of each of its writes, and BatchGetItem one for each table."""
    if operation == "TransactWriteItems":
        writes = [(WRITES[kind], write) for each in params["TransactItems"] for kind, write in each.items()]
        return {_on_table(action, write["TableName"], [write.get("Key") or write["Item"]]) for action, write in writes}
    if operation == "BatchGetItem":
        return {_on_table(operation, table, asked["Keys"]) for table, asked in params["RequestItems"].items()}
    items = [params[name] for name in ("Key", "Item") if name in params]
    if operation == "Query":
        items = [_queried(params)]
    return {_on_table(operation, params["TableName"], items, params.get("IndexName"))}


def _queried(params: Mapping[str, Any]) -> dict[str, Any]:
    """The partition that a key condition names: its first equation is on the partition key."""
    name, _, rest = params["KeyConditionExpression"].lstrip("(").partition(" = ")
    name = params.get("ExpressionAttributeNames", {}).get(name, name)
    return {name: params["ExpressionAttributeValues"][rest.split()[0].rstrip(")")]}


def _on_table(action: str, table: str, items: list[dict[str, Any]], index: str | None = None) -> Call:
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    key = PARTITION_KEYS.get(table.rpartition("-")[2], "owner")
    keys = frozenset(
        next(iter(item[key].values())) if isinstance(item[key], dict) else item[key] for item in items if key in item
    )
    return Call(f"dynamodb:{action}", f"{arn}/index/{index}" if index else arn, keys)


def sqs_calls(operation: str, params: dict[str, Any]) -> set[Call]:
    queue = params["QueueUrl"].rpartition("/")[2]
    # IAM has one action for a message and a batch of them.
    return {Call(f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")}


def sns_calls(operation: str, params: dict[str, Any]) -> set[Call]:
    # IAM has one action for both: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
    return {Call(f"sns:{operation.removesuffix('Batch')}", params["TopicArn"])}
