"""Deploying a template by a change set, and waiting until CloudFormation has finished."""

from __future__ import annotations

import uuid
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from stack import aws
from stack.deploy.changes import Change, parse_change
from stack.errors import DeploymentFailed, NotStable, StackError

FINGERPRINT_TAG = "todo-ledger-fingerprint"
SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
# A name for a change set that nobody has executed: no template, no resources.
ONLY_REVIEWED = "REVIEW_IN_PROGRESS"
# The first deployment failed and was rolled back: no resources.
EMPTY = "ROLLBACK_COMPLETE"
# A stack whose creation failed can only be deleted. The last two may have resources left.
NEVER_CREATED = (EMPTY, "CREATE_FAILED", "ROLLBACK_FAILED")


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
        """The stack's outputs by their keys; empty if it does not exist."""
        described = self._describe() or {}
        return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}

    def fingerprint(self) -> str | None:
        """The fingerprint of the last deployment; None if there is none, or it failed."""
        described = self._describe()
        if described is None or described["StackStatus"] not in SUCCEEDED:
            return None
        return next((tag["Value"] for tag in described.get("Tags", []) if tag["Key"] == FINGERPRINT_TAG), None)

    def parameters(self) -> dict[str, str]:
        """The values of the stack's parameters; empty if it does not exist."""
        described = self._describe() or {}
        return {one["ParameterKey"]: one["ParameterValue"] for one in described.get("Parameters", [])}

    def exists(self) -> bool:
        """Whether there is a stack with resources.

        One that has only been reviewed, or whose first deployment was rolled back, has none: CloudFormation lists it,
        and `prepare` and `delete` remove it.
        """
        return self._status() not in (None, ONLY_REVIEWED, EMPTY)

    def is_to_be_created(self) -> bool:
        """Whether the next deployment creates it: it does not exist, or its creation failed."""
        return self._status() in (None, ONLY_REVIEWED, *NEVER_CREATED)

    def resources(self) -> dict[str, str]:
        """The physical id of each resource, by its logical id."""
        if not self.exists():
            return {}
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = [resource for page in pages for resource in page["StackResourceSummaries"]]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found if "PhysicalResourceId" in one}

    def prepare(
        self, template: dict[str, str], parameters: dict[str, str], fingerprint: str | None = None
    ) -> ChangeSet | None:
        """Make a change set for this template and these parameters; None if it would change nothing.

        What an earlier deployment has left under the literal name of a retained resource is imported
        (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html). A stack
        whose creation failed is deleted first.

        Parameters
        ----------
        template : dict of str to str
            ``TemplateBody`` or ``TemplateURL``, as `Artifacts.template` gives it.
        parameters : dict of str to str
        fingerprint : str, optional
            Kept as a tag of the stack, for the next deployment to compare.

        Raises
        ------
        DeploymentFailed
            CloudFormation rejects the template, or the stack is in a state that needs a person.
        """
        kind = self._kind()
        name = f"todo-ledger-{uuid.uuid4().hex}"
        self._client.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType=kind,
            **template,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Tags=[{"Key": FINGERPRINT_TAG, "Value": fingerprint}] if fingerprint else [],
            ImportExistingResources=True,
        )
        return ChangeSet(self._client, self, name, kind) if self._has_changes(name) else None

    def is_protected(self) -> bool:
        """Whether it is protected against deletion."""
        return bool((self._describe() or {}).get("EnableTerminationProtection"))

    def protect(self, *, wanted: bool = True) -> None:
        """Protect it against deletion; with ``wanted=False``, stop protecting it."""
        self._client.update_termination_protection(StackName=self.name, EnableTerminationProtection=wanted)

    def delete(self) -> bool:
        """Delete the stack except for what its template retains; False if it does not exist.

        Raises
        ------
        DeploymentFailed
            CloudFormation could not delete it.
        NotStable
            It is still being deleted.
        """
        if self._status() is None:
            return False
        self._client.delete_stack(StackName=self.name)
        try:
            aws.wait(self._client, "stack_delete_complete", StackName=self.name)
        except WaiterError as error:
            raise _error(self._client, self.name, error, "deleted") from error
        return True

    def _describe(self) -> dict[str, Any] | None:
        try:
            found: list[dict[str, Any]] = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return found[0] if found and found[0]["StackStatus"] != "DELETE_COMPLETE" else None

    def _status(self) -> str | None:
        described = self._describe()
        return described["StackStatus"] if described else None

    def _kind(self) -> str:
        """The type of change set that the stack takes."""
        status = self._status()
        if status == "DELETE_FAILED":
            raise DeploymentFailed(
                f"the stack {self.name} could not be deleted completely: run `destroy` again, or delete it by hand, "
                f"and then deploy\n{failures(self._client, self.name)}"
            )
        if status in NEVER_CREATED:
            self.delete()
        return "CREATE" if status in (None, ONLY_REVIEWED, *NEVER_CREATED) else "UPDATE"

    def _has_changes(self, change_set: str) -> bool:
        names = {"StackName": self.name, "ChangeSetName": change_set}
        try:
            aws.wait(self._client, "change_set_create_complete", **names)
        except WaiterError as error:
            reason = self._client.describe_change_set(**names).get("StatusReason", str(error))
            reason = "\n".join([reason, *_validation_failures(self._client, **names)])
            self.discard(change_set)
            if "didn't contain changes" in reason or "No updates are to be performed" in reason:
                return False
            raise DeploymentFailed(f"CloudFormation rejected the template of {self.name}: {reason}") from error
        return True

    def discard(self, change_set: str) -> None:
        """Delete a change set, and the stack that CloudFormation has listed for it, if nobody has created that."""
        self._client.delete_change_set(StackName=self.name, ChangeSetName=change_set)
        if self._status() == ONLY_REVIEWED:
            self.delete()


