"""What is deployed, compared with what it should be; and what of it can be set without a deployment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stack.deploy.deployment import Deployment
from stack.drift import alarms, functions, mappings, resources, rest_api, roles, schedules
from stack.drift.differences import Difference
from stack.errors import StackError

# What can be set again without a deployment.
SETTLED: Final = (functions, roles, mappings, schedules, rest_api, alarms)


def find(deployment: Deployment) -> list[Difference]:
    """Every setting that differs: of the data, the functions, their permissions, what calls them, the API, the alarms.

    Raises
    ------
    StackError
        The data stack does not stand.
    """
    _check(deployment)
    return [difference for part in (resources, *SETTLED) for difference in part.differences(deployment)]


def settle(deployment: Deployment) -> Iterator[Difference]:
    """Set what Chalice's decorators cannot say, and what was set otherwise by hand; yields what differed.

    Doing it again does nothing. What the data stack holds is left alone: that is for a person to decide.

    Raises
    ------
    StackError
        The data stack does not stand, or a function is not deployed.
    """
    _check(deployment)
    for part in SETTLED:
        yield from part.settle(deployment)


def _check(deployment: Deployment) -> None:
    if not deployment.outputs():
        raise StackError(f"the stack {deployment.data.name} does not stand")
