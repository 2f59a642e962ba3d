"""The audit at the end of a schedule: pure functions over all items, written independently of `stack audit`."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from chalicelib.ledger.codec import dump_state
from chalicelib.publishing import cloudevents
from chalicelib.todos import fold, ids, instants
from chalicelib.todos.events import REMINDED, Event
from chalicelib.todos.ids import Partition
from chalicelib.views import schema
from chalicelib.views.codec import LOG_SECONDS, load_counts
from tests.simulation.expressions import Item
from tests.simulation.reader import Reader
from tests.simulation.series import breaches

COUNTERS = ("total", "open", "completed")


def _by_stream(found: Iterable[Event]) -> Iterator[tuple[str, list[Event]]]:
    """Each stream's events in the order of their versions."""
    by_stream: defaultdict[str, list[Event]] = defaultdict(list)
    for event in found:
        by_stream[event.stream_id].append(event)
    for stream, events in by_stream.items():
        yield stream, sorted(events, key=lambda event: event.version)


def streams(found: Iterable[Event]) -> Iterator[str]:
    """Differences within the ledger: versions unbroken, states the fold of the events, instants growing, a key once."""
    for stream, events in _by_stream(found):
        if [event.version for event in events] != list(range(1, len(events) + 1)):
            yield f"{stream}: versions {[event.version for event in events]}"
            continue
        todo = None
        for event in events:
            todo = fold.follow(todo, event)
            if event.state != todo:
                yield f"{stream}: the state of version {event.version} is not the fold of its events"
        if any(one.occurred_at >= other.occurred_at for one, other in pairwise(events)):
            yield f"{stream}: its instants do not grow"
        used = Counter(event.idempotency_key for event in events if event.idempotency_key)
        yield from (f"{stream}: the key {key!r} took effect {count} times" for key, count in used.items() if count > 1)


def heads(found: Iterable[Event]) -> dict[tuple[str, str], Event]:
    """The newest event of each (owner, todo id)."""
    newest: dict[tuple[str, str], Event] = {}
    for event in found:
        key = ids.split_stream_id(event.stream_id)
        if key not in newest or newest[key].version < event.version:
            newest[key] = event
    return newest


def rows(newest: dict[tuple[str, str], Event], items: Iterable[Item]) -> Iterator[str]:
    """Rows that are not the newest event of a stream, or do not stand in the indexes as it says, or are missing."""
    found = {
        (item["owner"]["S"], item["sk"]["S"].removeprefix(schema.TODO_PREFIX)): item
        for item in items
        if item["sk"]["S"].startswith(schema.TODO_PREFIX)
    }
    yield from (f"{key}: a row without a stream" for key in found.keys() - newest.keys())
    for key, head in newest.items():
        row = found.get(key)
        if row is None:
            if not head.state["deleted"]:
                yield f"{key}: no row for version {head.version}"
            continue
        state = dump_state(head.state)
        wanted = {"version": {"N": str(head.version)}, "state": {"S": state}}
        wanted |= schema.index_attributes(Partition(key[0]), key[1], state)
        rest = row.keys() - wanted.keys() - {"owner", "sk", "revision"}
        if any(row.get(name) != value for name, value in wanted.items()):
            yield f"{key}: the row has version {row['version']['N']} where the ledger has {head.version}"
        elif rest != ({schema.TTL_ATTRIBUTE} if head.state["deleted"] else set()):
            yield f"{key}: the row has {sorted(rest)}"


def tallies(newest: dict[tuple[str, str], Event], items: Iterable[Item]) -> Iterator[str]:
    """Tallies that are not what a recount of the ledger gives."""
    recount: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (owner, _), head in newest.items():
        if not head.state["deleted"]:
            for sort_key in (schema.TALLY_KEY, schema.list_key(head.state["list"])):
                recount[owner, sort_key].update(["total", "completed" if head.state["completed"] else "open"])
    kept = {
        (item["owner"]["S"], item["sk"]["S"]): {name: int(item[name]["N"]) for name in COUNTERS}
        for item in items
        if item["sk"]["S"] == schema.TALLY_KEY or item["sk"]["S"].startswith(schema.LIST_PREFIX)
    }
    for key in recount.keys() | kept.keys():
        counted = {name: recount[key][name] for name in COUNTERS} if key in recount else None
        stands = kept.get(key)
        is_empty = not any((stands or {}).values())
        if counted is None and is_empty and (key[1] == schema.TALLY_KEY or stands is None):
            continue
        if counted != stands:
            yield f"{key}: the tally says {stands}, a recount {counted}"


def log(items: Iterable[Item], expired: set[tuple[str, str]], events: Iterable[Event]) -> Iterator[str]:
    """Gaps in the log (but for what the TTL took), rows that their entry does not name, events counted wrongly."""
    revisions: dict[str, int] = {}
    entries: dict[tuple[str, str], Item] = {}
    todos: list[Item] = []
    for item in items:
        owner, sort_key = item["owner"]["S"], item["sk"]["S"]
        if sort_key == schema.TALLY_KEY:
            revisions[owner] = int(item["revision"]["N"])
        elif sort_key.startswith(schema.LOG_PREFIX):
            entries[owner, sort_key] = item
        elif sort_key.startswith(schema.TODO_PREFIX):
            todos.append(item)
    wanted = {(owner, schema.log_key(number)) for owner, last in revisions.items() for number in range(1, last + 1)}
    yield from (f"{key}: missing in the log" for key in wanted - entries.keys() - expired)
    yield from (f"{key}: beyond the tally's revision" for key in entries.keys() - wanted)
    yield from _events_brought(entries, expired, events)
    for row in todos:
        key = (row["owner"]["S"], schema.log_key(int(row["revision"]["N"])))
        change = [row["sk"]["S"].removeprefix(schema.TODO_PREFIX), int(row["version"]["N"])]
        if key in entries and change not in json.loads(entries[key]["changes"]["S"]):
            yield f"{key}: does not name {change}"


def _events_brought(
    entries: Mapping[tuple[str, str], Item], expired: set[tuple[str, str]], events: Iterable[Event]
) -> Iterator[str]:
    """Entries that do not say that they brought the events behind those of the todo's entry before them."""
    reached: dict[tuple[str, str], int] = {}
    occurred_at = {(event.stream_id, event.version): event.occurred_at for event in events}
    owners_without_all = {owner for owner, sort_key in expired if sort_key.startswith(schema.LOG_PREFIX)}
    for (owner, sort_key), item in sorted(entries.items()):
        changes = json.loads(item["changes"]["S"])
        for (todo_id, version), count in zip(changes, load_counts(item["counts"]["S"], len(changes)), strict=True):
            before = reached.get((owner, todo_id), 0)
            wanted = {version - before}
            if not before or (owner, schema.todo_key(todo_id)) in expired:
                # Without a row, a todo brings all of its events, or none if they are old.
                at = instants.milliseconds_of(item["at"]["S"])
                last = occurred_at[ids.stream_id(Partition(owner), todo_id), version]
                is_old = instants.milliseconds_of(last) < at - LOG_SECONDS * 1000
                wanted = (wanted if before else set()) | {0 if is_old else version}
            if owner not in owners_without_all and count not in wanted:
                yield f"{owner}, {sort_key}: counts {count} events of {todo_id} from {before} to {version}"
            reached[owner, todo_id] = version


def feed(reader: Reader, newest: dict[tuple[str, str], Event], items: Iterable[Item]) -> Iterator[str]:
    """What a reader of the feed knows beside what there is: every live todo, every tombstone, and nothing else."""
    owner, known = reader.owner, reader.known
    if not reader.has_ended:
        yield f"{owner}: the feed has no end"
    live_or_tombstones = {
        item["sk"]["S"].removeprefix(schema.TODO_PREFIX)
        for item in items
        if item["owner"]["S"] == owner and item["sk"]["S"].startswith(schema.TODO_PREFIX)
    }
    for todo_id in live_or_tombstones | known.keys():
        head = newest[owner, todo_id]
        now, brought = (head.version, head.state["deleted"]), known.get(todo_id)
        # Of what was deleted long ago no later version is told, such as a command's that changed nothing.
        is_gone = todo_id not in live_or_tombstones and head.state["deleted"]
        is_long_gone = is_gone and brought is not None and brought[1]
        if brought != now and not is_long_gone:
            yield f"{owner}, {todo_id}: the feed brought {brought}, the newest is {now}"


def reminders(found: Iterable[Event], until: int) -> Iterator[str]:
    """Todos that were reminded of twice at the same instant, or not by `until` (ms) although they wait for it."""
    for stream, events in _by_stream(found):
        given = [instants.sortable(str(event.state["remind_at"])) for event in events if event.type == REMINDED]
        yield from (f"{stream}: reminded twice of {one}" for one, other in pairwise(given) if one == other)
        head = events[-1].state
        if head["deleted"] or head["completed"] or head["remind_at"] is None:
            continue
        if instants.parse(head["remind_at"]).timestamp() * 1000 > until:
            continue
        if head["reminded"] is None or instants.parse(head["reminded"]) != instants.parse(head["remind_at"]):
            yield f"{stream}: not reminded of {head['remind_at']}"


def published(bodies: Mapping[str, list[str]], events: Iterable[Event]) -> Iterator[str]:
    """Events that never went out, or as what they are not; `bodies` by event id."""
    for event in events:
        of_event = bodies.get(event.event_id, [])
        if not of_event:
            yield f"{event.stream_id}, version {event.version}: not published"
        elif len(set(of_event)) > 1 or json.loads(of_event[0])["data"]["event"] != cloudevents.published_event(event):
            yield f"{event.stream_id}, version {event.version}: published as {set(of_event)}"


def series(commits: list[list[Event]]) -> Iterator[str]:
    """Breaches of what is promised of next occurrences, and events of one transaction at different instants.

    The transaction of an undo has todos that have nothing to do with each other.
    """
    yield from (breach.text for breach in breaches(commits) if not breach.is_accepted)
    for events in commits:
        if events[0].undoes is None and len({event.occurred_at for event in events}) > 1:
            yield f"{events[0].stream_id}, version {events[0].version}: {[event.occurred_at for event in events]}"
