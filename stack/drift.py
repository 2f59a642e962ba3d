"""What is deployed, compared with what it should be; and what of it can be set without a deployment."""

from __future__ import annotations

from collections.abc import Iterator

from stack import functions, mappings, resources, rest_api
from stack.deployment import Deployment
from stack.differences import Difference
from stack.errors import StackError


def find(deployment: Deployment) -> list[Difference]:
    """Every setting that differs, of the data stack, the views tables, the functions, what feeds them, and the API.

    Raises
    ------
    StackError
        The data stack does not stand.
    """
    _check(deployment)
    parts = (resources, functions, mappings, rest_api)
    return [difference for part in parts for difference in part.differences(deployment)]


def settle(deployment: Deployment) -> Iterator[Difference]:
    """Set what Chalice's decorators cannot say, and what was set otherwise by hand; yields what differed.

    Doing it again does nothing. What the data stack holds is left alone: that is for a person to decide.

    Raises
    ------
    StackError
        The data stack does not stand, or a function is not deployed.
    """
    _check(deployment)
    for part in (functions, mappings, rest_api):
        yield from part.settle(deployment)


def _check(deployment: Deployment) -> None:
    if not deployment.outputs():
        raise StackError(f"the stack {deployment.data.name} does not stand")
