"""The undo of operations through the API, over a DynamoDB in memory: the todos are what a model makes of them."""

from __future__ import annotations

import pytest

from tests.simulation import in_memory, undo_sessions
from tests.support.in_process import InProcess
from tests.support.thorough import many

# With `--thorough 100`, there are a thousand.
SESSIONS = many(10)
CHUNK = 5


@pytest.mark.parametrize("first", range(0, SESSIONS, CHUNK))
def test_after_a_session_of_three_actors_undo_and_its_undo_equal_the_models(first: int) -> None:
    for seed in range(first, first + CHUNK):
        with in_memory.service(seed):
            undo_sessions.play(seed, InProcess(f"owner-{seed}"))
