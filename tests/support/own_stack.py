"""Local stacks that nobody needs after the tests; and one for a folder alone, whose conftest imports the fixture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from stack.errors import NotRunning
from stack.local.local_stack import LocalStack


@contextmanager
def private_stack(directory: Path, *, persist: bool = False) -> Iterator[LocalStack]:
    """The service, deployed on a private engine, which keeps nothing over a stop unless it is to persist."""
    stack = LocalStack(directory, persist=persist)
    try:
        stack.start()
        yield stack
    finally:
        end(stack)


def end(stack: LocalStack) -> None:
    """End a stack at once, unless it is measured (`make coverage`)."""
    if "COVERAGE_PROCESS_CONFIG" in os.environ:
        stack.stop()
        return
    with suppress(NotRunning):
        stack.kill()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The service, deployed on a private engine, without any todos."""
    with private_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack
