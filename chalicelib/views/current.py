"""The pointer as a process remembers it for some seconds, and reads that survive the drop of the table that it named.

A rebuild's waits outlive the memory (docs/exactly-once.md, "The pointer").
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.aws import errors, memory
from chalicelib.aws.errors import READ_ERRORS
from chalicelib.views import pointer
from chalicelib.views.errors import TableGone, ViewsUnavailable
from chalicelib.views.pointer import Pointer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Clocks:
    """Seconds by both clocks: in a process that was frozen one may have stood still, and the other may be set back."""

    monotonic: float
    wall: float

    def seconds_since(self, then: _Clocks) -> float:
        """How much time has passed, by the clock that says more."""
        return max(self.monotonic - then.monotonic, self.wall - then.wall)


class Memory:
    """What one process remembers of the pointer."""

    def __init__(self) -> None:
        self._found: tuple[Pointer, _Clocks] | None = None

    def pointer(self) -> Pointer:
        """The pointer, read at most `Pointer.remembered_seconds` ago.

        Raises
        ------
        AWSError
        """
        # Before the request is sent: a change that its answer does not have yet is then younger than the memory.
        now = _Clocks(time.monotonic(), time.time())
        if self._found is not None:
            found, read_at = self._found
            if now.seconds_since(read_at) < found.remembered_seconds:
                return found
        found = pointer.pointer()
        self._found = found, now
        return found

    def forget(self) -> None:
        """Read the pointer anew the next time."""
        self._found = None


_memory = Memory()


@memory.on_forget
def forget() -> None:
    """Read the pointer anew the next time."""
    _memory.forget()


def current_pointer() -> Pointer:
    """Which views tables are in use, read some seconds ago or now.

    Raises
    ------
    AWSError
    """
    return _memory.pointer()


def current_table(*, anew: bool = False) -> str:
    """The views table that queries read; `anew` reads the pointer whatever is remembered.

    Raises
    ------
    ViewsUnavailable
    """
    return _readers_pointer(anew=anew).reader


def is_current(table: str) -> bool:
    """Whether queries read this views table; the pointer is read anew before that is denied."""
    return table == current_table() or table == current_table(anew=True)


def read_current(read: Callable[[Pointer], T]) -> T:
    """What `read` makes of the views tables in use; if one was dropped, once more by the pointer as it is now.

    Raises
    ------
    ViewsUnavailable
    """
    try:
        return read(_readers_pointer(anew=False))
    except TableGone:
        return read(_readers_pointer(anew=True))


def unavailable(error: Exception) -> ViewsUnavailable:
    """What a reader of a views table raises for an error of DynamoDB."""
    return (TableGone if is_gone(error) else ViewsUnavailable)(str(error))


def is_gone(error: Exception) -> bool:
    """Whether the error says that a table does not exist."""
    return "ResourceNotFoundException" in errors.codes_of(error)


def _readers_pointer(*, anew: bool) -> Pointer:
    if anew:
        forget()
    try:
        return current_pointer()
    except READ_ERRORS as error:
        raise ViewsUnavailable(str(error)) from error
