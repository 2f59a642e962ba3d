"""The ledger's exceptions."""

from __future__ import annotations

from chalicelib.todos.errors import Permanent, Transient, Unavailable
from chalicelib.todos.events import MAX_OLD_EVENT_BYTES


class VersionTaken(Transient):
    """The version to be appended exists already: another's write, or our own whose answer was lost."""


class NoLongerWanted(Transient):
    """What an append was to depend on beside the ledger is not so any more; nothing was written."""


class LedgerUnavailable(Unavailable):
    """DynamoDB did not answer, or refused for now (throttling)."""


class ImportUnfinished(Permanent):
    """The todo's history was brought here in part: until the rest is here, nobody may continue it."""


class EventTooLarge(Permanent):
    """The event would exceed `MAX_OLD_EVENT_BYTES`, or the todo's content `MAX_CONTENT_BYTES`."""

    def __init__(self, size: int, limit: int = MAX_OLD_EVENT_BYTES, noun: str = "the event takes") -> None:
        super().__init__(f"{noun} {size} bytes where {limit} are allowed")
