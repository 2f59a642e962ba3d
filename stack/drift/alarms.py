"""The alarms of a stage, compared with the template of the stack that watches and brought to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stack.deploy.deployment import Deployment
from stack.deploy.references import References
from stack.drift.differences import Difference, compare


def differences(deployment: Deployment) -> Iterator[Difference]:
    """What of the alarms is not what the template says."""
    if not deployment.watch.exists():
        yield Difference(f"stack {deployment.watch.name}", "existence", "deployed", None)
        return
    for where, wanted, alarm in _alarms(deployment):
        yield from compare(where, wanted, alarm)


def settle(deployment: Deployment) -> Iterator[Difference]:
    """Set each alarm that differs as the template has it; yields what differed. A stack that is missing is not made."""
    if not deployment.watch.exists():
        return
    cloudwatch = deployment.client("cloudwatch")
    for where, wanted, alarm in _alarms(deployment):
        found = list(compare(where, wanted, alarm))
        if found:
            # CloudWatch's call takes what CloudFormation's template has, under the same names.
            cloudwatch.put_metric_alarm(**wanted)
        yield from found


def _alarms(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Where it is, what an alarm should be, and what it is (empty: there is none)."""
    cloudwatch = deployment.client("cloudwatch")
    resources = deployment.stage.watch_template["Resources"]
    refer = References({**deployment.watch_parameters(), **deployment.place, **deployment.watch.resources()}, {})
    for name, resource in resources.items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            wanted = {"ActionsEnabled": True, **refer.resolve(resource["Properties"])}
            found = cloudwatch.describe_alarms(AlarmNames=[wanted["AlarmName"]])["MetricAlarms"]
            yield f"alarm {name}", wanted, found[0] if found else {}
