"""One deployed stack for all tests that need one, also those of several pytest-xdist workers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator

import pytest

from stack.local.local_stack import LocalStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The service, deployed on a private engine.

    The engine ends with the process that started it. So the worker that was first waits for the others before it
    stops: each holds a shared lock on one file as long as it uses the stack. A worker that comes after that starts it
    anew. Locks go with their processes, so a worker that crashes holds up nobody.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with open(shared / "users-of-the-stack", "w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        stack = LocalStack(shared / "stack")
        started = stack.start()
        yield stack
        if started:
            fcntl.flock(users, fcntl.LOCK_EX)
            stack.stop()
