"""`drift` finds what was set by hand, and `settle` puts back what is not for a person to decide."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from stack.deploy import templates
from stack.deploy.deployment import Deployment
from stack.deploy.rest_api import definition_in
from stack.drift import drift
from stack.drift.differences import Difference
from stack.local import definition
from tests.deploy.account import STAGE, Account
from tests.support.waiting import eventually

Change = Callable[[Account], Any]


@pytest.fixture(scope="module")
def settled(account: Account) -> Deployment:
    deployment = account.deployment()
    deployment.deploy_data()
    deployment.deploy_compute()
    deployment.deploy_watch()
    account.do_what_the_engine_left_out()
    list(drift.settle(deployment))
    assert not drift.find(deployment)
    return deployment


def test_the_smoke_test_proves_the_stage(account: Account, settled: Deployment) -> None:
    said = account.stack("smoke", "--quick", expected=1)
    assert "error: a token with the scopes todos:read and todos:write is needed in TODO_LEDGER_TOKEN" in said

    api = settled.compute.outputs()["RestAPIId"]
    # The engine leaves the headers of a preflight out.
    document = definition_in(templates.load(settled.package().template))
    definition.complete(account.client("apigateway"), api, STAGE, document, settled.gateway_responses())
    account.serve(api)
    said = account.stack("smoke", "--quick", TODO_LEDGER_TOKEN=account.token())
    assert "drift: no setting differs from the repository\n" in said, "not even what the engine leaves out"
    assert "todos: a todo's life is the events of its life" in said
    assert "no read-only token is given (TODO_LEDGER_READ_TOKEN)" in said
    eventually(lambda: account.api().stats()["total"] == 0)


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


def throttling(account: Account) -> None:
    api = account.deployment().compute.outputs()["RestAPIId"]
    change = {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "9000"}
    account.client("apigateway").update_stage(restApiId=api, stageName=STAGE, patchOperations=[change])


def role(account: Account, function: str) -> str:
    found = account.client("lambda").get_function_configuration(FunctionName=function_name(account, function))
    return str(found["Role"].rpartition("/")[2])


def wider_policy(account: Account) -> None:
    anything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]}
    account.client("iam").put_role_policy(
        RoleName=role(account, "Deliver"), PolicyName="DeliverRolePolicy", PolicyDocument=json.dumps(anything)
    )


def another_policy(account: Account) -> None:
    anything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    account.client("iam").put_role_policy(
        RoleName=role(account, "Remind"), PolicyName="a-quick-fix", PolicyDocument=json.dumps(anything)
    )


def managed_policy(account: Account) -> None:
    account.client("iam").attach_role_policy(
        RoleName=role(account, "Project"), PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )


def rule_of_remind(account: Account) -> str:
    client = account.client("lambda")
    arn = client.get_function_configuration(FunctionName=function_name(account, "Remind"))["FunctionArn"]
    (name,) = account.client("events").list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    return str(name)


def schedule_off(account: Account) -> None:
    account.client("events").disable_rule(Name=rule_of_remind(account))


def schedule_rarer(account: Account) -> None:
    account.client("events").put_rule(Name=rule_of_remind(account), ScheduleExpression="rate(1 day)")


def alarm_threshold(account: Account) -> None:
    cloudwatch, name = account.client("cloudwatch"), f"todo-ledger-{STAGE}-Quarantine"
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    taken = ["AlarmName", "AlarmDescription", "AlarmActions", "OKActions", "ComparisonOperator", "EvaluationPeriods"]
    taken += ["TreatMissingData", "Namespace", "MetricName", "Statistic", "Period", "Dimensions", "DatapointsToAlarm"]
    cloudwatch.put_metric_alarm(**{each: alarm[each] for each in taken}, Threshold=1000)


def alarm_silenced(account: Account) -> None:
    account.client("cloudwatch").disable_alarm_actions(AlarmNames=[f"todo-ledger-{STAGE}-ServerErrors"])


def loops(account: Account) -> None:
    account.client("lambda").put_function_recursion_config(
        FunctionName=function_name(account, "Clear"), RecursiveLoop="Terminate"
    )


SETTLED: dict[str, tuple[Change, str]] = {
    "retries": (mapping("Publish", MaximumRetryAttempts=3), "MaximumRetryAttempts is 3, and should be -1"),
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
    "an endless loop": (loops, "function clear: RecursiveLoop is Terminate, and should be Allow"),
    "log retention": (log_retention, "RetentionInDays is 1, and should be 7"),
    "a wider policy": (wider_policy, "role of deliver: Policies is"),
    "a policy beside ours": (another_policy, "role of remind: Policies is"),
    "a managed policy": (managed_policy, "role of project: Policies is"),
    "a schedule switched off": (schedule_off, "schedule of remind: State is DISABLED, and should be ENABLED"),
    "a rarer schedule": (schedule_rarer, "ScheduleExpression is rate(1 day), and should be rate(1 minute)"),
    "an alarm's threshold": (alarm_threshold, "alarm Quarantine: Threshold is 1000"),
    "a silenced alarm": (alarm_silenced, "alarm ServerErrors: ActionsEnabled is False, and should be True"),
    "throttling": (throttling, "throttling of the API: throttlingRateLimit is 9000.0, and should be 1000.0"),
    "the gateway's answers": (gateway_response, "gateway responses of the API: THROTTLED is {'statusCode': '418'"),
}


def test_what_was_set_by_hand_is_found_and_settled(account: Account, settled: Deployment) -> None:
    for change, _ in SETTLED.values():
        change(account)
    found = drift.find(settled)
    assert missing(found, {setting: expected for setting, (_, expected) in SETTLED.items()}) == []
    assert len(found) == len(SETTLED), "and nothing else"
    assert sorted(map(str, drift.settle(settled))) == sorted(map(str, found))
    assert not drift.find(settled)
    assert not list(drift.settle(settled))


def missing(found: list[Difference], expected: dict[str, str]) -> list[str]:
    return [setting for setting, text in expected.items() if not any(text in str(each) for each in found)]


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


def subscription(**attributes: str) -> Change:
    def change(account: Account) -> None:
        arn = account.deployment().data.resources()["DeliverSubscription"]
        for name, value in attributes.items():
            account.client("sns").set_subscription_attributes(
                SubscriptionArn=arn, AttributeName=name, AttributeValue=value
            )

    return change


def queue_policy(account: Account) -> dict[str, Any]:
    sqs, url = account.client("sqs"), account.deployment().data.resources()["DeliverQueue"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    return {"url": url, "policy": json.loads(found)}


def let_who(principal: Any) -> Change:
    def change(account: Account) -> None:
        found = queue_policy(account)
        found["policy"]["Statement"][0]["Principal"] = principal
        account.client("sqs").set_queue_attributes(
            QueueUrl=found["url"], Attributes={"Policy": json.dumps(found["policy"])}
        )

    return change


def code(name: str) -> Change:
    """Code of another version, put there by hand; or that of our package again."""

    def change(account: Account) -> None:
        packaged = account.deployment().package().code.read_bytes()
        other = io.BytesIO()
        with zipfile.ZipFile(other, "w") as file:
            file.writestr("app.py", "# another")
        sent = packaged if name == "ours" else other.getvalue()
        account.client("lambda").update_function_code(FunctionName=function_name(account, "Clear"), ZipFile=sent)

    return change


def second_source(account: Account) -> None:
    client, name = account.client("lambda"), function_name(account, "Remind")
    arn = account.deployment().outputs()["ClearQueueArn"]
    client.create_event_source_mapping(FunctionName=name, EventSourceArn=arn, BatchSize=1, Enabled=False)


def no_second_source(account: Account) -> None:
    client, name = account.client("lambda"), function_name(account, "Remind")
    for found in client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]:
        client.delete_event_source_mapping(UUID=found["UUID"])


def deletable(wanted: bool) -> Change:
    return lambda account: account.deployment().data.protect(wanted=not wanted)


LEFT: dict[str, tuple[Change, Change, str]] = {
    "a stack that can be deleted": (
        deletable(True),
        deletable(False),
        f"stack todo-ledger-{STAGE}-data: EnableTerminationProtection is False",
    ),
    "deletion protection": (protection(False), protection(True), "table EventsTable: DeletionProtectionEnabled"),
    "recovery": (recovery(False), recovery(True), "table SettingsTable: PointInTimeRecoverySpecification"),
    "a queue's retention": (
        queue(MessageRetentionPeriod="60"),
        queue(MessageRetentionPeriod="1209600"),
        "queue QuarantineQueue: MessageRetentionPeriod is 60, and should be 1209600",
    ),
    "a filtered subscription": (
        subscription(FilterPolicy='{"type": ["nothing"]}'),
        subscription(FilterPolicy='{"webhooks": [{"exists": false}]}'),
        "subscription DeliverSubscription: FilterPolicy",
    ),
    "who may write to a queue": (
        let_who("*"),
        let_who({"Service": "sns.amazonaws.com"}),
        "queuepolicy DeliverQueuePolicy: PolicyDocument",
    ),
    "other code": (code("another"), code("ours"), "function clear: CodeSha256"),
    "another source": (second_source, no_second_source, "mapping of remind: EventSourceArn is arn:aws:sqs"),
    "a public bucket": (public(False), public(True), "bucket FailedBatchesBucket: PublicAccessBlockConfiguration"),
}


def test_what_is_for_a_person_to_decide_is_found_and_left(account: Account, settled: Deployment) -> None:
    for change, _, _ in LEFT.values():
        change(account)
    found = drift.find(settled)
    assert missing(found, {setting: expected for setting, (_, _, expected) in LEFT.items()}) == []
    assert len(found) == len(LEFT), "and nothing else"
    assert not list(drift.settle(settled))
    for _, back, _ in LEFT.values():
        back(account)
    assert not drift.find(settled)
