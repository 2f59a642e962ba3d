"""Deleting a stage: its compute stack, and its data."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from stack.deploy.deployment import Deployment
from stack.errors import StackError

Say = Callable[[str], None]


def delete_compute(deployment: Deployment, say: Say) -> None:
    """Delete the Lambdas, the API, the alarms and the dashboard; the data stays, and `deploy` restores the rest.

    Raises
    ------
    DeploymentFailed
        CloudFormation could not delete a stack.
    """
    for stack in (deployment.watch, deployment.compute):
        say(f"deleted the stack {stack.name}" if stack.delete() else f"there is no stack {stack.name}")


def delete_data(deployment: Deployment, say: Say) -> None:
    """Delete the ledger, the views, the queues, and everything that remains of the stage.

    CloudFormation leaves what the template retains and protects against deletion; it is deleted afterwards.

    Raises
    ------
    StackError
        The compute stack still exists, which imports the exports of the data stack.
    DeploymentFailed
        CloudFormation could not delete the data stack.
    """
    if deployment.compute.exists():
        raise StackError(f"the stack {deployment.compute.name} still uses the data")
    dynamodb, s3 = deployment.client("dynamodb"), deployment.client("s3")
    resources = deployment.data.resources()
    kinds = {name: resource["Type"] for name, resource in deployment.stage.data_template["Resources"].items()}
    for table in _tables_beside_the_stack(dynamodb, deployment.stage.prefix):
        _delete_table(dynamodb, table)
        say(f"deleted the table {table}")
    if deployment.data.exists():
        deployment.data.protect(wanted=False)
    if deployment.data.delete():
        say(f"deleted the stack {deployment.data.name}")
    for name, physical in resources.items():
        if kinds.get(name) == "AWS::DynamoDB::Table":
            _delete_table(dynamodb, physical)
            say(f"deleted the table {physical}")
        elif kinds.get(name) == "AWS::S3::Bucket":
            _delete_bucket(s3, physical)
            say(f"deleted the bucket {physical}")
    _delete_bucket(s3, deployment.artifacts.bucket)


def _tables_beside_the_stack(dynamodb: Any, prefix: str) -> list[str]:
    """Every views table, also those that a rebuild has not finished or not dropped, and every restored ledger."""
    made = re.compile(re.escape(prefix) + r"-(views-(?:[0-9a-z]+-)?[0-9a-f]{32}|events-\d{8}t\d{6})")
    pages = dynamodb.get_paginator("list_tables").paginate()
    return [name for page in pages for name in page["TableNames"] if made.fullmatch(name)]


def _delete_table(dynamodb: Any, name: str) -> None:
    with suppress(dynamodb.exceptions.ResourceNotFoundException):
        if dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
            dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
            dynamodb.get_waiter("table_exists").wait(TableName=name)
        dynamodb.delete_table(TableName=name)
        dynamodb.get_waiter("table_not_exists").wait(TableName=name)


def _delete_bucket(s3: Any, name: str) -> None:
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
        s3.delete_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
