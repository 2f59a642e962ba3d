"""Deploying a template by a change set, and waiting until the stack is what it says."""

from __future__ import annotations

import uuid
from typing import Any

from botocore.exceptions import ClientError, WaiterError

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

    def deploy(self, template_url: str, parameters: dict[str, str], fingerprint: str) -> None:
        """Bring the stack to this template and these parameters; nothing happens where it already is.

        Parameters
        ----------
        template_url : str
            Where CloudFormation reads the template (in S3: inline it may have 51,200 bytes only).
        parameters : dict of str to str
        fingerprint : str
            Remembered as a tag of the stack, for the next deployment to compare.

        Raises
        ------
        StackError
            It failed; the message has the events that say why.
        """
        kind = "UPDATE" if self._prepared() else "CREATE"
        change_set = f"todo-ledger-{uuid.uuid4().hex}"
        self._client.create_change_set(
            StackName=self.name,
            ChangeSetName=change_set,
            ChangeSetType=kind,
            TemplateURL=template_url,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Tags=[{"Key": FINGERPRINT_TAG, "Value": fingerprint}],
        )
        if self._has_changes(change_set):
            self._client.execute_change_set(StackName=self.name, ChangeSetName=change_set)
            self._wait_for(kind)

    def _describe(self) -> dict[str, Any] | None:
        try:
            found: list[dict[str, Any]] = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return found[0] if found else None

    def _prepared(self) -> bool:
        """Whether there is a stack to update; one whose creation failed is cleared away, since it cannot be updated."""
        described = self._describe()
        status = described["StackStatus"] if described else None
        if status in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"):
            self._client.delete_stack(StackName=self.name)
            self._client.get_waiter("stack_delete_complete").wait(StackName=self.name, WaiterConfig=WAIT)
            return False
        return status is not None and status not in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE")

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

    def _wait_for(self, kind: str) -> None:
        waiter = self._client.get_waiter(f"stack_{kind.lower()}_complete")
        try:
            waiter.wait(StackName=self.name, WaiterConfig=WAIT)
        except WaiterError as error:
            raise StackError(f"the stack {self.name} could not be deployed:\n{self._failures()}") from error

    def _failures(self) -> str:
        events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
        return "\n".join(
            f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', event['ResourceStatus'])}"
            for event in failed
        )
