"""The functions' event source mappings, as Lambda has them and as the template defines them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from stack.deploy import event_sources
from stack.deploy.deployment import Deployment
from stack.deploy.functions import deployed_names, references
from stack.drift.differences import Difference, Settings
from stack.errors import NotDeployed

# Lambda's defaults for what a template leaves out, so that what was set by hand is found.
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
# Only set when a mapping is made.
_FIXED: Final = ("StartingPosition",)


def settings(deployment: Deployment) -> Iterator[Settings]:
    """The event source mappings that the template defines, and others that feed the functions."""
    refer, names = references(deployment), deployed_names(deployment)
    resources = deployment.stage.compute_template["Resources"]
    client = deployment.client("lambda")
    for function in deployment.stage.functions():
        where = f"mapping of {function.name}"
        mappings = {one["EventSourceArn"]: one for one in event_sources.of_function(client, names[function.name])}
        sources = resources.get(function.resource, {}).get("Properties", {}).get("Events", {})
        for source in sources.values():
            wanted = _wanted(refer.resolve(source["Properties"]))
            found = mappings.pop(wanted["EventSourceArn"], None)
            if found is None:
                yield Settings(where, {"EventSourceArn": wanted["EventSourceArn"]}, {}, partial(_refuse, function.name))
            else:
                yield Settings(where, wanted, _described(found), partial(_put, client, found["UUID"]), _FIXED)
        for source_arn in mappings:
            yield Settings(where, {"EventSourceArn": None}, {"EventSourceArn": source_arn})


def _refuse(function: str, differences: list[Difference]) -> None:
    """Refuse to make a mapping, which a deployment does."""
    raise NotDeployed(f"the event source {differences[0].wanted} of the function {function}", "deploy it first")


def _put(client: Any, uuid: str, differences: list[Difference]) -> None:
    event_sources.update(client, uuid, **dict(map(_argument, differences)))


def _wanted(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties of an event source of SAM, in Lambda's terms."""
    stated = dict(properties)
    arn = stated.pop("Stream", None) or stated.pop("Queue")
    if "DestinationConfig" in stated:
        # SAM needs the type of the destination; Lambda sees it in the ARN.
        destination = stated["DestinationConfig"]["OnFailure"]["Destination"]
        stated["DestinationConfig"] = {"OnFailure": {"Destination": destination}}
    return {"EventSourceArn": arn, **_defaults(arn), **stated}


def _described(mapping: dict[str, Any]) -> dict[str, Any]:
    """A mapping of Lambda's answer, completed by the defaults that Lambda leaves out."""
    failed = mapping.get("DestinationConfig", {}).get("OnFailure", {})
    # Where a destination, a filter or a bound is not set, Lambda returns an empty value or none.
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


def _argument(difference: Difference) -> tuple[str, Any]:
    # An empty value removes a setting, except for this one.
    no_destination = difference.name == "DestinationConfig" and not difference.wanted
    return difference.name, {"OnFailure": {}} if no_destination else difference.wanted
