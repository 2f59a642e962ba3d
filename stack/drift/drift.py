"""The table of everything that is compared, and the two things that can be done with it: find and settle.

Each module of this folder lists one kind of resource as `Settings`: what is wanted, what is deployed, and, if that is
possible without a deployment, how to set it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from stack.deploy.deployment import Deployment
from stack.drift import alarms, functions, mappings, resources, rest_api, roles, schedules
from stack.drift.differences import Difference, Settings
from stack.errors import NotDeployed

COMPARED: Final[tuple[Callable[[Deployment], Iterator[Settings]], ...]] = (
    resources.settings,
    functions.settings,
    roles.settings,
    mappings.settings,
    schedules.settings,
    rest_api.settings,
    alarms.settings,
)


def find(deployment: Deployment) -> list[Difference]:
    """Every setting that differs: of the data, the functions, their permissions and event sources, the API, the alarms.

    Raises
    ------
    NotDeployed
        The data stack is not deployed.
    """
    return [difference for settings in _all_settings(deployment) for difference in settings.differences()]


def settle(deployment: Deployment) -> Iterator[Difference]:
    """Set what Chalice's decorators cannot express, and what was changed by hand; yields what was set.

    A second time does nothing. The data stack's resources are not changed: that is for a person to decide.

    Raises
    ------
    NotDeployed
        The data stack, or an event source of a function, is not deployed.
    NotStable
        An event source mapping took too long to change.
    """
    for settings in _all_settings(deployment):
        yield from settings.settle()


def _all_settings(deployment: Deployment) -> Iterator[Settings]:
    if not deployment.outputs():
        raise NotDeployed(f"the stack {deployment.data.name}")
    for settings_of in COMPARED:
        yield from settings_of(deployment)
