"""One todo command from HTTP to ledger: load, decide, append.

The steps and their order are the heart of optimistic locking and of idempotency; docs/exactly-once.md tells why each
stands where it does.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

import uuid_utils

from chalicelib import metrics
from chalicelib.aws.retry import back_off
from chalicelib.ledger import ledger
from chalicelib.ledger.codec import EventTooLarge
from chalicelib.todos import events, fold, ids, instants, recurrence
from chalicelib.todos.content import InvalidContent
from chalicelib.todos.decide import NOTHING_CHANGED, Command, Create, Decision, IfMatch, IfNoneMatch, Refusal, decide
from chalicelib.todos.events import COMPLETED, Event

# Twenty writers that give one todo command after command: none needs more than fourteen tries with this backoff where a
# request takes 10 ms (docs/performance.md). All of them take 15 s of the gateway's 29 at the very most.
MAX_TRIES: Final = 20

# The newest events of the streams that this process wrote or read last: about 1 KB each.
REMEMBERED_STREAMS: Final = 1000


class KeyReused(Exception):
    """The idempotency key was used before, for another request on the same todo."""


class TooContended(Exception):
    """Other writers were faster, every time."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command on one todo, with all that decides what becomes of it.

    Attributes
    ----------
    owner : str
        The token's ``sub``.
    is_new : bool
        The id was made for this very request, so there can be no stream to read.
    """

    owner: str
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

    @property
    def stream(self) -> str:
        return ids.stream_id(ids.partition_of(self.owner), self.todo_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The event whose state answers the command; `appended` is False when the ledger had it before."""

    event: Event
    appended: bool


def new_todo_id() -> str:
    """A UUIDv7 (RFC 9562): ids made one after the other sort that way."""
    return str(uuid_utils.uuid7())


def request_hash(operation: str, todo_id: str, body: object) -> str:
    """What an idempotency key stands for: operation, todo and body, but neither preconditions nor `Prefer`."""
    return hashlib.sha256(events.canonical_json([operation, todo_id, body]).encode(errors="surrogatepass")).hexdigest()


def current(owner: str, todo_id: str) -> Event | None:
    """The newest event of a todo, read afresh."""
    event = ledger.latest(ids.stream_id(ids.partition_of(owner), todo_id))
    if event is not None:
        _latest_events.remember(event)
    return event


def execute(order: Order) -> Outcome:
    """Do what the order says, once, whoever else writes at the same time.

    Raises
    ------
    Refusal, InvalidContent
        As `decide` does, and always on a freshly read state.
    KeyReused
        When the idempotency key stands for another request.
    EventTooLarge, LedgerUnavailable
        As `ledger.append` does.
    TooContended
        After `MAX_TRIES` lost races.
    """
    metrics.count(metrics.COMMANDS)
    stream = order.stream
    before = None if order.is_new else _latest_events.recall(stream)
    # What memory says may be old. It may only try a put, which an old memory loses; all else is said of a fresh read.
    is_fresh = order.is_new
    lost_races = 0
    while lost_races < MAX_TRIES:
        if before is None and not is_fresh:
            before, is_fresh = ledger.latest(stream), True
        # The key is looked for after the newest event was read: a twin that writes in between is found here, and one
        # that writes later makes the put fail. An empty stream holds no key.
        if order.idempotency_key is not None and before is not None:
            version = ledger.version_with_key(stream, order.idempotency_key)
            if version is not None:
                return _repeated(order, ledger.at_version(stream, version))
        try:
            event = _event_to_append(order, before)
            if event is None and is_fresh:
                assert before is not None, "on nothing, a command is refused or creates"
                _latest_events.remember(before)
                return Outcome(before, appended=False)
            if event is not None:
                _append(order, event)
                _latest_events.remember(event)
                return Outcome(event, appended=True)
        except (Refusal, InvalidContent, EventTooLarge):
            if is_fresh:
                raise
        except ledger.VersionTaken:
            assert event is not None
            standing = ledger.at_version(stream, event.version)
            if standing is not None and standing.event_id == event.event_id:
                # Our own write, made by a try whose answer was lost.
                _latest_events.remember(event)
                return Outcome(event, appended=True)
            if standing is not None and order.idempotency_key == standing.idempotency_key is not None:
                return _repeated(order, standing)
            lost_races += 1
            metrics.count(metrics.CONFLICTS)
            back_off(lost_races)
        _latest_events.forget(stream)
        before, is_fresh = None, False
    raise TooContended