class ChangeSet:
    """A change set that CloudFormation has prepared, with at least one change."""

    def __init__(self, client: Any, stack: Stack, name: str, kind: str) -> None:
        self._client = client
        self._stack = stack
        self._name = name
        self._kind = kind

    def changes(self) -> list[Change]:
        """Its changes, sorted by resource."""
        found: list[Change] = []
        more: dict[str, str] = {}
        while True:
            page = self._client.describe_change_set(StackName=self._stack.name, ChangeSetName=self._name, **more)
            found += map(parse_change, page["Changes"])
            if "NextToken" not in page:
                return sorted(found, key=lambda change: change.resource)
            more = {"NextToken": page["NextToken"]}

    def discard(self) -> None:
        """Delete the change set, and change nothing."""
        self._stack.discard(self._name)

    def execute(self) -> None:
        """Execute it, and wait until that has finished.

        Raises
        ------
        DeploymentFailed
            CloudFormation failed and rolled back; the message lists the events that say why.
        NotStable
            CloudFormation goes on, as while DynamoDB fills a new index.
        """
        stack = self._stack.name
        self._client.execute_change_set(StackName=stack, ChangeSetName=self._name)
        try:
            aws.wait(self._client, f"stack_{self._kind.lower()}_complete", StackName=stack)
        except WaiterError as error:
            raise _error(self._client, stack, error, "deployed") from error


def _error(client: Any, stack: str, error: WaiterError, done: str) -> StackError:
    """Why a stack is not deployed, or not deleted: it failed, or takes longer than anybody waits for it here."""
    described: Any = error.last_response
    statuses = [one["StackStatus"] for one in described.get("Stacks", [])]
    if statuses and statuses[0].endswith("_IN_PROGRESS"):
        return NotStable(
            f"the stack {stack} is not {done} after a quarter of an hour ({statuses[0]}). CloudFormation goes on: run "
            "the same command again when it has finished"
        )
    return DeploymentFailed(f"the stack {stack} could not be {done}:\n{failures(client, stack)}")


def failures(client: Any, stack: str) -> str:
    """The events of a stack that report a failure, a line each, oldest first."""
    events = client.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
    reasons = [
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', event['ResourceStatus'])}"
        for event in failed
    ]
    return "\n".join([*reasons, *_validation_failures(client, StackName=stack)])


def _validation_failures(client: Any, **where: str) -> list[str]:
    """What CloudFormation found wrong before it began, which it mentions elsewhere only as "validation failed"."""
    try:
        events = client.describe_events(Filters={"FailedEvents": True}, **where)["OperationEvents"]
    except ClientError:
        # Only an aid, which a role may not be allowed.
        return []
    return [
        f"  {event.get('LogicalResourceId', event['ValidationPath'])}: {event['ValidationStatusReason']}"
        for event in events
        if event.get("ValidationStatus") == "FAILED"
    ]
