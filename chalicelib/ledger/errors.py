"""The ledger's exceptions."""

from __future__ import annotations

from chalicelib.todos.errors import Permanent, Transient, Unavailable
from chalicelib.todos.events import MAX_EVENT_BYTES


class VersionTaken(Transient):
    """The version to be appended exists already: another's write, or our own whose answer was lost."""


class LedgerUnavailable(Unavailable):
    """DynamoDB did not answer, or refused for now (throttling)."""


class EventTooLarge(Permanent):
    """The event would exceed `MAX_EVENT_BYTES`."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the event takes {size} bytes where {MAX_EVENT_BYTES} are allowed")
