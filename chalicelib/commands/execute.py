"""One command on one todo: load, decide, append.

The steps and their order make optimistic locking and idempotency work; docs/exactly-once.md explains each of them.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from chalicelib import metrics
from chalicelib.aws.memory import on_forget
from chalicelib.aws.retry import back_off
from chalicelib.ledger import codec, ledger
from chalicelib.ledger.errors import EventTooLarge, LedgerUnavailable, VersionTaken
from chalicelib.todos import events, fold, ids, instants
from chalicelib.todos.content import FieldError, InvalidContent
from chalicelib.todos.decide import NOTHING_CHANGED, Command, Decision, IfMatch, IfNoneMatch, Refusal, decide
from chalicelib.todos.events import REVERTED, Event

# With 20 writers on one todo, none needs more than 14 tries with this backoff if a request takes 10 ms
# (docs/performance.md). All tries together take at most 15 s of the gateway's 29.
MAX_TRIES: Final = 20

# The newest events of the streams that this process wrote or read last: a thousand of the usual ones, and fewer large
# ones, of which a thousand would take 200 MB.
REMEMBERED_STREAMS: Final = 1000
REMEMBERED_BYTES: Final = 8_000_000


class KeyReused(Exception):
    """The idempotency key was used before, for another request on the same todo."""


class TooContended(Exception):
    """Other writers were faster each time."""


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A command on one todo, with everything that decides its result.

    Attributes
    ----------
    owner : str
        The token's ``sub``.
    actor : str
        Who gives it: the owner, who acts for the owner, or a worker of the service.
    client : str, optional
        The program by which it was given, where the token names one.
    operation : str, optional
        The operation that it belongs to. An idempotency key identifies the request without it.
    request_hash : str, optional
        The request that the idempotency key identifies (`request_hash`); present exactly when the key is.
    is_new : bool
        The id was made for this request, so that there cannot be a stream to read.
    """

    owner: ids.Owner
    todo_id: str
    command: Command
    actor: str
    if_match: IfMatch | None = None
    if_none_match: IfNoneMatch | None = None
    idempotency_key: str | None = None
    request_hash: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    is_new: bool = False
    client: str | None = None
    operation: str | None = None

    @property
    def stream(self) -> str:
        """The id of the todo's stream in the ledger."""
        return ids.stream_id(ids.partition_of(self.owner), self.todo_id)


def request_hash(verb: str, todo_id: str, body: object) -> str:
    """The request that a key identifies: verb, todo and body, without preconditions, `Prefer` and operation."""
    return hashlib.sha256(events.canonical_json([verb, todo_id, body]).encode(errors="surrogatepass")).hexdigest()


def current(owner: ids.Owner, todo_id: str) -> Event | None:
    """The newest event of a todo, read afresh."""
    event = ledger.latest(ids.stream_id(ids.partition_of(owner), todo_id))
    if event is not None:
        _latest_events.remember(event)
    return event


def execute(request: CommandRequest) -> tuple[Event, bool]:
    """Carry out the command once, whoever else writes at the same time.

    Returns
    -------
    Event
        The event whose state answers the command.
    bool
        Whether this call appended it; False if the ledger had it before.

    Raises
    ------
    Refusal, InvalidContent
        As `decide` does, and always on a freshly read state.
    KeyReused
        The idempotency key stands for another request.
    EventTooLarge, LedgerUnavailable
        As `ledger.append` does.
    TooContended
        After `MAX_TRIES` lost races.
    """
    metrics.count(metrics.COMMANDS)
    stream = request.stream
    before = None if request.is_new else _latest_events.recall(stream)
    # The remembered event may be old. It may only serve to try a put, which an old event loses; everything else is
    # concluded from a fresh read.
    is_fresh = request.is_new
    lost_races = 0
    is_first = True
    while lost_races < MAX_TRIES:
        if before is None and not is_fresh:
            before, is_fresh = ledger.latest(stream), True
        try:
            result = _attempt(request, before, is_fresh=is_fresh, is_first=is_first)
            if result is not None:
                return result
        except VersionTaken:
            lost_races += 1
            metrics.count(metrics.CONFLICTS)
            back_off(lost_races)
        _latest_events.forget(stream)
        before, is_fresh, is_first = None, False, False
    raise TooContended


