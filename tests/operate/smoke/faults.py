"""Faults that a deployed stage can have, each with how it is planted, the check that must find it, and its mending."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from stack.deploy.deployment import Deployment
from stack.deploy.functions import deployed_names

# Plants a fault; what it returns mends it.
Plant = Callable[[Deployment], Callable[[], object]]

DRIFT: Final = "no setting differs from the repository"


@dataclass(frozen=True)
class Fault:
    """A fault; the last check of `found_by` fails because of it, and `says` is part of what it says.

    What a fault keeps from happening need not be waited for as long as it may take: `patience` is a part of that.
    """

    plant: Plant
    found_by: tuple[str, ...]
    says: str
    patience: float = 0.05


def variable(function: str, name: str, value: str) -> Plant:
    """An environment variable of a function with another value."""

    def plant(deployment: Deployment) -> Callable[[], object]:
        client, deployed = deployment.client("lambda"), deployed_names(deployment)[function]
        before = client.get_function_configuration(FunctionName=deployed)["Environment"]["Variables"]

        def put(variables: dict[str, str]) -> None:
            client.update_function_configuration(FunctionName=deployed, Environment={"Variables": variables})

        assert before[name] != value
        put({**before, name: value})
        return lambda: put(before)

    return plant


def mapping(function: str, **settings: Any) -> Plant:
    """An event source mapping with other settings."""

    def plant(deployment: Deployment) -> Callable[[], object]:
        client, deployed = deployment.client("lambda"), deployed_names(deployment)[function]
        (found,) = client.list_event_source_mappings(FunctionName=deployed)["EventSourceMappings"]
        before = {name: found.get(name) for name in settings} | {"Enabled": True}
        client.update_event_source_mapping(UUID=found["UUID"], **settings)
        return lambda: client.update_event_source_mapping(UUID=found["UUID"], **before)

    return plant


def no_mapping(function: str) -> Plant:
    """A function that nothing calls any more."""

    def plant(deployment: Deployment) -> Callable[[], object]:
        client, deployed = deployment.client("lambda"), deployed_names(deployment)[function]
        (found,) = client.list_event_source_mappings(FunctionName=deployed)["EventSourceMappings"]
        client.delete_event_source_mapping(UUID=found["UUID"])
        kept = ("EventSourceArn", "BatchSize", "FunctionResponseTypes", "ScalingConfig")
        return lambda: client.create_event_source_mapping(
            FunctionName=deployed, **{name: found[name] for name in kept if name in found}
        )

    return plant


def api(deployment: Deployment) -> tuple[Any, str]:
    return deployment.client("apigateway"), deployment.compute.outputs()["RestAPIId"]


def deploy_api(deployment: Deployment) -> None:
    client, api_id = api(deployment)
    client.create_deployment(restApiId=api_id, stageName=deployment.stage.api_stage)


def gateway_response(kind: str, *, without: str | None = None) -> Plant:
    """A response of the gateway's own that is lost, or lacks a header."""

    def plant(deployment: Deployment) -> Callable[[], object]:
        client, api_id = api(deployment)
        before = client.get_gateway_response(restApiId=api_id, responseType=kind)
        kept = ("statusCode", "responseParameters", "responseTemplates")
        known = {name: before[name] for name in kept if name in before}

        def put(**response: Any) -> None:
            client.put_gateway_response(restApiId=api_id, responseType=kind, **response)
            deploy_api(deployment)

        if without is None:
            client.delete_gateway_response(restApiId=api_id, responseType=kind)
            deploy_api(deployment)
        else:
            name = f"gatewayresponse.header.{without}"
            assert name in known["responseParameters"]
            left = {key: value for key, value in known["responseParameters"].items() if key != name}
            put(**{**known, "responseParameters": left})
        return lambda: put(**known)

    return plant


def preflight_without_headers(deployment: Deployment) -> Callable[[], object]:
    """The gateway's answer to OPTIONS of /todos without its headers."""
    client, api_id = api(deployment)
    pages = client.get_paginator("get_resources").paginate(restApiId=api_id)
    (resource,) = [one["id"] for page in pages for one in page["items"] if one["path"] == "/todos"]
    where = {"restApiId": api_id, "resourceId": resource, "httpMethod": "OPTIONS", "statusCode": "200"}
    before = client.get_integration_response(**where)["responseParameters"]

    def put(parameters: dict[str, str]) -> None:
        client.put_integration_response(**where, selectionPattern="", responseParameters=parameters)
        deploy_api(deployment)

    put({})
    return lambda: put(before)


