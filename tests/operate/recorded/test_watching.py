"""Alarms and dashboard name what there is: metrics that the code counts, functions, queues and tables of the stage."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import yaml

from chalicelib import metrics
from stack.deploy.stages import Stage
from stack.settings import REPOSITORY
from tests.operate.recorded.conftest import Engine
from tests.support.paths import ROOT

STAGE = "local"
LEDGER = f"todo-ledger-{STAGE}-events"
WATCH = REPOSITORY / ".chalice" / "watch.yaml"
TEMPLATE = yaml.safe_load(WATCH.read_text().replace("${Stage}", STAGE).replace("${EventsTable}", LEDGER))["Resources"]
ALARMS = {name: each["Properties"] for name, each in TEMPLATE.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
DATA = yaml.safe_load((ROOT / ".chalice" / "data.yaml").read_text().replace("${Stage}", STAGE))["Resources"]
RUNBOOKS = (ROOT / "docs" / "operate" / "runbooks.md").read_text()

# What AWS publishes, by its documents of Lambda, SQS, API Gateway and DynamoDB.
OF_AWS = {
    "AWS/Lambda": {"IteratorAge", "Errors", "Throttles", "Duration", "ConcurrentExecutions"},
    "AWS/States": {"ExecutionsFailed"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
    "AWS/ApiGateway": {"Count", "4XXError", "5XXError", "Latency"},
    "AWS/DynamoDB": {
        "ReadThrottleEvents", "WriteThrottleEvents", "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits",
    },
}  # fmt: skip
KNOWN = {
    "FunctionName": {function.deployed_name for function in Stage(STAGE).functions()},
    "QueueName": {d["Properties"]["QueueName"]["Fn::Sub"] for d in DATA.values() if d["Type"] == "AWS::SQS::Queue"},
    "TableName": {
        d["Properties"]["TableName"]["Fn::Sub"] for d in DATA.values() if d["Type"] == "AWS::DynamoDB::Table"
    },
    "StateMachineArn": {
        "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:todo-ledger-local-rebuild"
    },
    "ApiName": {"todo-ledger"},
    "Stage": {STAGE},
    "stage": {STAGE},
}


class Metric(NamedTuple):
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


def of_alarm(alarm: dict[str, Any]) -> Metric:
    dimensions = ((each["Name"], each["Value"]) for each in alarm["Dimensions"])
    plain = tuple((name, value if isinstance(value, str) else resolved(value)) for name, value in dimensions)
    return Metric(alarm["Namespace"], alarm["MetricName"], plain)


def of_dashboard() -> Iterator[Metric]:
    body = json.loads(TEMPLATE["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    for widget in body["widgets"]:
        for namespace, name, *rest in widget["properties"]["metrics"]:
            plain = [each for each in rest if isinstance(each, str)]
            yield Metric(namespace, name, tuple(zip(plain[::2], plain[1::2], strict=True)))


def resolved(value: dict[str, str]) -> str:
    return {"Stage": STAGE, "EventsTable": LEDGER}[value["Ref"]] if "Ref" in value else value["Fn::Sub"]


EVERY = [*of_dashboard(), *map(of_alarm, ALARMS.values())]


@pytest.mark.parametrize("metric", sorted(set(EVERY)), ids=str)
def test_what_is_watched_exists(metric: Metric) -> None:
    names = metrics.UNITS if metric.namespace == metrics.NAMESPACE else OF_AWS[metric.namespace]
    assert metric.name in names
    for dimension, value in metric.dimensions:
        assert value in KNOWN[dimension]
    if metric.namespace == metrics.NAMESPACE:
        assert [name for name, _ in metric.dimensions] == [metrics.DIMENSION]


def test_all_that_the_code_counts_is_on_the_dashboard() -> None:
    assert {metric.name for metric in of_dashboard() if metric.namespace == metrics.NAMESPACE} == set(metrics.UNITS)


def test_whatever_should_be_empty_is_alarmed_when_it_is_not() -> None:
    watched = {value for alarm in ALARMS.values() for _, value in of_alarm(alarm).dimensions}
    should_be_empty = {name for name in KNOWN["QueueName"] if name.endswith(("-quarantine", "-dead-letters"))}
    assert len(should_be_empty) == 4
    assert should_be_empty <= watched


@pytest.mark.parametrize("alarm", ALARMS)
def test_every_alarm_tells_the_topic_and_has_a_runbook(alarm: str) -> None:
    properties = ALARMS[alarm]
    assert properties["AlarmActions"] == properties["OKActions"] == [{"Ref": "AlarmTopic"}]
    assert properties["AlarmName"]["Fn::Sub"] == f"todo-ledger-{STAGE}-{alarm}"
    assert properties["TreatMissingData"] == "notBreaching"
    assert f"## {alarm}\n" in RUNBOOKS


def test_no_runbook_is_of_an_alarm_that_is_not() -> None:
    assert set(re.findall(r"^## (\w+)$", RUNBOOKS, re.MULTILINE)) == set(ALARMS)


def test_alarms_and_dashboard_can_be_deployed_and_again(engine: Engine) -> None:
    deployment = engine.deployment
    for _ in range(2):
        deployment.deploy_watch()
    cloudwatch = deployment.client("cloudwatch")
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in alarms} == {f"todo-ledger-{STAGE}-{alarm}" for alarm in ALARMS}
    body = cloudwatch.get_dashboard(DashboardName=f"todo-ledger-{STAGE}")["DashboardBody"]
    assert len(json.loads(body)["widgets"]) == 12
