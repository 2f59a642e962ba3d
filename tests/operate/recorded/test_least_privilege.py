"""Each function may do what it does, on what it does it, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack.deploy import policies
from stack.deploy.package import copy_app
from stack.deploy.references import References
from stack.deploy.stages import Stage
from stack.settings import REPOSITORY
from tests.operate.recorded.calls import ACCOUNT, REGION, Call, Recorder
from tests.operate.recorded.iam import Grant, grants
from tests.support.paths import ROOT

CHALICE = ROOT / ".chalice"
STAGE = "local"
FUNCTIONS = {function.name: function for function in Stage(STAGE).functions()}
# What the policies refer to, as in the account of the engine.
REFERENCES = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "Stage": STAGE,
    "EventsTable": f"todo-ledger-{STAGE}-events",
}

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


def test_no_other_stages_regions_or_accounts_resources_are_within_reach(function: str, recorded: Recorder) -> None:
    calls = {call for call in recorded.calls[function] | of_lambda(function) if f"todo-ledger-{STAGE}" in call.resource}
    elsewhere = {
        Call(call.action, call.resource.replace(here, there), call.leading_keys)
        for call in calls
        for here, there in ((STAGE, "prod"), (REGION, "eu-west-1"), (ACCOUNT, "111111111111"))
        if here in call.resource
    }
    reached = [(grant, call) for grant in granted(function) for call in elsewhere if grant.covers(call)]
    assert [each for each in reached if each[0].action not in NEED_ANY_RESOURCE] == []


def test_only_where_aws_requires_it_is_any_resource_allowed(function: str) -> None:
    for grant in granted(function):
        assert "*" not in grant.action
        if grant.action in NEED_ANY_RESOURCE:
            assert grant.resource == "*"
        else:
            assert f"todo-ledger-{STAGE}" in grant.resource
            # What a rebuild makes up of the views' names, a stream's time, a log's and an object's name.
            assert re.sub(r"-views-\*|/stream/\*$|:\*$|/\*$", "", grant.resource).count("*") == 0


def test_the_pointer_alone_is_what_most_may_read_of_the_settings(recorded: Recorder) -> None:
    whole = {f for f in FUNCTIONS for g in granted(f) if "settings" in g.resource and g.leading_keys is None}
    assert whole == {"api_handler", "mcp", "publish", "deliver", "clear"}


def test_a_rebuild_alone_may_write_the_pointer() -> None:
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/todo-ledger-{STAGE}-settings"
    writes = [
        Call(f"dynamodb:{action}", table, keys)
        for action in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLInsert", "PartiQLUpdate")
        for keys in (frozenset({"#views"}), frozenset({"#views", "alice"}))
    ]
    assert {f for f in FUNCTIONS for g in granted(f) if any(g.covers(call) for call in writes)} == {"rebuild"}


def test_every_function_has_a_policy_of_its_own() -> None:
    named = sorted(policies.file(Stage(STAGE), function) for function in FUNCTIONS.values())
    assert named == sorted(CHALICE.glob("policy-*.json"))


def test_x_ray_is_off_and_may_be_written_to_where_it_is_turned_on(tmp_path: Path) -> None:
    copy_app(REPOSITORY, tmp_path / "app")
    before = {path.name: path.read_text() for path in CHALICE.glob("policy-*.json")}
    policies.write_with_tracing(Stage("prod", tmp_path / "app"))
    assert written(tmp_path / "app") == before

    config = tmp_path / "app" / ".chalice" / "config.json"
    stages = json.loads(config.read_text())
    stages["stages"]["prod"]["xray"] = True
    config.write_text(json.dumps(stages))
    for _ in range(2):
        policies.write_with_tracing(Stage("prod", tmp_path / "app"))
    for name, text in written(tmp_path / "app").items():
        added = [one for one in json.loads(text)["Statement"] if one not in json.loads(before[name])["Statement"]]
        assert added == [policies.TRACE]
        assert set(policies.TRACE["Action"]) == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
    assert "xray" not in json.dumps([policies.document(Stage("dev"), function) for function in FUNCTIONS.values()])


def written(app: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (app / ".chalice").glob("policy-*.json")}


def granted(function: str) -> list[Grant]:
    document = policies.document(Stage(STAGE), FUNCTIONS[function])
    return list(grants(References(REFERENCES, {}).resolve(document)))


def of_lambda(function: str) -> set[Call]:
    """What Lambda itself does by the function's role: write its log, read its event source, keep what failed."""
    group = f"/aws/lambda/{FUNCTIONS[function].deployed_name}"
    log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:log-stream:2026/11/21/[$LATEST]0"
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
