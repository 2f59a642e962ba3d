"""The templates as CloudFormation gets them: sound by cfn-lint, and with the settings that the design rests on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.api import problem_types
from stack.deploy import templates
from stack.deploy.deployment import Deployment
from stack.deploy.package import package
from stack.deploy.references import References
from stack.deploy.stages import Stage
from stack.settings import REPOSITORY

pytestmark = pytest.mark.slow

DAY = 24 * 3600
STREAM = {"Ref": "EventsStream"}

MAPPINGS: dict[str, dict[str, Any]] = {
    "Project": {
        "Stream": STREAM,
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 0,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "FilterCriteria": {"Filters": [{"Pattern": '{"eventName":["INSERT","MODIFY"]}'}]},
    },
    "Publish": {
        "Stream": STREAM,
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 0,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": 20 * 3600,
        "ParallelizationFactor": 2,
        "FilterCriteria": {"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]},
        "DestinationConfig": {
            "OnFailure": {
                "Type": "S3",
                "Destination": {"Fn::ImportValue": {"Fn::Sub": "todo-ledger-${Stage}-data-FailedBatchesBucketArn"}},
            }
        },
    },
    "Deliver": {"BatchSize": 10, "ScalingConfig": {"MaximumConcurrency": 10}},
    "RemindPage": {"BatchSize": 1, "ScalingConfig": {"MaximumConcurrency": 5}},
    "Clear": {"BatchSize": 1, "ScalingConfig": {"MaximumConcurrency": 5}},
}
OF_QUEUES = {"MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": ["ReportBatchItemFailures"]}


@pytest.fixture(scope="module")
def merged() -> dict[str, Any]:
    template: dict[str, Any] = yaml.safe_load(package("prod").template.read_text())
    return template


def test_cfn_lint_finds_nothing() -> None:
    own = [REPOSITORY / ".chalice" / name for name in ("data.yaml", "watch.yaml", "subscriber.yaml", "pipeline.yaml")]
    done = lint(*own, package("prod").template)
    assert done.returncode == 0, done.stdout + done.stderr


def test_cfn_lint_would_find_something(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((REPOSITORY / ".chalice" / "data.yaml").read_text().replace("KeyType: RANGE", "KeyType: SORT"))
    done = lint(wrong)
    assert "SORT" in done.stdout
    assert done.returncode != 0


@pytest.mark.parametrize("function", MAPPINGS)
def test_what_feeds_a_function_is_as_designed(function: str, merged: dict[str, Any]) -> None:
    (source,) = merged["Resources"][function]["Properties"]["Events"].values()
    found = source["Properties"]
    if "Queue" in found:
        queue = found.pop("Queue")["Fn::ImportValue"]["Fn::Sub"]
        assert queue.startswith("todo-ledger-${Stage}-data-")
        assert found == MAPPINGS[function] | OF_QUEUES
    else:
        assert found == MAPPINGS[function]


@pytest.mark.parametrize("public_url", ["", "https://todos.example.com"])
def test_the_gateway_answers_with_problem_types_of_the_api(public_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address = public_url or "https://$context.domainName/$context.stage"
    deployment = Deployment(Stage("prod"), lambda service: None)
    monkeypatch.setattr(deployment, "configured_parameters", lambda: {"PublicUrl": public_url})
    monkeypatch.setattr(deployment.compute, "outputs", dict)
    responses = deployment.gateway_responses()
    assert len(responses) == 19
    for name, response in responses.items():
        document = json.loads(response["responseTemplates"]["application/json"])
        kind = problem_types.TYPES[document["type"].rpartition("/")[2]]
        expected = kind.document(address, document["detail"])
        if name.startswith("DEFAULT_"):
            # It keeps the status of the error that it replaces.
            del expected["status"]
        assert document == expected
        assert response.get("statusCode") == (str(expected["status"]) if "status" in expected else None)


def test_dead_letters_stay_for_ten_days_and_what_waits_for_a_person_for_14() -> None:
    """A message's age goes on when it becomes a dead letter, so its time there is what the first queue left of it."""
    resources = yaml.safe_load((REPOSITORY / ".chalice" / "data.yaml").read_text())["Resources"].values()
    queues = [one["Properties"] for one in resources if one["Type"] == "AWS::SQS::Queue"]
    kept: dict[bool, set[int]] = {"RedrivePolicy" in queue: set() for queue in queues}
    for queue in queues:
        kept["RedrivePolicy" in queue].add(queue["MessageRetentionPeriod"])
    assert kept == {True: {4 * DAY}, False: {14 * DAY}}
    assert len(queues) == 7


def test_what_sends_to_the_queue_that_calls_it_is_not_taken_for_an_endless_loop(merged: dict[str, Any]) -> None:
    functions = {n: o["Properties"] for n, o in merged["Resources"].items() if o["Type"] == "AWS::Serverless::Function"}
    of_queues = {name for name, mapping in MAPPINGS.items() if "Stream" not in mapping}
    assert {name for name, each in functions.items() if each.get("RecursiveLoop") == "Allow"} == of_queues


def test_what_is_sent_has_no_aliases_which_cloudformation_rejects(merged: dict[str, Any]) -> None:
    assert "&id001" in package("prod").template.read_text(), "as Chalice writes it"
    assert json.loads(templates.dump(merged)) == merged


@pytest.mark.parametrize("template", ["data.yaml", "watch.yaml", "subscriber.yaml"])
def test_what_others_may_send_has_none_either(template: str) -> None:
    tokens = yaml.scan((REPOSITORY / ".chalice" / template).read_text())
    assert not [token for token in tokens if isinstance(token, yaml.AliasToken)]


def test_the_log_of_every_function_outlives_it_under_a_name_that_needs_no_function(merged: dict[str, Any]) -> None:
    stage = Stage("prod")
    names = References({"Stage": "prod"}, {})
    logs = {n: o for n, o in merged["Resources"].items() if o["Type"] == "AWS::Logs::LogGroup"}
    named = templates.with_literal_names({"Resources": logs}, names)["Resources"]
    assert {log["Properties"]["LogGroupName"] for log in named.values()} == {
        f"/aws/lambda/{function.deployed_name}" for function in stage.functions()
    }
    assert {log["Properties"]["RetentionInDays"] for log in logs.values()} == {90}


def test_the_api_has_one_stage(merged: dict[str, Any]) -> None:
    """SAM makes a second, public one, unless the version of OpenAPI is named."""
    assert merged["Globals"]["Api"] == {"OpenApiVersion": "2.0"}


def lint(*templates: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--regions", "us-east-1", "--", *map(str, templates)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
