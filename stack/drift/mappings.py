"""What feeds the functions: their event source mappings, compared with the template and brought to what it says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from stack.deploy.deployment import Deployment
from stack.drift import functions
from stack.drift.differences import Difference, compare
from stack.errors import StackError

POLL_SECONDS: Final = 1.0
SETTLE_SECONDS: Final = 120.0

# What Lambda does where a template says nothing, so that what was set by hand is seen.
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
_EVERYWHERE: Final = {
    "Enabled": True,
    "MaximumBatchingWindowInSeconds": 0,
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
}
_OF_STREAMS: Final = {
    **_EVERYWHERE,
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
    "DestinationConfig": {},
}
_OF_QUEUES: Final = {**_EVERYWHERE, "BatchSize": 10, "ScalingConfig": {}}
# Set when a mapping is made, and not afterwards.
_FIXED: Final = ("StartingPosition",)


def differences(deployment: Deployment) -> Iterator[Difference]:
    """What of the mappings is not what the template says, and what else feeds the functions."""
    sources: dict[str, list[str]] = {}
    for function, mapping, wanted in _mappings(deployment):
        sources.setdefault(function, []).append(wanted["EventSourceArn"])
        where = f"mapping of {function}"
        if mapping is None:
            yield Difference(where, "EventSourceArn", wanted["EventSourceArn"], None)
        else:
            yield from compare(where, wanted, mapping)
    for function, name in functions.names(deployment).items():
        for one in _of_function(deployment.client("lambda"), name):
            if one["EventSourceArn"] not in sources.get(function, []):
                yield Difference(f"mapping of {function}", "EventSourceArn", None, one["EventSourceArn"])


def settle(deployment: Deployment) -> Iterator[Difference]:
    """Bring every mapping to what the template says; yields what was set.

    Raises
    ------
    StackError
        A mapping does not become what it was told to be, or there is none.
    """
    client = deployment.client("lambda")
    for function, mapping, wanted in _mappings(deployment):
        if mapping is None:
            raise StackError(f"nothing feeds {function} from {wanted['EventSourceArn']}; deploy it first")
        found = [one for one in compare(f"mapping of {function}", wanted, mapping) if one.name not in _FIXED]
        if found:
            _wait_until_it_stands(client, mapping["UUID"])
            client.update_event_source_mapping(UUID=mapping["UUID"], **dict(map(_as_set, found)))
            _wait_until_it_stands(client, mapping["UUID"])
        yield from found


def _mappings(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any] | None, dict[str, Any]]]:
    """Function, its mapping in the template's terms (None: there is none), and what the template says."""
    refer, names = functions.references(deployment), functions.names(deployment)
    resources = deployment.stage.compute_template["Resources"]
    client = deployment.client("lambda")
    for function in deployment.stage.functions():
        sources = resources.get(function.resource, {}).get("Properties", {}).get("Events", {})
        for source in sources.values():
            wanted = _wanted(refer.resolve(source["Properties"]))
            yield function.name, _find(client, names[function.name], wanted["EventSourceArn"]), wanted


def _find(client: Any, function: str, source: str) -> dict[str, Any] | None:
    found = [one for one in _of_function(client, function) if one["EventSourceArn"] == source]
    return _described(found[0]) if found else None


def _of_function(client: Any, function: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_event_source_mappings").paginate(FunctionName=function)
    return [one for page in pages for one in page["EventSourceMappings"]]


def _wanted(properties: dict[str, Any]) -> dict[str, Any]:
    """An event source of SAM in Lambda's terms."""
    stated = dict(properties)
    arn = stated.pop("Stream", None) or stated.pop("Queue")
    if "DestinationConfig" in stated:
        # SAM wants to know of what kind the destination is; Lambda sees it by the ARN.
        destination = stated["DestinationConfig"]["OnFailure"]["Destination"]
        stated["DestinationConfig"] = {"OnFailure": {"Destination": destination}}
    return {"EventSourceArn": arn, **_defaults(arn), **stated}


def _described(mapping: dict[str, Any]) -> dict[str, Any]:
    """A mapping with what Lambda leaves out of its answers."""
    failed = mapping.get("DestinationConfig", {}).get("OnFailure", {})
    # Lambda tells a mapping without a destination, a filter or a bound by an empty part, or by none.
    stated = {name: value for name, value in mapping.items() if value not in (None, {}, [])}
    stated.pop("DestinationConfig", None)
    return {
        **_defaults(mapping["EventSourceArn"]),
        **stated,
        **({"DestinationConfig": {"OnFailure": failed}} if failed else {}),
        "Enabled": mapping["State"] not in ("Disabled", "Disabling"),
    }


def _defaults(arn: str) -> dict[str, Any]:
    return dict(_OF_QUEUES if ":sqs:" in arn else _OF_STREAMS)


def _as_set(difference: Difference) -> tuple[str, Any]:
    # An empty part is how Lambda is told to forget one, but for this.
    no_destination = difference.name == "DestinationConfig" and not difference.wanted
    return difference.name, {"OnFailure": {}} if no_destination else difference.wanted


def _wait_until_it_stands(client: Any, uuid: str) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    while client.get_event_source_mapping(UUID=uuid)["State"] not in ("Enabled", "Disabled"):
        if time.monotonic() > deadline:
            raise StackError(f"the mapping {uuid} does not come to rest")
        time.sleep(POLL_SECONDS)