def _attempt(
    request: CommandRequest, before: Event | None, *, is_fresh: bool, is_first: bool
) -> tuple[Event, bool] | None:
    """Decide on the event before and append; None if that event is only remembered, and a fresh read must tell.

    Parameters
    ----------
    is_first : bool
        Other streams than the todo's own may be taken as this process remembers them.

    Raises
    ------
    VersionTaken
        Another writer was faster.
    """
    # The key is looked for after the newest event was read: a twin that writes in between is found here, and one that
    # writes later makes the put fail. An empty stream has no key.
    if request.idempotency_key is not None and before is not None:
        version = ledger.version_with_key(request.stream, request.idempotency_key)
        if version is not None:
            return _repeated(request, ledger.at_version(request.stream, version))
    try:
        event = _event_to_append(request, before)
        if event is not None:
            event = _append(before, event, is_first=is_first)
    except (Refusal, InvalidContent, EventTooLarge):
        if is_fresh:
            raise
        return None
    except VersionTaken:
        assert event is not None
        return _already_appended(request, event)
    if event is None and not is_fresh:
        return None
    newest = event or before
    assert newest is not None, "without a todo, a command is refused or creates"
    _latest_events.remember(newest)
    return newest, event is not None


def _already_appended(request: CommandRequest, event: Event) -> tuple[Event, bool]:
    """The result of the request if it was an earlier try of the same request that took the event's version.

    Raises
    ------
    VersionTaken
        It was another writer.
    """
    found = ledger.at_version(event.stream_id, event.version)
    if found is not None and found.event_id == event.event_id:
        # Our own write, made by a try whose answer was lost; what went with it was written too.
        _latest_events.remember(found)
        return found, True
    if found is not None and request.idempotency_key == found.idempotency_key is not None:
        return _repeated(request, found)
    raise VersionTaken


def _repeated(request: CommandRequest, earlier: Event | None) -> tuple[Event, bool]:
    if earlier is None or earlier.request_hash != request.request_hash:
        raise KeyReused
    return earlier, False


def _event_to_append(request: CommandRequest, before: Event | None) -> Event | None:
    """The event that the command leads to; None if nothing would change, and there is no key to record."""
    state, version = (None, 0) if before is None else (before.state, before.version)
    decision = decide(request.command, state, version, request.if_match, request.if_none_match)
    if decision is None and request.idempotency_key is not None:
        # Recorded even if unchanged: otherwise a repeat would be decided anew, on what others have done since.
        decision = NOTHING_CHANGED
    if decision is None:
        return None
    if decision.change.get("parent") == request.todo_id:
        # One that was its own parent before this was refused stays so until its parent is changed.
        raise InvalidContent([FieldError("#/parent", "a todo cannot be its own parent")])
    event = _event_of(request, decision, before)
    if event.type != REVERTED:
        # What was there once may come back.
        codec.check_room(event.state, state)
    return event


def _append(before: Event | None, event: Event, *, is_first: bool) -> Event:
    """Append the event, together with what it does to the todo's next occurrence; returns it as it was written.

    Raises
    ------
    VersionTaken
        When anything that it rests on has changed.
    EventTooLarge, LedgerUnavailable
        As `ledger.append` does.
    """
    if before is None or not _concerns_next(before, event):
        ledger.append(event)
        return event
    # Imported here because only few commands need it.
    from chalicelib.commands import next_occurrence

    def look(stream: str) -> Event | None:
        newest = _latest_events.recall(stream) if is_first else None
        if newest is None and (newest := ledger.latest(stream)) is not None:
            _latest_events.remember(newest)
        return newest

    writing = next_occurrence.follow(before, event, look, assume_none=is_first)
    if len(writing.events) == 1 and not writing.unchanged:
        ledger.append(writing.events[0])
    else:
        _append_together(writing.events, writing.unchanged)
    for each in writing.events:
        _latest_events.remember(each)
    return writing.events[0]


