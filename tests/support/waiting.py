"""Waiting for what other processes and threads do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

# A request or a projection that takes longer has failed. Both usually take a fraction of a second, but a machine can be
# busy with other things, and a test that passes waits for no longer than it has to.
PATIENCE_SECONDS: Final = 180.0
POLL_SECONDS: Final = 0.02

Result = TypeVar("Result")


def eventually(condition: Callable[[], Result], timeout: float = PATIENCE_SECONDS) -> Result:
    """Wait until a condition holds.

    Returns
    -------
    What the condition returned.

    Raises
    ------
    AssertionError
        With its last value, after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not so within {timeout} s; last seen: {found!r}"
        time.sleep(POLL_SECONDS)


def shows(read: Callable[[], Result], expected: Result, timeout: float = PATIENCE_SECONDS) -> None:
    """Wait until what is read equals what is expected; after `timeout` seconds, fail showing both."""
    deadline = time.monotonic() + timeout
    while (found := read()) != expected and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    assert found == expected


def in_time(write: Callable[[], Any]) -> Any:
    """Repeat a write that can be repeated until the views had it within the time that it waits; its answer."""

    def waited() -> Any:
        answer = write()
        return answer if "Preference-Applied" in answer.headers else None

    return eventually(waited)


def shows_as_waited(answer: Any, look: Callable[[], Result], expected: Result) -> None:
    """Assert that the views show a write: at once if its answer says that it waited for them, otherwise in the end."""
    if "Preference-Applied" in answer.headers:
        assert look() == expected
    shows(look, expected)


def at_once(actions: Sequence[Callable[[], Result]]) -> list[Result]:
    """Do everything at the same time, each action in a thread of its own; the results in the order of the actions."""
    start = threading.Barrier(len(actions))

    def act(action: Callable[[], Result]) -> Result:
        start.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))
