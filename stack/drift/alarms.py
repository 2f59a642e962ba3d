"""The alarms of a stage, as CloudWatch has them and as the template of the watching stack defines them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from stack.deploy.deployment import Deployment
from stack.deploy.references import References
from stack.drift.differences import Difference, Properties, Settings


def settings(deployment: Deployment) -> Iterator[Settings]:
    """The settings of each alarm. A missing alarm can be set; a missing stack has to be deployed."""
    if not deployment.watch.exists():
        yield Settings(f"stack {deployment.watch.name}", {"existence": "deployed"}, {})
        return
    cloudwatch = deployment.client("cloudwatch")
    resources = deployment.stage.watch_template["Resources"]
    refer = References({**deployment.watch_parameters(), **deployment.place, **deployment.watch.resources()}, {})
    for name, resource in resources.items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            wanted = {"ActionsEnabled": True, **refer.resolve(resource["Properties"])}
            found = cloudwatch.describe_alarms(AlarmNames=[wanted["AlarmName"]])["MetricAlarms"]
            yield Settings(f"alarm {name}", wanted, found[0] if found else {}, partial(_put, cloudwatch, wanted))


def _put(cloudwatch: Any, wanted: Properties, differences: list[Difference]) -> None:
    """Set all of an alarm at once: the call takes the properties of CloudFormation's resource, by the same names."""
    cloudwatch.put_metric_alarm(**wanted)