def _concerns_next(before: Event, event: Event) -> bool:
    """Whether an event makes or takes back the next occurrence: whatever its type, `completed` has changed."""
    was, now = before.state, event.state
    if was["completed"] == now["completed"]:
        return False
    if now["completed"]:
        return now["repeat"] is not None
    return was["next"] is not None or was["repeat"] is not None or now["repeat"] is not None


def _append_together(group: list[Event], unchanged: list[tuple[str, int]]) -> None:
    try:
        taken = ledger.append_together(group, unchanged)
    except LedgerUnavailable:
        # Perhaps only the answer was lost. One more try is safe: if the first one wrote, all versions are taken, and
        # the caller recognises its own event.
        back_off(1)
        taken = ledger.append_together(group, unchanged)
    if taken:
        raise VersionTaken


def _event_of(request: CommandRequest, decision: Decision, before: Event | None) -> Event:
    occurred_at = instants.instant_after(before.occurred_at if before else None)
    return Event(
        stream_id=request.stream,
        version=before.version + 1 if before else 1,
        event_id=ids.new_uuid(),
        type=decision.type,
        change=decision.change,
        state=fold.evolve(before.state if before else None, decision.type, decision.change, occurred_at),
        state_schema=fold.STATE_SCHEMA,
        actor=request.actor,
        client=request.client,
        operation=request.operation,
        occurred_at=occurred_at,
        correlation_id=request.correlation_id,
        causation_id=request.causation_id,
        idempotency_key=request.idempotency_key,
        request_hash=request.request_hash,
    )


class _LatestEvents:
    """The newest events that this process knows of, the least recently used forgotten first."""

    def __init__(self, capacity: int, most_bytes: int = REMEMBERED_BYTES) -> None:
        self._capacity = capacity
        self._most_bytes = most_bytes
        self._events: OrderedDict[str, tuple[Event, int]] = OrderedDict()
        self._bytes = 0
        # The threads of a batch share it.
        self._lock = threading.Lock()

    def recall(self, stream: str) -> Event | None:
        known = self._events.get(stream)
        return None if known is None else known[0]

    def remember(self, event: Event) -> None:
        taken = _memory_of(event)
        with self._lock:
            known = self._remove(event.stream_id)
            # Two threads may report out of order; the newer one stays.
            if known is not None and known[0].version > event.version:
                event, taken = known
            self._events[event.stream_id] = event, taken
            self._bytes += taken
            while len(self._events) > self._capacity or self._bytes > self._most_bytes:
                self._remove(next(iter(self._events)))

    def forget(self, stream: str) -> None:
        with self._lock:
            self._remove(stream)

    def clear(self) -> None:
        with self._lock:
            self._events.clear()
            self._bytes = 0

    def _remove(self, stream: str) -> tuple[Event, int] | None:
        known = self._events.pop(stream, None)
        if known is not None:
            self._bytes -= known[1]
        return known


def _memory_of(event: Event) -> int:
    """About as many bytes of memory as an event takes at most: its texts four for each character, the rest by parts."""
    todo = event.state
    return 5_000 + 4 * len(todo["notes"] or "") + 300 * len(todo["tags"] or ()) + 100 * _parts(todo["metadata"])


def _parts(value: object) -> int:
    """How many values a JSON value consists of, and how many dozens of characters."""
    if isinstance(value, dict):
        return 1 + sum(_parts(name) + _parts(member) for name, member in value.items())
    if isinstance(value, list):
        return 1 + sum(map(_parts, value))
    return 1 + len(value) // 24 if isinstance(value, str) else 1


_latest_events: Final = _LatestEvents(REMEMBERED_STREAMS)


@on_forget
def forget() -> None:
    """Forget the newest events, as if the next command came to another process."""
    _latest_events.clear()
