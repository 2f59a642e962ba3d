"""What a command works on: the local stack of a directory, or a stage in the account that the AWS settings lead to."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable
from functools import cache
from typing import Any

from stack import aws
from stack.deploy import functions
from stack.deploy.deployment import Deployment
from stack.deploy.stages import Stage
from stack.errors import NotDeployed
from stack.local.local_stack import LocalStack
from stack.settings import LOCAL, persists


def local_stack(parsed: Namespace, port: int = 0, *, salvage: bool = False) -> LocalStack:
    """The local stack, whose engine outlives this process; it prints each step of its start."""
    return LocalStack(
        parsed.directory,
        port,
        attached=False,
        persist=persists(),
        salvage=salvage,
        say=lambda line: print(f"· {line}"),
    )


def deployment(parsed: Namespace) -> Deployment:
    """The deployment of the stage.

    Raises
    ------
    NotRunning
        It is the local stage, and its engine is not running.
    StackError
        There is no such stage.
    """
    if parsed.stage == LOCAL:
        return LocalStack(parsed.directory).deployment
    return Deployment(Stage(parsed.stage))


def clients(parsed: Namespace) -> Callable[[str], Any]:
    """A callable that makes the client of an AWS service, by its name, for the stage."""
    if parsed.stage == LOCAL:
        return LocalStack(parsed.directory).deployment.client
    return cache(aws.client)


def use_service(parsed: Namespace) -> None:
    """Set the environment variables with which the service's own code runs on the stage's data.

    If the stage is local and they are set already, they are kept.

    Raises
    ------
    NotDeployed
    NotRunning
    """
    if parsed.stage != LOCAL:
        os.environ.update(_service_environment(deployment(parsed)))
    elif "EVENTS_TABLE" not in os.environ:
        os.environ.update(LocalStack(parsed.directory).environment())


def _service_environment(target: Deployment) -> dict[str, str]:
    if not target.outputs():
        raise NotDeployed(f"the stack {target.data.name}")
    found = functions.environments(target)["deliver"]
    return {name: value for name, value in found.items() if name != "HANDLERS"}