def second_stage(deployment: Deployment) -> Callable[[], object]:
    """The stage that SAM makes unless it is told not to."""
    client, api_id = api(deployment)
    made = client.create_deployment(restApiId=api_id)["id"]
    client.create_stage(restApiId=api_id, stageName="Stage", deploymentId=made)
    return lambda: client.delete_stage(restApiId=api_id, stageName="Stage")


def unthrottled(deployment: Deployment) -> Callable[[], object]:
    """A stage that may take all that the account serves."""
    client, api_id = api(deployment)

    def put(rate: str) -> None:
        change = {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": rate}
        client.update_stage(restApiId=api_id, stageName=deployment.stage.api_stage, patchOperations=[change])

    put("20000")
    return lambda: put(str(deployment.throttling()["throttlingRateLimit"]))


def broken_machine(deployment: Deployment) -> Callable[[], object]:
    """A state machine that fails at once."""
    client, machine = deployment.client("stepfunctions"), deployment.compute.resources()["RebuildMachine"]
    before = client.describe_state_machine(stateMachineArn=machine)["definition"]
    stopped = json.dumps({"StartAt": "Stopped", "States": {"Stopped": {"Type": "Fail", "Error": "Stopped"}}})
    client.update_state_machine(stateMachineArn=machine, definition=stopped)
    return lambda: client.update_state_machine(stateMachineArn=machine, definition=before)


def silenced_alarm(deployment: Deployment) -> Callable[[], object]:
    """An alarm without its action."""
    client, name = deployment.client("cloudwatch"), f"{deployment.stage.prefix}-Quarantine"
    client.disable_alarm_actions(AlarmNames=[name])
    return lambda: client.enable_alarm_actions(AlarmNames=[name])


def ended_loop(deployment: Deployment) -> Callable[[], object]:
    """Lambda ends what it takes for an endless loop."""
    client, name = deployment.client("lambda"), deployed_names(deployment)["clear"]
    client.put_function_recursion_config(FunctionName=name, RecursiveLoop="Terminate")
    return lambda: client.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")


def no_log_group(deployment: Deployment) -> Callable[[], object]:
    """A function without a log group, which may not make one itself."""
    client, group = deployment.client("logs"), f"/aws/lambda/{deployed_names(deployment)['rebuild']}"
    client.delete_log_group(logGroupName=group)

    def mend() -> None:
        client.create_log_group(logGroupName=group)
        client.put_retention_policy(logGroupName=group, retentionInDays=1)

    return mend


def no_permission(deployment: Deployment) -> Callable[[], object]:
    """A role without its policy. The local engine asks nobody for permission."""
    iam = deployment.client("iam")
    found = deployment.client("lambda").get_function_configuration(FunctionName=deployed_names(deployment)["publish"])
    role = found["Role"].rpartition("/")[2]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName=name)
    return lambda: iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def stopped_clock(deployment: Deployment) -> Callable[[], object]:
    """The rule that calls `remind` every minute, switched off."""
    events, client = deployment.client("events"), deployment.client("lambda")
    arn = client.get_function_configuration(FunctionName=deployed_names(deployment)["remind"])["FunctionArn"]
    (rule,) = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    events.disable_rule(Name=rule)
    return lambda: events.enable_rule(Name=rule)


def queue(logical_id: str, name: str, value: str) -> Plant:
    """A queue with another setting."""

    def plant(deployment: Deployment) -> Callable[[], object]:
        sqs, url = deployment.client("sqs"), deployment.data.resources()[logical_id]
        before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: value})
        return lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={name: before})

    return plant


def filtered_subscription(deployment: Deployment) -> Callable[[], object]:
    """`deliver` hears of nothing."""
    sns, arn = deployment.client("sns"), deployment.data.resources()["DeliverSubscription"]

    def put(policy: str) -> None:
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=policy)

    put('{"type": ["nothing"]}')
    return lambda: put('{"webhooks": [{"exists": false}]}')


def no_expiry(deployment: Deployment) -> Callable[[], object]:
    """A table that keeps what should expire."""
    dynamodb, table = deployment.client("dynamodb"), deployment.outputs()["DeliveriesTableName"]

    def put(*, enabled: bool) -> None:
        wanted = {"AttributeName": "expiration", "Enabled": enabled}
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)

    put(enabled=False)
    return lambda: put(enabled=True)


def unprotected_ledger(deployment: Deployment) -> Callable[[], object]:
    """A ledger that can be deleted by mistake."""
    dynamodb, table = deployment.client("dynamodb"), deployment.ledger()
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    return lambda: dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)


