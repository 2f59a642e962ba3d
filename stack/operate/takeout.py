"""Taking out an owner's todos with all their events, as `loaders` brings them into another deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from chalicelib import settings
from chalicelib.audit.findings import READ_UNIT_BYTES
from chalicelib.aws import dynamodb
from chalicelib.ledger import codec, scan
from chalicelib.ledger.codec import MORE, Item
from chalicelib.todos import fold, ids, instants, takeout_rows
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Owner, Partition

# Of a stream with more events, none is kept from the scan: it is read again, page by page.
MAX_HELD: Final = 100


@dataclass(slots=True)
class Takeout:
    """What was taken out.

    Attributes
    ----------
    left_out : list of str
        The ids of todos whose histories were loaded here in part, so that they are not complete.
    """

    todos: int = 0
    events: int = 0
    left_out: list[str] = field(default_factory=list)


def read_units() -> int:
    """About how many read units a takeout costs: it reads the whole ledger. The size is up to six hours old."""
    table = dynamodb.client().describe_table(TableName=settings.events_table())["Table"]
    return -(-int(table.get("TableSizeBytes", 0)) // READ_UNIT_BYTES)


def take_out(
    owner: Owner, write: Callable[[str], object], progress: Callable[[Takeout], None] = lambda _: None
) -> Takeout:
    """Write an owner's todos with all their events, deleted todos included.

    Each history is as it was at one moment; those of different todos are not, if there are writes meanwhile. In memory
    is one history of at most `MAX_HELD` events, or one page (1 MB) of a longer one.

    Parameters
    ----------
    write : callable
        Takes the lines.
    progress : callable, optional
        Called with the counts after each history.

    Raises
    ------
    AWSError
        The ledger cannot be read.
    """
    done = Takeout()
    write(takeout_rows.header(owner, instants.instant_after(None)))
    for stream, newest, items in _streams(ids.partition_of(owner)):
        _, todo_id = ids.split_stream_id(stream)
        if MORE in newest:
            done.left_out.append(todo_id)
            continue
        done.todos += 1
        for event, is_last in _with_last(items):
            write(takeout_rows.line_of(todo_id, event, is_last=is_last))
            done.events += 1
        progress(done)
    write(takeout_rows.footer(done.todos, done.events))
    return done


def _streams(partition: Partition) -> Iterator[tuple[str, Item, Iterator[Item]]]:
    """Each stream of an owner with its newest event and all of them, oldest first."""
    stream = ""
    held: list[Item] = []
    for item in chain.from_iterable(scan.of_owner(partition)):
        # A scan returns the items of a stream together, but promises no order among them.
        if item["stream_id"]["S"] != stream:
            yield from _stream(stream, held)
            stream, held = item["stream_id"]["S"], []
        if len(held) <= MAX_HELD:
            held.append(item)
    yield from _stream(stream, held)


def _stream(stream: str, held: list[Item]) -> Iterator[tuple[str, Item, Iterator[Item]]]:
    held.sort(key=_version)
    is_all = len(held) <= MAX_HELD and [_version(item) for item in held] == [*range(1, len(held) + 1)]
    if held and is_all:
        yield stream, held[-1], iter(held)
    elif held:
        newest = scan.newest(stream)
        held.clear()
        items = chain.from_iterable(scan.stored(stream, until=_version(newest)))
        yield stream, newest, items


def _with_last(items: Iterator[Item]) -> Iterator[tuple[Event, bool]]:
    """Each event, and whether it is the last; that one has the state as today's fold makes it."""
    before: Item | None = None
    for item in items:
        if before is not None:
            yield codec.decode(before), False
        before = item
    if before is not None:
        event = codec.decode(before)
        schema = max(event.state_schema, fold.STATE_SCHEMA)
        yield replace(event, state=codec.load_state(scan.current_state(before)), state_schema=schema), True


def _version(item: Item) -> int:
    return int(item["version"]["N"])
