"""Checks of the smoke test, made in this process."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any, Final

from stack.deploy.deployment import Deployment
from stack.local.local_stack import LocalStack
from stack.smoke import runner
from stack.smoke.check import Check
from stack.smoke.outcome import Outcome
from stack.smoke.registry import CHECKS
from stack.smoke.run import Options, Run

# More than one message of the queue.
TODOS: Final = 201


def begin_run(stack: LocalStack, deployment: Deployment | None = None, **options: Any) -> Run:
    """A run for an owner of its own; the gateway remembers tokens for a minute."""
    owner = f"smoke-{uuid.uuid4()}"
    waits = {"settle_seconds": 0.1, "drain_seconds": 0.1}
    given = Options(stack.token(owner), stack.token(owner, "todos:read"), todos=TODOS, rebuild_waits=waits)
    return Run(deployment or stack.deployment, Options(**{**vars_of(given), **options}))


def vars_of(options: Options) -> dict[str, Any]:
    return {name: getattr(options, name) for name in Options.__dataclass_fields__}


def checks_named(names: Collection[str]) -> list[Check]:
    found = [check for check in CHECKS if check.name in names]
    assert len(found) == len(names), set(names) - {check.name for check in found}
    return found


def outcomes_of(run: Run, checks: Collection[Check]) -> dict[str, Outcome]:
    return {outcome.name: outcome for outcome in runner.outcomes(run, list(checks))}
