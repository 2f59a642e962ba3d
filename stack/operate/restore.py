"""Point-in-time restore: the ledger as it was, in a table beside the live one, which stays as it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.todos import instants
from stack.deploy.deployment import Deployment
from stack.deploy.ledger_indexes import ensure_indexes
from stack.errors import NotDeployed, NotStable, StackError

POLL_SECONDS: Final = 5.0
# How long to wait after each refusal: 15 minutes in all.
RECOVERY_PAUSES: Final = (1, 2, 4, 8, 15, *(30,) * 29)


def restore(deployment: Deployment, to: str, say: Callable[[str], None] = lambda line: None) -> str:
    """Restore the ledger as it was at an instant into a new table, with the settings that a restore leaves out.

    AWS restores data, indexes and encryption, but neither stream nor protection nor recovery:
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
    If it was stopped, it continues from there. Nothing uses the table until the configuration names it.

    Parameters
    ----------
    to : str
        An RFC 3339 date-time, to the second.
    say : callable
        Called with a line for each step.

    Returns
    -------
    str
        The table's name.

    Raises
    ------
    NotDeployed
        There is no ledger.
    StackError
        The ledger has no backup of that time.
    NotStable
        DynamoDB does not take a setting of the new table yet; the same command can succeed later.
    """
    if not deployment.outputs():
        raise NotDeployed(f"the stack {deployment.data.name}")
    dynamodb, ledger = deployment.client("dynamodb"), deployment.ledger()
    moment = instants.parse(to).replace(microsecond=0).astimezone(UTC)
    target = f"{deployment.stage.prefix}-events-{moment:%Y%m%dt%H%M%S}"
    if _status(dynamodb, target) is None:
        _begin(dynamodb, ledger, target, moment)
        say(f"restoring {ledger} as of {moment.isoformat()} to {target}; on AWS this takes minutes to hours")
    _wait(dynamodb, target)
    wanted = deployment.stage.ledger_properties
    _complete(dynamodb, target, wanted)
    ensure_indexes(dynamodb, target, wanted, say)
    say(f"{target} has a stream, deletion protection and point-in-time recovery")
    return target


def _begin(dynamodb: Any, ledger: str, target: str, moment: datetime) -> None:
    try:
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=ledger,
            TargetTableName=target,
            RestoreDateTime=moment,
        )
    except dynamodb.exceptions.InvalidRestoreTimeException:
        described = dynamodb.describe_continuous_backups(TableName=ledger)["ContinuousBackupsDescription"]
        recovery = described["PointInTimeRecoveryDescription"]
        span = (recovery["EarliestRestorableDateTime"], recovery["LatestRestorableDateTime"])
        range_ = " to ".join(each.astimezone(UTC).isoformat(timespec="seconds") for each in span)
        raise StackError(f"{ledger} can be restored as of {range_}, not of {moment.isoformat()}") from None


def _complete(dynamodb: Any, name: str, wanted: dict[str, Any]) -> None:
    table = dynamodb.describe_table(TableName=name)["Table"]
    lacking: list[dict[str, Any]] = []
    if not table.get("StreamSpecification", {}).get("StreamEnabled"):
        lacking.append({"StreamSpecification": {"StreamEnabled": True, **wanted["StreamSpecification"]}})
    if not table.get("DeletionProtectionEnabled"):
        lacking.append({"DeletionProtectionEnabled": True})
    # One at a time: DynamoDB takes some of these changes only alone.
    for setting in lacking:
        dynamodb.update_table(TableName=name, **setting)
        _wait(dynamodb, name)
    _turn_recovery_on(dynamodb, name, wanted["PointInTimeRecoverySpecification"])


def _turn_recovery_on(dynamodb: Any, name: str, wanted: dict[str, Any]) -> None:
    """Set it as soon as DynamoDB has backups for the new table, which takes it some minutes."""
    for pause in RECOVERY_PAUSES:
        try:
            dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wanted)
        except dynamodb.exceptions.ContinuousBackupsUnavailableException:
            time.sleep(pause)
        else:
            return
    raise NotStable(f"DynamoDB does not offer point-in-time recovery for {name} yet: run the same command again later")


def _wait(dynamodb: Any, name: str) -> None:
    while _status(dynamodb, name) != "ACTIVE":
        time.sleep(POLL_SECONDS)


def _status(dynamodb: Any, name: str) -> str | None:
    try:
        status: str = dynamodb.describe_table(TableName=name)["Table"]["TableStatus"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return None
    return status
