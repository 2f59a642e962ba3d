"""The data stack's resources as they are, in the words of its template, and the views tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from stack.deploy import views_table
from stack.deploy.deployment import Client, Deployment
from stack.drift.differences import Difference, compare

Properties = dict[str, Any]


def differences(deployment: Deployment) -> Iterator[Difference]:
    """What of the data stack's resources, and of the views tables that the pointer names, is not what it should be."""
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
            yield Difference(where, "existence", "there", f"not to be read: {error!r}")
            continue
        yield from compare(where, _DEFAULTS.get(resource["Type"], {}) | wanted, found)
    protected = {"EnableTerminationProtection": deployment.data.protected()}
    yield from compare(f"stack {deployment.data.name}", {"EnableTerminationProtection": True}, protected)
    yield from _views(deployment)


def _views(deployment: Deployment) -> Iterator[Difference]:
    dynamodb = deployment.client("dynamodb")
    pointer = views_table.pointed_at(dynamodb, deployment.outputs()["SettingsTableName"])
    if not pointer:
        yield Difference("views", "pointer", "a table", None)
    for table in pointer:
        yield from compare(f"table {table}", views_table.properties(), _table(deployment.client, table))


class _References:
    """What the compared resources refer to: each other, as CloudFormation calls them, and the ARNs of queues."""

    def __init__(self, client: Client, physical: dict[str, str]) -> None:
        self._sqs = client("sqs")
        self._physical = physical

    def resolve(self, node: Any) -> Any:
        match node:
            case {"Fn::GetAtt": [name, "Arn"]}:
                return _attributes(self._sqs, self._physical[name])["QueueArn"]
            case {"Ref": name}:
                return self._physical[name]
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
        # SNS is told to forget one by an empty one.
        "FilterPolicy": json.loads(attributes.get("FilterPolicy") or "{}") or None,
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
    """S3 answers with an error where a bucket was never told."""
    try:
        return call(Bucket=bucket)
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("NoSuch") and "NotFound" not in str(error):
            raise
        return {}


# Part of what a resource is called, by which it has been found.
_NAMES: Final = ("TableName", "QueueName", "TopicName", "BucketName")
_DEFAULTS: Final[dict[str, Properties]] = {
    "AWS::DynamoDB::Table": {"StreamSpecification": None, "TimeToLiveSpecification": None, "LocalSecondaryIndexes": []},
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
