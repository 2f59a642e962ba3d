"""The EventBridge rules that call functions by the clock, as they are and as the app defines them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from stack.deploy import templates
from stack.deploy.deployment import Deployment
from stack.drift.differences import Difference, Properties, Settings
from stack.drift.functions import deployed


def settings(deployment: Deployment) -> Iterator[Settings]:
    """How often each rule calls, and that it is enabled; a missing rule has to be deployed."""
    events = deployment.client("events")
    resources = templates.load(deployment.package().template)["Resources"]
    for function, answer in deployed(deployment):
        for source in resources[function.resource]["Properties"].get("Events", {}).values():
            if source["Type"] != "Schedule" or answer is None:
                continue
            wanted = {"ScheduleExpression": source["Properties"]["Schedule"], "State": "ENABLED"}
            names = events.list_rule_names_by_target(TargetArn=answer["Configuration"]["FunctionArn"])["RuleNames"]
            rule = events.describe_rule(Name=names[0]) if names else {}
            put = partial(_put, events, names[0], wanted) if names else None
            yield Settings(f"schedule of {function.name}", wanted, rule, put)


def _put(events: Any, rule: str, wanted: Properties, differences: list[Difference]) -> None:
    """Set all of a rule at once: EventBridge takes the parts that are left out for their defaults."""
    events.put_rule(Name=rule, **wanted)
