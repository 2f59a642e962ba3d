"""Deploying a template by a change set, and waiting until the stack is what it says."""

from __future__ import annotations

import uuid
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from stack.deploy.changes import Change, of_change_set
from stack.errors import StackError

FINGERPRINT_TAG = "todo-ledger-fingerprint"
WAIT = {"Delay": 1, "MaxAttempts": 900}
STANDING = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


class Stack:
    """One CloudFormation stack, by name.

    Parameters
    ----------
    client : CloudFormation client
    name : str
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def outputs(self) -> dict[str, str]:
        """The stack's outputs; none where it does not exist."""
        described = self._describe() or {}
        return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}

    def fingerprint(self) -> str | None:
        """What the last successful deployment was made from; None where there was none."""
        described = self._describe()
        if described is None or described["StackStatus"] not in STANDING[:2]:
            return None
        return next((tag["Value"] for tag in described.get("Tags", []) if tag["Key"] == FINGERPRINT_TAG), None)

    def exists(self) -> bool:
        """Whether it stands, well or badly."""
        return self._describe() is not None

    def resources(self) -> dict[str, str]:
        """The physical id of each resource, by its logical id."""
        if not self.exists():
            return {}
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = [resource for page in pages for resource in page["StackResourceSummaries"]]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found if "PhysicalResourceId" in one}

    def prepare(
        self, template_url: str, parameters: dict[str, str], fingerprint: str | None = None
    ) -> ChangeSet | None:
        """A change set that brings the stack to this template and these parameters; None where it already is.

        Parameters
        ----------
        template_url : str
            Where CloudFormation reads the template (in S3: inline it may have 51,200 bytes only).
        parameters : dict of str to str
        fingerprint : str, optional
            Remembered as a tag of the stack, for the next deployment to compare.

        Raises
        ------
        StackError
            CloudFormation refuses the template.
        """
        kind = "UPDATE" if self._prepared() else "CREATE"
        name = f"todo-ledger-{uuid.uuid4().hex}"
        self._client.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType=kind,
            TemplateURL=template_url,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Tags=[{"Key": FINGERPRINT_TAG, "Value": fingerprint}] if fingerprint else [],
        )
        return ChangeSet(self._client, self.name, name, kind) if self._has_changes(name) else None

    def protected(self) -> bool:
        """Whether nobody can delete it."""
        return bool((self._describe() or {}).get("EnableTerminationProtection"))

    def protect(self, wanted: bool = True) -> None:
        """Let nobody delete it, or let it be deleted again."""
        self._client.update_termination_protection(StackName=self.name, EnableTerminationProtection=wanted)

    def delete(self) -> bool:
        """Delete it, but for what its template retains; whether there was anything to delete."""
        if not self.exists():
            return False
        self._client.delete_stack(StackName=self.name)
        try:
            self._client.get_waiter("stack_delete_complete").wait(StackName=self.name, WaiterConfig=WAIT)
        except WaiterError as error:
            raise StackError(
                f"the stack {self.name} could not be deleted:\n{failures(self._client, self.name)}"
            ) from error
        return True

    def _describe(self) -> dict[str, Any] | None:
        try:
            found: list[dict[str, Any]] = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return found[0] if found and found[0]["StackStatus"] != "DELETE_COMPLETE" else None

    def _prepared(self) -> bool:
        """Whether there is a stack to update; one whose creation failed is cleared away, since it cannot be updated."""
        described = self._describe()
        status = described["StackStatus"] if described else None
        if status in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"):
            self._client.delete_stack(StackName=self.name)
            self._client.get_waiter("stack_delete_complete").wait(StackName=self.name, WaiterConfig=WAIT)
            return False
        return status not in (None, "REVIEW_IN_PROGRESS")

    def _has_changes(self, change_set: str) -> bool:
        names = {"StackName": self.name, "ChangeSetName": change_set}
        try:
            self._client.get_waiter("change_set_create_complete").wait(**names, WaiterConfig=WAIT)
        except WaiterError as error:
            reason = self._client.describe_change_set(**names).get("StatusReason", str(error))
            self._client.delete_change_set(**names)
            if "didn't contain changes" in reason or "No updates are to be performed" in reason:
                return False
            raise StackError(f"CloudFormation refused the template of {self.name}: {reason}") from error
        return True


class ChangeSet:
    """A change set that CloudFormation has worked out, and that has changes."""

    def __init__(self, client: Any, stack: str, name: str, kind: str) -> None:
        self._client = client
        self._names = {"StackName": stack, "ChangeSetName": name}
        self._kind = kind

    def changes(self) -> list[Change]:
        """What it would do, resource by resource."""
        found: list[Change] = []
        more: dict[str, str] = {}
        while True:
            page = self._client.describe_change_set(**self._names, **more)
            found += map(of_change_set, page["Changes"])
            if "NextToken" not in page:
                return sorted(found, key=lambda change: change.resource)
            more = {"NextToken": page["NextToken"]}

    def discard(self) -> None:
        self._client.delete_change_set(**self._names)

    def execute(self) -> None:
        """Do it, and wait until it is done.

        Raises
        ------
        StackError
            It failed, and CloudFormation went back; the message has the events that say why.
        """
        stack = self._names["StackName"]
        self._client.execute_change_set(**self._names)
        waiter = self._client.get_waiter(f"stack_{self._kind.lower()}_complete")
        try:
            waiter.wait(StackName=stack, WaiterConfig=WAIT)
        except WaiterError as error:
            raise StackError(f"the stack {stack} could not be deployed:\n{failures(self._client, stack)}") from error


def failures(client: Any, stack: str) -> str:
    """What went wrong with a stack, a line each, oldest first."""
    events = client.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
    return "\n".join(
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', event['ResourceStatus'])}"
        for event in failed
    )
