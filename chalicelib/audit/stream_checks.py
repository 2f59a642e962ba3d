"""Pure checks of one todo: its events in themselves, and its row against them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from chalicelib.ledger import codec, scan
from chalicelib.ledger.codec import load_state
from chalicelib.todos import fold, ids
from chalicelib.todos.events import Todo
from chalicelib.views import schema

INDEX_ATTRIBUTES: Final = (schema.DUE_AT, "by_list", "by_due", "by_created", "remind_shard", "remind_at")

Item = dict[str, dict[str, Any]]

# What is wrong: its kind and a detail.
Found = tuple[str, str]


class StreamCheck:
    """Checks the events of one stream, given one by one, oldest first; holds one state at a time."""

    def __init__(self) -> None:
        self._found: list[Found] = []
        self._is_unfinished = False
        self._version = 0
        self._occurred_at = ""
        self._todo: Todo | None = None

    @property
    def found(self) -> list[Found]:
        """What is wrong with the events so far, if no more of them follow."""
        if not self._is_unfinished:
            return self._found
        return [*self._found, ("unfinished", f"version {self._version} is not the last of its history")]

    def take(self, item: Item) -> None:
        """Check the next event of the stream, oldest first."""
        self._found += self._check(item)
        self._is_unfinished = codec.MORE in item

    def _check(self, item: Item) -> Iterator[Found]:
        version = int(item["version"]["N"])
        follows = version == self._version + 1
        if not follows:
            yield "versions", f"version {version} stands where {self._version + 1} belongs"
        self._version = version
        try:
            event = codec.decode(item)
        except (LookupError, ValueError, TypeError) as error:
            yield "undecodable", f"version {version}: {error!r}"
            return
        if event.occurred_at <= self._occurred_at:
            yield "occurred-at", f"version {version} occurred at {event.occurred_at}, not after {self._occurred_at}"
        self._occurred_at = max(event.occurred_at, self._occurred_at)
        # After a gap, or an event of a newer writer, the check continues from the event's own state.
        if not follows or event.state_schema > fold.STATE_SCHEMA:
            self._todo = event.state
            return
        self._todo = fold.follow(self._todo, event)
        if event.state_schema == fold.STATE_SCHEMA and self._todo != _with_short_reminded(event.state):
            yield "state", f"version {version}: {_unequal(self._todo, event.state)} not as the events make it"


def _with_short_reminded(todo: Todo) -> Todo:
    """The state as the fold makes it today, which shortens a long `reminded` that it once copied."""
    return {**todo, "reminded": fold.reminded_form(todo["reminded"])}


def check_row(
    owner: ids.Partition, todo_id: str, row: Item | None, wanted: Item | None, standing: Item | None
) -> Iterator[Found]:
    """What is wrong with a todo's row.

    Parameters
    ----------
    row : Item, optional
        As the views table has it.
    wanted : Item, optional
        The event that the row must have reached: the stream's newest when it was read, before the row.
    standing : Item, optional
        The event of the row's own version, read after the row.
    """
    if row is None:
        # The projection waits for the rest of a history that was brought here in part.
        if wanted is not None and codec.MORE not in wanted and not load_state(wanted["state"]["S"])["deleted"]:
            yield "row-missing", f"version {wanted['version']['N']} has no row"
        return
    version = int(row["version"]["N"])
    if wanted is None and standing is None:
        yield "row-orphan", f"a row of version {version} without a stream"
    elif wanted is not None and version < int(wanted["version"]["N"]):
        yield "row-behind", f"version {version} where the stream has {wanted['version']['N']}"
    elif standing is None:
        yield "row-ahead", f"version {version}, which the stream does not have"
    else:
        yield from _check_content(owner, todo_id, row, standing)


def _check_content(owner: ids.Partition, todo_id: str, row: Item, standing: Item) -> Iterator[Found]:
    state = row["state"]["S"]
    if state != standing["state"]["S"] or int(standing["state_schema"]["N"]) < fold.STATE_SCHEMA:
        has, should_have = load_state(state), load_state(scan.current_state(standing))
        if has != should_have:
            yield "row-state", f"version {row['version']['N']}: {_unequal(has, should_have)} not as the event has it"
            return
    expected: dict[str, Any] = schema.index_attributes(owner, todo_id, state)
    actual: dict[str, Any] = {name: row[name] for name in INDEX_ATTRIBUTES if name in row}
    if actual != expected:
        yield "row-index", f"version {row['version']['N']}: {_unequal(actual, expected)} not as the state says"
    if (schema.TTL_ATTRIBUTE in row) != bool(load_state(state)["deleted"]):
        yield "row-expiry", f"version {row['version']['N']}: only a deleted todo's row expires, and it does"


def _unequal(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The names under which two mappings differ."""
    return ", ".join(sorted(name for name in {*one, *other} if one.get(name) != other.get(name))) + " is"
