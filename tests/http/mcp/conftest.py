"""The server in this process, on the tables of the running stack."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.assistant import Assistant, in_process


@pytest.fixture
def assistant(environment: None, owner: str) -> Assistant:
    """The program `claude`, which acts for this test's owner."""
    return Assistant(in_process(owner, actor="agent", client="claude"))


@pytest.fixture
def another(environment: None, owner: str) -> Callable[..., Assistant]:
    """Makes one more of the same owner, with another actor, client or scope."""
    return lambda **of_token: Assistant(in_process(owner, **of_token))
