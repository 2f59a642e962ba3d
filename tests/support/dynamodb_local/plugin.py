"""A pytest plugin that runs tests on DynamoDB Local: `pytest -p tests.support.dynamodb_local.plugin`.

Tests that ask no DynamoDB are left out: another one makes no difference to them.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Final

import pytest

from tests.support.dynamodb_local.differences import DIFFERENCES

# The fixture of those that need only DynamoDB and queues, in moto.
MOCKED: Final = "aws_in_process"

_URL: Final = pytest.StashKey[str]()
_entered = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start it once for all workers, and let every engine and every test of this process use it."""
    # The root conftest isolates this process before it imports anything else of the project.
    from tests.support.dynamodb_local.server import running

    worker = getattr(config, "workerinput", None)
    url = worker["dynamodb_local"] if worker else _entered.enter_context(running())
    config.stash[_URL] = url
    _use(url, _entered.enter_context(pytest.MonkeyPatch.context()))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where it is."""
    node.workerinput["dynamodb_local"] = node.config.stash[_URL]


def pytest_unconfigure() -> None:
    """Stop it."""
    _entered.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what asks no DynamoDB, and skip what is known to differ."""
    chosen: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        asks = item.get_closest_marker("engine") or MOCKED in getattr(item, "fixturenames", ())
        (chosen if asks else others).append(item)
        reason = DIFFERENCES.get(item.nodeid.partition("[")[0])
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=f"DynamoDB Local: {reason}"))
    items[:] = chosen
    config.hook.pytest_deselected(items=others)


def _use(url: str, patch: pytest.MonkeyPatch) -> None:
    from stack.local import launch
    from tests.support import aws_in_process
    from tests.support.dynamodb_local import engine

    patch.setattr(launch, "ENGINE", engine.MODULE)
    patch.setattr(launch, "INHERITED", (*launch.INHERITED, engine.VARIABLE))
    patch.setenv(engine.VARIABLE, url)
    patch.setattr(aws_in_process, "DYNAMODB", url)
