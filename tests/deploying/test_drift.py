"""`drift` finds what was set by hand, and `settle` puts back what is not for a person to decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stack import drift
from stack.deployment import Deployment

from .account import STAGE, Account

Change = Callable[[Account], Any]


@pytest.fixture(scope="module")
def settled(account: Account) -> Deployment:
    deployment = account.deployment()
    deployment.deploy_data()
    deployment.deploy_compute()
    account.do_what_the_engine_left_out()
    list(drift.settle(deployment))
    assert not drift.find(deployment)
    return deployment


def mapping(function: str, **settings: Any) -> Change:
    def change(account: Account) -> None:
        client, name = account.client("lambda"), function_name(account, function)
        (found,) = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        client.update_event_source_mapping(UUID=found["UUID"], **settings)

    return change


def function(name: str, **settings: Any) -> Change:
    return lambda account: account.client("lambda").update_function_configuration(
        FunctionName=function_name(account, name), **settings
    )


def function_name(account: Account, resource: str) -> str:
    return account.deployment().compute.resources()[resource]


def variables(account: Account) -> None:
    function("Project", Environment={"Variables": {"HANDLERS": "api"}})(account)


def reserved(account: Account) -> None:
    account.client("lambda").put_function_concurrency(
        FunctionName=function_name(account, "Deliver"), ReservedConcurrentExecutions=1
    )


def log_retention(account: Account) -> None:
    group = f"/aws/lambda/{function_name(account, 'Publish')}"
    account.client("logs").put_retention_policy(logGroupName=group, retentionInDays=1)


def gateway_response(account: Account) -> None:
    api = account.deployment().compute.outputs()["RestAPIId"]
    account.client("apigateway").put_gateway_response(restApiId=api, responseType="THROTTLED", statusCode="418")


SETTLED: dict[str, tuple[Change, str]] = {
    "retries": (mapping("Publish", MaximumRetryAttempts=3), "MaximumRetryAttempts is 3, and should be 100"),
    "bisecting": (mapping("Project", BisectBatchOnFunctionError=False), "BisectBatchOnFunctionError is False"),
    "a failure destination": (mapping("Publish", DestinationConfig={}), "DestinationConfig is {}"),
    "a filter": (mapping("Project", FilterCriteria={}), "FilterCriteria is {}"),
    "parallelization": (mapping("Publish", ParallelizationFactor=1), "ParallelizationFactor is 1, and should be 2"),
    "a bound on age": (mapping("Project", MaximumRecordAgeInSeconds=60), "MaximumRecordAgeInSeconds is 60"),
    "a mapping switched off": (mapping("Project", Enabled=False), "Enabled is False, and should be True"),
    "partial failures": (mapping("Deliver", FunctionResponseTypes=[]), "FunctionResponseTypes is []"),
    "a queue's concurrency": (mapping("Clear", ScalingConfig={"MaximumConcurrency": 2}), "ScalingConfig is"),
    "memory": (function("Rebuild", MemorySize=128), "MemorySize is 128, and should be 2048"),
    "a timeout": (function("Remind", Timeout=3), "Timeout is 3, and should be 60"),
    "an environment": (variables, "function project: Variables is {'HANDLERS': 'api'}"),
    "reserved concurrency": (reserved, "ReservedConcurrentExecutions is 1, and should be missing"),
    "log retention": (log_retention, "RetentionInDays is 1, and should be 7"),
    "the gateway's answers": (gateway_response, "gateway responses of the API: THROTTLED is {'statusCode': '418'"),
}


@pytest.mark.parametrize("setting", SETTLED)
def test_what_was_set_by_hand_is_found_and_settled(setting: str, account: Account, settled: Deployment) -> None:
    change, expected = SETTLED[setting]
    change(account)
    (found,) = drift.find(settled)
    assert expected in str(found)
    assert list(drift.settle(settled)) == [found]
    assert not drift.find(settled)


def protection(enabled: bool) -> Change:
    name = f"todo-ledger-{STAGE}-events"
    return lambda account: account.client("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=enabled)


def recovery(enabled: bool) -> Change:
    name = f"todo-ledger-{STAGE}-settings"
    wanted = {"PointInTimeRecoveryEnabled": enabled}
    return lambda account: account.client("dynamodb").update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification=wanted
    )


def queue(**attributes: str) -> Change:
    def change(account: Account) -> None:
        url = account.deployment().data.resources()["QuarantineQueue"]
        account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)

    return change


def public(blocked: bool) -> Change:
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")

    def change(account: Account) -> None:
        bucket = account.deployment().outputs()["FailedBatchesBucketName"]
        wanted = dict.fromkeys(names, blocked)
        account.client("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=wanted)

    return change


LEFT: dict[str, tuple[Change, Change, str]] = {
    "deletion protection": (protection(False), protection(True), "table EventsTable: DeletionProtectionEnabled"),
    "recovery": (recovery(False), recovery(True), "table SettingsTable: PointInTimeRecoverySpecification"),
    "a queue's retention": (
        queue(MessageRetentionPeriod="60"),
        queue(MessageRetentionPeriod="1209600"),
        "queue QuarantineQueue: MessageRetentionPeriod is 60, and should be 1209600",
    ),
    "a public bucket": (public(False), public(True), "bucket FailedBatchesBucket: PublicAccessBlockConfiguration"),
}


@pytest.mark.parametrize("setting", LEFT)
def test_what_was_set_by_hand_of_the_data_is_found_and_left(
    setting: str, account: Account, settled: Deployment
) -> None:
    change, back, expected = LEFT[setting]
    change(account)
    (found,) = drift.find(settled)
    assert expected in str(found)
    assert not list(drift.settle(settled))
    back(account)
    assert not drift.find(settled)
