"""What a stack's status says: whether it has resources, and whether the next deployment creates it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from stack.deploy.cloudformation import Stack


@pytest.mark.parametrize(
    ("status", "exists", "is_to_be_created"),
    [
        (None, False, True),
        ("DELETE_COMPLETE", False, True),
        ("REVIEW_IN_PROGRESS", False, True),
        ("ROLLBACK_COMPLETE", False, True),
        # These have resources left, which are deleted before the creation begins anew.
        ("CREATE_FAILED", True, True),
        ("ROLLBACK_FAILED", True, True),
        ("CREATE_COMPLETE", True, False),
        ("UPDATE_ROLLBACK_COMPLETE", True, False),
        ("DELETE_FAILED", True, False),
    ],
)
def test_a_stack_whose_creation_failed_is_created_again(
    status: str | None, exists: bool, is_to_be_created: bool
) -> None:
    def describe_stacks(StackName: str) -> object:  # noqa: N803 - CloudFormation's name
        if status is None:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": f"{StackName} does not exist"}}, "x")
        return {"Stacks": [{"StackStatus": status}]}

    stack = Stack(SimpleNamespace(describe_stacks=describe_stacks), "s")
    assert (stack.exists(), stack.is_to_be_created()) == (exists, is_to_be_created)
