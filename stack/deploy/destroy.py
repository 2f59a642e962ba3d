"""Deleting a stage: its compute stack, and its data."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from stack import aws
from stack.deploy import chalice_functions, templates
from stack.deploy.deployment import Deployment
from stack.errors import StackError

Say = Callable[[str], None]


def delete_compute(deployment: Deployment, say: Say) -> None:
    """Delete the Lambdas, the API, the alarms and the dashboard; data and logs stay, and `deploy` restores the rest.

    Raises
    ------
    DeploymentFailed
        CloudFormation could not delete a stack.
    """
    for stack in (deployment.watch, deployment.compute):
        say(f"deleted the stack {stack.name}" if stack.delete() else f"there is no stack {stack.name}")


def delete_data(deployment: Deployment, say: Say) -> None:
    """Delete the ledger, the views, the queues, and everything that remains of the stage, its logs too.

    CloudFormation leaves what the templates retain; it is deleted by its name, also if its stack is long gone.

    Raises
    ------
    StackError
        The compute stack still exists, or functions that Chalice has deployed: they use the data.
    DeploymentFailed
        CloudFormation could not delete the data stack.
    """
    if deployment.compute.exists():
        raise StackError(f"the stack {deployment.compute.name} still uses the data")
    chalice_functions.refuse_beside(deployment.client("lambda"), deployment.stage)
    dynamodb = deployment.client("dynamodb")
    for table in _tables_beside_the_stack(dynamodb, deployment.stage.prefix):
        _delete_table(dynamodb, table)
        say(f"deleted the table {table}")
    if deployment.data.exists():
        deployment.data.protect(wanted=False)
    if deployment.data.delete():
        say(f"deleted the stack {deployment.data.name}")
    for template in (deployment.stage.data_template, deployment.stage.compute_template):
        for kind, name in templates.retained(template, deployment.names()):
            what, service, delete = _RETAINED[kind]
            if delete(deployment.client(service), name):
                say(f"deleted the {what} {name}")
    _delete_bucket(deployment.client("s3"), deployment.artifacts.bucket)


def _tables_beside_the_stack(dynamodb: Any, prefix: str) -> list[str]:
    """Every views table, also those that a rebuild has not finished or not dropped, and every restored ledger."""
    made = re.compile(re.escape(prefix) + r"-(views-(?:[0-9a-z]+-)?[0-9a-f]{32}|events-\d{8}t\d{6})")
    pages = dynamodb.get_paginator("list_tables").paginate()
    return [name for page in pages for name in page["TableNames"] if made.fullmatch(name)]


def _delete_table(dynamodb: Any, name: str) -> bool:
    try:
        if dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
            dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
            aws.wait(dynamodb, "table_exists", TableName=name)
        dynamodb.delete_table(TableName=name)
        aws.wait(dynamodb, "table_not_exists", TableName=name)
    except dynamodb.exceptions.ResourceNotFoundException:
        return False
    return True


def _delete_bucket(s3: Any, name: str) -> bool:
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
        s3.delete_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        return False
    return True


def _delete_log(logs: Any, name: str) -> bool:
    try:
        logs.delete_log_group(logGroupName=name)
    except logs.exceptions.ResourceNotFoundException:
        return False
    return True


# What it is, its service, and how to delete it (False if it is not there), by the property that names it.
_RETAINED: Final[dict[str, tuple[str, str, Callable[[Any, str], bool]]]] = {
    "TableName": ("table", "dynamodb", _delete_table),
    "BucketName": ("bucket", "s3", _delete_bucket),
    "LogGroupName": ("log group", "logs", _delete_log),
}
