"""Each function may do what it does, on what it does it, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack import policies

from .calls import ACCOUNT, REGION, Call, Recorder
from .iam import Grant, grants

CHALICE = Path(__file__).parents[2] / ".chalice"
CONFIG = json.loads((CHALICE / "config.json").read_text())
FUNCTIONS = policies.functions()
STAGE = "local"

# What Lambda does in the function's name, by the AWS documents of its event sources:
# https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-eventsourcemapping.html (the stream, a destination in S3),
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
OF_A_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
OF_A_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
# Actions without a resource type, for which AWS takes nothing but "*".
NEED_ANY_RESOURCE = {"dynamodb:ListStreams"}


@pytest.fixture(params=FUNCTIONS)
def function(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_no_call_is_missing_from_the_functions_policy(function: str, recorded: Recorder) -> None:
    allowed = granted(function)
    refused = [
        call for call in recorded.calls[function] | of_lambda(function) if not any(g.covers(call) for g in allowed)
    ]
    assert refused == []


def test_the_functions_policy_has_nothing_that_it_does_not_use(function: str, recorded: Recorder) -> None:
    calls = recorded.calls[function] | of_lambda(function)
    unused = [grant for grant in granted(function) if not any(grant.covers(call) for call in calls)]
    assert unused == []


def test_no_other_stages_resources_are_within_reach(function: str, recorded: Recorder) -> None:
    calls = {call for call in recorded.calls[function] | of_lambda(function) if f"todo-ledger-{STAGE}" in call.resource}
    elsewhere = {Call(call.action, call.resource.replace(STAGE, "prod"), call.leading_keys) for call in calls}
    reached = [(grant, call) for grant in granted(function) for call in elsewhere if grant.covers(call)]
    assert [each for each in reached if each[0].action not in NEED_ANY_RESOURCE] == []


def test_only_where_aws_requires_it_is_any_resource_allowed(function: str) -> None:
    for grant in granted(function):
        assert "*" not in grant.action
        if grant.action in NEED_ANY_RESOURCE:
            assert grant.resource == "*"
        else:
            assert f"todo-ledger-{STAGE}" in grant.resource


def test_the_pointer_alone_is_what_most_may_read_of_the_settings(recorded: Recorder) -> None:
    whole = {f for f in FUNCTIONS for g in granted(f) if "settings" in g.resource and g.leading_keys is None}
    assert whole == {"api_handler", "deliver"}


@pytest.mark.parametrize("stage", CONFIG["stages"])
def test_the_files_of_each_stage_are_what_the_sources_say(stage: str, function: str) -> None:
    file = policies.path(function, stage)
    assert (CHALICE / file).read_text() == policies.text(function, stage), "python -m stack policies"
    assert CONFIG["stages"][stage]["lambda_functions"][function]["iam_policy_file"] == file


def test_every_function_has_a_policy_of_its_own() -> None:
    for stage in CONFIG["stages"].values():
        assert sorted(stage["lambda_functions"]) == FUNCTIONS
        assert not stage.get("xray"), "off unless somebody wants it"
    kept = {str(path.relative_to(CHALICE)) for path in (CHALICE / "policies").rglob("*.json")}
    assert kept == {policies.path(function, stage) for stage in CONFIG["stages"] for function in FUNCTIONS}


def test_x_ray_may_be_written_to_where_it_is_turned_on(tmp_path: Path) -> None:
    config = {"stages": {"traced": {"xray": True}, "plain": {}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "policy-project.json").write_text((CHALICE / "policy-project.json").read_text())
    traced = {grant.action for grant in grants(policies.document("project", "traced", tmp_path))}
    plain = {grant.action for grant in grants(policies.document("project", "plain", tmp_path))}
    assert traced - plain == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def granted(function: str) -> list[Grant]:
    return list(grants(policies.document(function, STAGE)))


def of_lambda(function: str) -> set[Call]:
    """What Lambda itself does by the function's role: write its log, read its event source, keep what failed."""
    name = f"todo-ledger-{STAGE}" + ("" if function == "api_handler" else f"-{function}")
    log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{name}:log-stream:2026/11/21/[$LATEST]0"
    calls = {Call("logs:CreateLogStream", log), Call("logs:PutLogEvents", log)}
    for source in event_sources(function):
        properties = source["Properties"]
        if source["Type"] == "DynamoDB":
            stream = (
                f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/todo-ledger-{STAGE}-events/stream/2026-11-21T00:00:00.000"
            )
            calls |= {Call(action, stream) for action in OF_A_STREAM} | {Call("dynamodb:ListStreams", "*")}
        if source["Type"] == "SQS":
            queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:todo-ledger-{STAGE}-{queue_of(properties)}"
            calls |= {Call(action, queue) for action in OF_A_QUEUE}
        if properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Type") == "S3":
            bucket = f"arn:aws:s3:::todo-ledger-{STAGE}-failed-batches-{ACCOUNT}"
            calls |= {Call("s3:ListBucket", bucket), Call("s3:PutObject", f"{bucket}/a/batch")}
    return calls


def event_sources(function: str) -> list[dict[str, Any]]:
    """The event sources of a function in the template that is merged into Chalice's."""
    resource = "".join(part.title() for part in function.split("_"))
    template = yaml.safe_load((CHALICE / "compute.yaml").read_text())["Resources"]
    found = template.get(resource, {}).get("Properties", {}).get("Events", {})
    return [{"Type": "SQS" if "Queue" in each["Properties"] else "DynamoDB", **each} for each in found.values()]


def queue_of(properties: dict[str, Any]) -> str:
    """The name of the queue behind an exported ARN, after the stage."""
    exported = properties["Queue"]["Fn::ImportValue"]["Fn::Sub"].rpartition("-")[2].removesuffix("Arn")
    resources = yaml.safe_load((CHALICE / "data.yaml").read_text())["Resources"]
    name: str = resources[exported]["Properties"]["QueueName"]["Fn::Sub"]
    return name.removeprefix("todo-ledger-${Stage}-")
