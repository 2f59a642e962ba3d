"""The data stack's resources and the views tables, as AWS describes them in the terms of CloudFormation.

They are compared only: a setting of what holds data is for a person to change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from stack.deploy import views_table
from stack.deploy.deployment import Client, Deployment
from stack.drift.differences import Properties, Settings


def settings(deployment: Deployment) -> Iterator[Settings]:
    """The properties of each resource of the data stack, and of each views table that the pointer names."""
    described = deployment.stage.data_template["Resources"]
    physical = deployment.data.resources() | {"EventsTable": deployment.ledger()}
    references = _References(deployment.client, physical)
    for name, resource in described.items():
        if (reader := _READERS.get(resource["Type"])) is None:
            continue
        where = f"{resource['Type'].rpartition('::')[2].lower()} {name}"
        wanted = {key: references.resolve(value) for key, value in resource["Properties"].items() if key not in _NAMES}
        try:
            found = reader(deployment.client, wanted["Queues"][0] if "Queues" in wanted else physical[name])
        except (KeyError, ClientError) as error:
            yield Settings(where, {"existence": "exists"}, {"existence": f"unreadable: {error!r}"})
            continue
        yield Settings(where, _DEFAULTS.get(resource["Type"], {}) | wanted, found)
    protected = {"EnableTerminationProtection": deployment.data.is_protected()}
    yield Settings(f"stack {deployment.data.name}", {"EnableTerminationProtection": True}, protected)
    yield from _views(deployment)


def _views(deployment: Deployment) -> Iterator[Settings]:
    dynamodb = deployment.client("dynamodb")
    pointer = views_table.tables(dynamodb, deployment.outputs()["SettingsTableName"])
    if not pointer:
        yield Settings("views", {"pointer": "a table"}, {})
    for table in pointer:
        yield Settings(f"table {table}", views_table.properties(), _table(deployment.client, table))


class _References:
    """The values that these resources refer to: each other's physical ids, and the ARNs of queues."""

    def __init__(self, client: Client, physical: dict[str, str]) -> None:
        self._sqs = client("sqs")
        self._physical = physical

    def resolve(self, node: Any) -> Any:
        match node:
            case {"Fn::GetAtt": [name, "Arn"]}:
                return _attributes(self._sqs, self._physical[name])["QueueArn"]
            case {"Ref": name}:
                return self._physical[name]
            case {"Fn::If": ["Protected", protected, _]}:
                # It is off only while the stack is created.
                return self.resolve(protected)
            case list():
                return [self.resolve(value) for value in node]
            case dict():
                return {name: self.resolve(value) for name, value in node.items()}
            case _:
                return node


def _table(client: Client, name: str) -> Properties:
    dynamodb = client("dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") == "ENABLED"
    return {
        "BillingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        "AttributeDefinitions": table["AttributeDefinitions"],
        "KeySchema": table["KeySchema"],
        "LocalSecondaryIndexes": [_index(one) for one in table.get("LocalSecondaryIndexes", [])],
        "GlobalSecondaryIndexes": [_index(one) for one in table.get("GlobalSecondaryIndexes", [])],
        "StreamSpecification": _stream(table),
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recovery},
        "SSESpecification": {"SSEEnabled": table.get("SSEDescription", {}).get("Status") == "ENABLED"},
        "DeletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
        "TimeToLiveSpecification": {"AttributeName": ttl["AttributeName"], "Enabled": True}
        if ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        else None,
    }


def _index(described: Properties) -> Properties:
    return {name: described[name] for name in ("IndexName", "KeySchema", "Projection")}


def _stream(table: Properties) -> Properties | None:
    stream = table.get("StreamSpecification", {})
    return {"StreamViewType": stream["StreamViewType"]} if stream.get("StreamEnabled") else None


def _queue(client: Client, url: str) -> Properties:
    attributes = _attributes(client("sqs"), url)
    redrive = json.loads(attributes["RedrivePolicy"]) if attributes.get("RedrivePolicy") else None
    return {
        "VisibilityTimeout": int(attributes["VisibilityTimeout"]),
        "MessageRetentionPeriod": int(attributes["MessageRetentionPeriod"]),
        "DelaySeconds": int(attributes.get("DelaySeconds", 0)),
        "SqsManagedSseEnabled": attributes.get("SqsManagedSseEnabled") == "true",
        "RedrivePolicy": redrive and {**redrive, "maxReceiveCount": int(redrive["maxReceiveCount"])},
    }


def _queue_policy(client: Client, url: str) -> Properties:
    policy = _attributes(client("sqs"), url).get("Policy")
    return {"Queues": [url], "PolicyDocument": json.loads(policy) if policy else None}


def _attributes(sqs: Any, url: str) -> dict[str, str]:
    found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return found


def _topic(client: Client, arn: str) -> Properties:
    attributes = client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    return {"KmsMasterKeyId": attributes.get("KmsMasterKeyId") or None}


def _subscription(client: Client, arn: str) -> Properties:
    sns, topic = client("sns"), arn.rpartition(":")[0]
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    (found,) = [one for page in pages for one in page["Subscriptions"] if one["SubscriptionArn"] == arn]
    return {
        **{name: found[name] for name in ("TopicArn", "Protocol", "Endpoint")},
        "RawMessageDelivery": attributes.get("RawMessageDelivery") == "true",
        # An empty policy is how SNS removes one.
        "FilterPolicy": json.loads(attributes.get("FilterPolicy") or "{}") or None,
        "RedrivePolicy": json.loads(attributes.get("RedrivePolicy") or "{}") or None,
    }


def _bucket(client: Client, name: str) -> Properties:
    s3 = client("s3")
    rules = _or_nothing(s3.get_bucket_encryption, name).get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    kept = _or_nothing(s3.get_bucket_lifecycle_configuration, name).get("Rules", [])
    return {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"]} for rule in rules
            ]
        },
        "PublicAccessBlockConfiguration": _or_nothing(s3.get_public_access_block, name).get(
            "PublicAccessBlockConfiguration"
        ),
        "LifecycleConfiguration": {
            "Rules": [
                {"Status": rule["Status"], "ExpirationInDays": rule.get("Expiration", {}).get("Days")} for rule in kept
            ]
        },
    }


def _or_nothing(call: Callable[..., Properties], bucket: str) -> Properties:
    """The answer; empty if the bucket has no such setting, which S3 answers with an error."""
    try:
        return call(Bucket=bucket)
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("NoSuch") and "NotFound" not in str(error):
            raise
        return {}


# A resource is found by its name, so its name cannot differ.
_NAMES: Final = ("TableName", "QueueName", "TopicName", "BucketName")
_DEFAULTS: Final[dict[str, Properties]] = {
    "AWS::DynamoDB::Table": {
        "StreamSpecification": None,
        "TimeToLiveSpecification": None,
        "LocalSecondaryIndexes": [],
        "GlobalSecondaryIndexes": [],
    },
    "AWS::SQS::Queue": {
        "VisibilityTimeout": 30,
        "MessageRetentionPeriod": 345_600,
        "DelaySeconds": 0,
        "RedrivePolicy": None,
    },
    "AWS::SNS::Subscription": {"FilterPolicy": None},
}
_READERS: Final[dict[str, Callable[[Client, str], Properties]]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::Subscription": _subscription,
    "AWS::S3::Bucket": _bucket,
}
