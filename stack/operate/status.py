"""What is running in a stage: its stacks, functions and their versions, the stream's readers, queues and views."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from stack.deploy import views_table
from stack.deploy.cloudformation import ONLY_REVIEWED
from stack.deploy.stages import Stage

# Makes the client of a service, by its name.
Client = Callable[[str], Any]

QUEUES: Final = (
    "deliver", "remind", "clear", "quarantine", "deliver-dead-letters", "remind-dead-letters", "clear-dead-letters",
)  # fmt: skip
READERS: Final = ("project", "publish")
# A metric reaches CloudWatch about a minute later.
LOOK_BACK: Final = timedelta(minutes=10)


def read_stage(client: Client, stage: str) -> dict[str, Any]:
    """The state of a stage.

    Returns
    -------
    dict
        ``stacks``, ``functions``, ``ledger`` (the table that `project` is configured with), ``readers`` (of its stream;
        ``age_seconds`` is None if CloudWatch has no value of the last ten minutes, as when nothing was written),
        ``queues``, ``views``. What does not exist is None.

    Raises
    ------
    StackError
        No such stage is configured.
    """
    described = Stage(stage)
    names = {function.name: function.deployed_name for function in described.functions()}
    ledger = _or_none(client("lambda").get_function_configuration, FunctionName=names["project"])
    stacks = (described.data_stack, described.compute_stack, described.watch_stack)
    return {
        "stacks": {name: _stack(client, name) for name in stacks},
        "functions": {function: _function(client, name) for function, name in names.items()},
        "ledger": ledger and ledger["Environment"]["Variables"]["EVENTS_TABLE"],
        "readers": {function: _reader(client, names[function]) for function in READERS},
        "queues": {name: _queue(client, f"{described.prefix}-{name}") for name in QUEUES},
        "views": _or_none(views_table.current_table, client("dynamodb"), f"{described.prefix}-settings"),
    }


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The state of a stage as text, line by line."""
    for name, stack in found["stacks"].items():
        state = "is not deployed" if stack is None else "{status}, {at}".format(**stack)
        yield f"{name:<28} {state}"
    for name, function in found["functions"].items():
        state = "is not deployed" if function is None else "{version} of {modified}, {state}".format(**function)
        yield f"{name:<28} {state}"
    for name, reader in found["readers"].items():
        state = "does not read the stream" if reader is None else f"{reader['state']}, {_age(reader['age_seconds'])}"
        yield f"{name + ' reads the stream':<28} {state}"
    for name, queue in found["queues"].items():
        state = "does not exist" if queue is None else "{waiting:,} wait, {at_work:,} in flight".format(**queue)
        yield f"queue {name:<22} {state}"
    for name in ("ledger", "views"):
        yield f"{name:<28} {found[name] or 'is not deployed'}"


def _age(seconds: float | None) -> str:
    return "no metric of the last ten minutes" if seconds is None else f"{seconds:,.1f} s behind"


def _stack(client: Client, name: str) -> dict[str, str] | None:
    found = _or_none(client("cloudformation").describe_stacks, StackName=name)
    if not found or not found["Stacks"]:
        return None
    (stack,) = found["Stacks"]
    if stack["StackStatus"] == ONLY_REVIEWED:
        return None
    return {
        "status": stack["StackStatus"],
        "at": _instant(stack.get("LastUpdatedTime", stack["CreationTime"])),
    }


def _function(client: Client, name: str) -> dict[str, str] | None:
    """Its version is the beginning of its code's SHA-256, so that equal code has the same version."""
    found = _or_none(client("lambda").get_function_configuration, FunctionName=name)
    if found is None:
        return None
    return {
        "name": name,
        "version": found["CodeSha256"][:12],
        "modified": found["LastModified"],
        "state": found.get("State", "Active"),
    }


def _reader(client: Client, function: str) -> dict[str, Any] | None:
    mappings = client("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    if not mappings:
        return None
    now = datetime.now(UTC)
    ages = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="IteratorAge",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=now - LOOK_BACK,
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    newest = max(ages, key=lambda each: each["Timestamp"], default=None)
    return {
        "state": mappings[0]["State"],
        "last_result": mappings[0].get("LastProcessingResult"),
        "age_seconds": None if newest is None else newest["Maximum"] / 1000,
    }


def _queue(client: Client, name: str) -> dict[str, int] | None:
    sqs = client("sqs")
    found = _or_none(sqs.get_queue_url, QueueName=name)
    if found is None:
        return None
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=found["QueueUrl"], AttributeNames=names)["Attributes"]
    waiting, at_work = (int(attributes[each]) for each in names)
    return {"waiting": waiting, "at_work": at_work}


def _or_none(call: Callable[..., Any], *positional: Any, **named: Any) -> Any:
    """The answer; None if the thing does not exist. Other errors, such as missing permissions, are raised."""
    try:
        return call(*positional, **named)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if "NotFound" in code or "NonExistent" in code or "does not exist" in str(error):
            return None
        raise


def _instant(moment: Any) -> str:
    return str(moment.astimezone(UTC).isoformat(timespec="seconds"))
