"""The clock that calls functions: the rules of EventBridge, compared with what the app says and brought to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stack.deploy import templates
from stack.deploy.deployment import Deployment
from stack.drift import functions
from stack.drift.differences import Difference, compare


def differences(deployment: Deployment) -> Iterator[Difference]:
    """What of the schedules is not as the app has them."""
    for where, wanted, rule in _rules(deployment):
        yield from compare(where, wanted, rule)


def settle(deployment: Deployment) -> Iterator[Difference]:
    """Set how often a rule calls, and turn it on; yields what differed.

    A rule that is not there is left to a deployment.
    """
    events = deployment.client("events")
    for where, wanted, rule in _rules(deployment):
        found = list(compare(where, wanted, rule))
        if found and rule:
            events.put_rule(Name=rule["Name"], **wanted)
            yield from found


def _rules(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Where it is, what a rule should be, and what it is (empty: there is none)."""
    events = deployment.client("events")
    resources = templates.load(deployment.packaged().template)["Resources"]
    for function, found in functions.deployed(deployment):
        for source in resources[function.resource]["Properties"].get("Events", {}).values():
            if source["Type"] != "Schedule" or found is None:
                continue
            wanted = {"ScheduleExpression": source["Properties"]["Schedule"], "State": "ENABLED"}
            arn = found["Configuration"]["FunctionArn"]
            names = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
            rule = events.describe_rule(Name=names[0]) if names else {}
            yield f"schedule of {function.name}", wanted, rule
