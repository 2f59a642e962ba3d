"""An environment of the tests' own, and one deployed stack for all that need one, also in several xdist workers."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator

import pytest
from botocore.client import BaseClient
from hypothesis import HealthCheck, settings

from tests.support.environment import isolate

isolate()

from stack.local.local_stack import LocalStack  # noqa: E402
from tests.support import dynamodb_rules  # noqa: E402

# The same examples each time, however slow the machine is.
settings.register_profile(
    "tests", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    longer = parser.getgroup("todo-ledger", "todo-ledger: tests that can run longer")
    longer.addoption("--race-operations", type=int, default=100, help="of each client of the race (default: 100)")
    longer.addoption("--race-seed", type=int, default=1, help="which race (default: 1)")
    longer.addoption("--parser-examples", type=int, default=30, help="for each parser of input (default: 30)")
    longer.addoption("--loader-examples", type=int, default=15, help="of damaged files of each format (default: 15)")
    longer.addoption("--fuzz-examples", type=int, help="for each operation of the API (default: few)")


# The fixtures that start an engine.
ENGINES = {"stack", "own_stack", "running", "engine", "account", "emulator"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if ENGINES & set(getattr(item, "fixturenames", ())):
            item.add_marker("engine")


@pytest.fixture(scope="session", autouse=True)
def _dynamodb_rules() -> Iterator[None]:
    """Whatever this process sends to DynamoDB is something that AWS takes, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", dynamodb_rules.watched(BaseClient._make_api_call))
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
        stack = LocalStack(shared / "stack")
        started = stack.start()
        yield stack
        if started:
            fcntl.flock(users, fcntl.LOCK_EX)
            stack.stop()
