"""How often it is looked whether AWS, or an engine on this machine, has finished."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import WaiterError
from botocore.stub import Stubber

from stack import aws
from stack.deploy.cloudformation import ChangeSet, Stack
from stack.errors import DeploymentFailed, NotStable, StackError

AWS = "https://cloudformation.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(("endpoint", "pause"), [(AWS, 1), ("http://127.0.0.1:4566", 0.1), ("http://[::1]:4566", 0.1)])
def test_an_engine_on_this_machine_is_asked_more_often(endpoint: str, pause: float, no_sleep: list[float]) -> None:
    wait_for_stack(endpoint, "CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    assert no_sleep == [pause]


def test_what_has_failed_is_not_waited_for(no_sleep: list[float]) -> None:
    with pytest.raises(WaiterError):
        wait_for_stack(AWS, "ROLLBACK_COMPLETE")
    assert no_sleep == []


def test_it_takes_a_quarter_of_an_hour_at_most() -> None:
    assert {wait["Delay"] * wait["MaxAttempts"] for wait in (aws.WAIT, aws.LOCAL_WAIT)} == {15 * 60}


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        ("UPDATE_IN_PROGRESS", NotStable, r"not deployed after a quarter of an hour \(UPDATE_IN_PROGRESS\)"),
        ("UPDATE_ROLLBACK_COMPLETE", DeploymentFailed, "Table: it has an index already"),
    ],
)
def test_a_stack_that_takes_longer_has_not_failed(status: str, error: type[StackError], says: str) -> None:
    client = CloudFormation(status)
    with pytest.raises(error, match=says):
        ChangeSet(client, Stack(client, "s"), "c", "UPDATE").execute()


class CloudFormation:
    """Its client, and a waiter that gives up while the stack has a status."""

    def __init__(self, status: str) -> None:
        self.meta = SimpleNamespace(endpoint_url=AWS)
        self.status = status

    def execute_change_set(self, **_: str) -> None:
        pass

    def get_waiter(self, name: str) -> Any:
        def wait(**_: Any) -> None:
            described: Any = {"Stacks": [{"StackStatus": self.status}]}
            raise WaiterError(name, "it is over", described)

        return SimpleNamespace(wait=wait)

    def describe_stack_events(self, **_: str) -> Any:
        reason = "it has an index already"
        failed = {"LogicalResourceId": "Table", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": reason}
        return {"StackEvents": [failed]}

    def describe_events(self, **_: Any) -> Any:
        return {"OperationEvents": []}


def wait_for_stack(endpoint: str, *statuses: str) -> None:
    """Wait for a stack's creation; it has these statuses one after the other."""
    client = botocore.session.get_session().create_client(
        "cloudformation", "eu-central-1", endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        for status in statuses:
            found = {"StackName": "s", "CreationTime": datetime(2026, 11, 30, tzinfo=UTC), "StackStatus": status}
            stubber.add_response("describe_stacks", {"Stacks": [found]})
        aws.wait(client, "stack_create_complete", StackName="s")
