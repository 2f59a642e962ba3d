"""An owner's events by todo and version, as the ledger has them; one that cannot be decoded hides no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.aws.errors import READ_ERRORS
from chalicelib.ledger import ledger
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos import ids, instants
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Partition

# (todo id, version)
At = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with the instant at which it occurred (milliseconds since 1970).

    Both are None if the event cannot be read; the instant may be known even then.
    """

    todo_id: str
    version: int
    event: Event | None
    occurred_at: int | None


# The events at these versions.
ReadEvents = Callable[[Sequence[At]], Mapping[At, Recorded]]


def read_events(partition: Partition, versions: Sequence[At]) -> dict[At, Recorded]:
    """The events at these versions, in their order, by consistent reads; what cannot be decoded is a stub.

    Raises
    ------
    LedgerUnavailable
    """
    streams = {(ids.stream_id(partition, todo_id), version): (todo_id, version) for todo_id, version in versions}
    try:
        found = ledger.events_at(streams)
        return {
            at: Recorded(*at, found[key], instants.milliseconds_of(found[key].occurred_at))
            if key in found
            else Recorded(*at, None, None)
            for key, at in streams.items()
        }
    except (LookupError, ValueError, TypeError):
        # It is looked for in either half.
        if len(versions) == 1:
            return {versions[0]: _stub(partition, *versions[0])}
        middle = len(versions) // 2
        return read_events(partition, versions[:middle]) | read_events(partition, versions[middle:])


def _stub(partition: Partition, todo_id: str, version: int) -> Recorded:
    """An event that cannot be decoded, with when it occurred if it says that."""
    at = ids.stream_id(partition, todo_id), version
    try:
        item = ledger.stored_at([at])[at]
        return Recorded(todo_id, version, None, instants.milliseconds_of(item["occurred_at"]["S"]))
    except READ_ERRORS as error:
        raise LedgerUnavailable(str(error)) from error
    except (LookupError, ValueError, TypeError):
        return Recorded(todo_id, version, None, None)