_LIFE: Final = "a todo's life is the events of its life"
_TOPIC: Final = "an event reaches the topic's subscribers"
_SEEN: Final = "a write that waits is in the views"
_NOT_SEEN: Final = "a write that the views have within 10 s: not"

# Found by what the stage does, or by one setting that stands for what only AWS would do.
BY_CONDUCT: Final = {
    "a lost response of the gateway": Fault(
        gateway_response("MISSING_AUTHENTICATION_TOKEN"), ("an unknown path is 404",), "answered 403"
    ),
    "an error without CORS": Fault(
        gateway_response("UNAUTHORIZED", without="Access-Control-Allow-Origin"),
        ("a request without a token is 401",),
        "access-control-allow-origin: None",
    ),
    "an error without a challenge": Fault(
        gateway_response("UNAUTHORIZED", without="WWW-Authenticate"),
        ("a request with a wrong token is 401",),
        "WWW-Authenticate: ''",
    ),
    "a preflight without headers": Fault(
        preflight_without_headers, ("OPTIONS answers a browser's preflight",), "lacks access-control-allow-origin"
    ),
    "a second stage of the API": Fault(second_stage, ("the API has one stage",), "local, Stage"),
    "a relative PUBLIC_URL of the API": Fault(
        variable("api_handler", "PUBLIC_URL", "/local"), (_LIFE,), "the todo's url is /local/todos/"
    ),
    "a relative PUBLIC_URL of the topic": Fault(
        variable("publish", "PUBLIC_URL", ""), (_TOPIC,), "the source is /todos/"
    ),
    "another topic": Fault(
        variable("publish", "EVENTS_TOPIC_ARN", "arn:aws:sns:us-east-1:000000000000:another"),
        (_TOPIC,),
        "no event of the todo came",
    ),
    "another audience of tokens": Fault(
        variable("authorize", "TOKEN_AUDIENCE", "another"), ("HEAD answers like GET",), "answered 401"
    ),
    "another table of settings": Fault(
        variable("api_handler", "SETTINGS_TABLE", "another"), (_SEEN,), _NOT_SEEN
    ),
    "a stopped projection": Fault(mapping("project", Enabled=False), (_SEEN,), _NOT_SEEN),
    "a stopped delivery": Fault(
        mapping("deliver", Enabled=False), ("a webhook's receiver is called",), "a try in the log of deliveries: not"
    ),
    "nothing that calls `clear`": Fault(
        no_mapping("clear"),
        ("the loader loads a long list", "a long list is cleared to its end"),
        "the empty list: not within",
    ),
    "metrics of another stage": Fault(
        # They do come, and are others.
        variable("project", "STAGE", "another"), ("the functions write metrics",), "'another'", patience=1
    ),
    "a state machine that fails": Fault(
        broken_machine, ("the state machine rebuilds the views",), "it FAILED: Stopped"
    ),
    "an alarm without its action": Fault(
        silenced_alarm, ("an alarm reaches its topic",), "did not reach its topic"
    ),
    "an ended loop": Fault(ended_loop, ("Lambda lets workers send to their own queues",), "clear: Terminate"),
}  # fmt: skip

# Found by reading settings: what they do shows only after long, or on AWS alone.
BY_DRIFT: Final = {
    name: Fault(plant, (DRIFT,), says)
    for name, (plant, says) in {
        "a missing permission": (no_permission, "role of publish: Policies is []"),
        "a stopped clock": (stopped_clock, "schedule of remind: State is DISABLED"),
        "no log group": (no_log_group, "function rebuild: RetentionInDays is missing"),
        "no throttling": (unthrottled, "throttlingRateLimit is 20000.0"),
        "a filtered subscription": (filtered_subscription, "DeliverSubscription: FilterPolicy is"),
        "a queue that forgets early": (
            queue("QuarantineQueue", "MessageRetentionPeriod", "60"),
            "MessageRetentionPeriod is 60",
        ),
        "a queue without dead letters": (
            queue("DeliverQueue", "RedrivePolicy", ""),
            "queue DeliverQueue: RedrivePolicy is missing",
        ),
        "a table that keeps everything": (no_expiry, "DeliveriesTable: TimeToLiveSpecification is missing"),
        "a ledger without protection": (unprotected_ledger, "EventsTable: DeletionProtectionEnabled is False"),
        "failures that are not reported": (
            mapping("clear", FunctionResponseTypes=[]),
            "mapping of clear: FunctionResponseTypes is []",
        ),
    }.items()
}