def _event_to_append(order: Order, before: Event | None) -> Event | None:
    state, version = (None, 0) if before is None else (before.state, before.version)
    decision = decide(order.command, state, version, order.if_match, order.if_none_match)
    if decision is None and order.idempotency_key is not None:
        # Recorded all the same: a repeat that found no trace would be decided anew, on what others have done since.
        decision = NOTHING_CHANGED
    return None if decision is None else _event_of(order, decision, before)


def _append(order: Order, event: Event) -> None:
    """Append the event; a completion of what repeats together with the first event of the next occurrence.

    Raises
    ------
    VersionTaken, EventTooLarge, LedgerUnavailable
        As `ledger.append` does; `VersionTaken` is of the event itself.
    """
    following = _next_occurrence(order, event)
    if following is None:
        ledger.append(event)
        return
    try:
        taken = ledger.append_together([event, following])
    except ledger.LedgerUnavailable:
        # Perhaps only the answer was lost. One more try is safe: had the first written, both versions are taken, and
        # the caller knows its own event again.
        back_off(1)
        taken = ledger.append_together([event, following])
    if 0 in taken:
        raise ledger.VersionTaken
    if taken:
        # The next occurrence stands already: the todo was completed before, and reopened.
        ledger.append(event)


def _next_occurrence(order: Order, completion: Event) -> Event | None:
    """The first event of the todo that follows a completed one, where that repeats.

    Its id is derived, so that completing again what was reopened does not make it twice.
    """
    if completion.type != COMPLETED:
        return None
    content = recurrence.next_occurrence(completion.state)
    if content is None:
        return None
    command = Create(content)
    following = replace(
        order,
        todo_id=ids.id_for_occurrence(order.owner, order.todo_id, instants.sortable(content["due"])),
        command=command,
        idempotency_key=None,
        request_hash=None,
        causation_id=completion.event_id,
    )
    decision = decide(command, None, 0)
    assert decision is not None, "on nothing, a content creates"
    return _event_of(following, decision, None)


def _repeated(order: Order, earlier: Event | None) -> Outcome:
    if earlier is None or earlier.request_hash != order.request_hash:
        raise KeyReused
    return Outcome(earlier, appended=False)


def _event_of(order: Order, decision: Decision, before: Event | None) -> Event:
    occurred_at = instants.instant_after(before.occurred_at if before else None)
    return Event(
        stream_id=order.stream,
        version=before.version + 1 if before else 1,
        event_id=str(uuid_utils.uuid7()),
        type=decision.type,
        change=decision.change,
        state=fold.evolve(before.state if before else None, decision.type, decision.change, occurred_at),
        state_schema=fold.STATE_SCHEMA,
        actor=order.actor,
        occurred_at=occurred_at,
        correlation_id=order.correlation_id,
        causation_id=order.causation_id,
        idempotency_key=order.idempotency_key,
        request_hash=order.request_hash,
    )


class _LatestEvents:
    """The newest events that this process knows of, the least recently used forgotten first."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._events: OrderedDict[str, Event] = OrderedDict()

    def recall(self, stream: str) -> Event | None:
        return self._events.get(stream)

    def remember(self, event: Event) -> None:
        known = self._events.pop(event.stream_id, None)
        # Two threads may report out of order; the newer one stays.
        self._events[event.stream_id] = known if known is not None and known.version > event.version else event
        if len(self._events) > self._capacity:
            self._events.popitem(last=False)

    def forget(self, stream: str) -> None:
        self._events.pop(stream, None)


_latest_events: Final = _LatestEvents(REMEMBERED_STREAMS)
