"""An environment of the tests' own, and one deployed stack for all that need one, also in several xdist workers."""

from __future__ import annotations

import fcntl
import gc
import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, settings

from tests.support.environment import isolate

isolate()

from chalicelib.aws import dynamodb  # noqa: E402
from stack.local.local_stack import LocalStack  # noqa: E402
from tests.support import dynamodb_rules, faults, own_stack, thorough  # noqa: E402

EXAMPLES = 100


def pytest_addoption(parser: pytest.Parser) -> None:
    longer = parser.getgroup("todo-ledger", "todo-ledger: tests that can run longer")
    longer.addoption("--thorough", type=int, default=1, help="times as many random inputs (default: 1)")
    longer.addoption("--race-operations", type=int, help="of each client of the race (default: 100)")
    longer.addoption("--race-seed", type=int, default=1, help="which race (default: 1)")
    longer.addoption("--fuzz-examples", type=int, help="for each operation of the API (default: few)")


def pytest_configure(config: pytest.Config) -> None:
    thorough.look_at(config.getoption("--thorough"))
    # The same examples each time, however slow the machine is.
    settings.register_profile(
        "tests",
        max_examples=thorough.many(EXAMPLES),
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("tests")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: while one waits for an engine, the others work."""
    return (os.cpu_count() or 1) + 1


# The fixtures that start an engine.
ENGINES = {"stack", "own_stack", "running", "engine", "account", "emulator"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if ENGINES & set(getattr(item, "fixturenames", ())):
            item.add_marker("engine")


def pytest_collection_finish() -> None:
    """Ten thousand tests stay until the end: the garbage collector must not look through them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_client_left_behind() -> Iterator[None]:
    """What a test puts in the place of DynamoDB's client goes with it: all that follow would speak to that."""
    before = dynamodb.client
    yield
    left, dynamodb.client = dynamodb.client, before
    assert left is before


@pytest.fixture(scope="session", autouse=True)
def _dynamodb_rules() -> Iterator[None]:
    """Whatever this process sends to DynamoDB is something that AWS takes, too."""

    def check(operation: str, request: Mapping[str, Any], call: faults.Call) -> Any:
        dynamodb_rules.check(request)
        return call(request)

    with faults.calls_watched(check):
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_loader() -> Iterator[None]:
    """The descriptions of AWS's services are read once, not for each client: a client takes a tenth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[LocalStack]:
    """The service, deployed on a private engine.

    The engine ends with the process that started it. So the worker that was first waits for the others before it
    stops: each holds a shared lock on one file as long as it uses the stack. A worker that comes after that starts it
    anew. Locks go with their processes, so a worker that crashes holds up nobody.
    """
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    with (shared / "users-of-the-stack").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        stack = LocalStack(shared / "stack", persist=False)
        started = stack.start()
        yield stack
        if started:
            fcntl.flock(users, fcntl.LOCK_EX)
            own_stack.end(stack)
