"""What the templates ask of AWS when a handler fails and the local engine ignores."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from stack.deploy.changes import PRECIOUS
from tests.support.paths import ROOT

TEMPLATES = ROOT / ".chalice"
DAY = 24 * 3600


def resources(template: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((TEMPLATES / template).read_text())["Resources"]
    return found


def mapping(function: str) -> dict[str, Any]:
    """The one event source of a function."""
    (source,) = resources("compute.yaml")[function]["Properties"]["Events"].values()
    properties: dict[str, Any] = source["Properties"]
    return properties


def test_the_projection_is_tried_without_limit_and_its_batches_are_cut_to_find_what_fails() -> None:
    project = mapping("Project")
    assert project["MaximumRetryAttempts"] == -1
    assert project["BisectBatchOnFunctionError"]
    assert "MaximumRecordAgeInSeconds" not in project
    assert "DestinationConfig" not in project, "nothing may be passed over"


def test_publishing_is_bounded_and_what_it_gives_up_is_kept_whole_in_s3() -> None:
    publish = mapping("Publish")
    assert publish["MaximumRetryAttempts"] == -1
    assert 3600 < publish["MaximumRecordAgeInSeconds"] < 24 * 3600, "the stream forgets after a day"
    assert publish["BisectBatchOnFunctionError"]
    assert publish["DestinationConfig"]["OnFailure"]["Type"] == "S3"
    rules = resources("data.yaml")["FailedBatchesBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [rule["ExpirationInDays"] for rule in rules] == [90]


def test_the_workers_of_queues_hand_back_what_failed_and_nothing_else() -> None:
    for worker in ("Deliver", "RemindPage", "Clear"):
        assert mapping(worker)["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_what_sns_cannot_hand_over_is_a_dead_letter_of_the_queue() -> None:
    data = resources("data.yaml")
    dead_letters = {"Fn::GetAtt": ["DeliverDeadLetterQueue", "Arn"]}
    subscription = data["DeliverSubscription"]
    assert subscription["Properties"]["RedrivePolicy"] == {"deadLetterTargetArn": dead_letters}
    (allowed,) = data["DeliverDeadLetterQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert allowed["Resource"] == dead_letters
    assert allowed["Principal"] == {"Service": "sns.amazonaws.com"}
    assert "DeliverDeadLetterQueuePolicy" in subscription["DependsOn"]


@pytest.mark.parametrize("template", ["data.yaml", "compute.yaml"])
def test_what_outlives_its_stack_is_not_left_by_a_creation_that_fails(template: str) -> None:
    policies = {
        (one.get("DeletionPolicy"), one.get("UpdateReplacePolicy"))
        for one in resources(template).values()
        if "DeletionPolicy" in one or one.get("Type") in PRECIOUS[:2]
    }
    assert policies == {("RetainExceptOnCreate", "Retain")}


def test_what_is_put_aside_is_kept_as_long_as_sqs_can() -> None:
    queues = resources("data.yaml")
    aside = [name for name in queues if name == "QuarantineQueue" or name.endswith("DeadLetterQueue")]
    assert len(aside) == 4
    assert {queues[name]["Properties"]["MessageRetentionPeriod"] for name in aside} == {14 * DAY}
