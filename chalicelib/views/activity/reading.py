"""Pages of an owner's activity: the walk over the tables that it is about, and the events as the ledger has them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.aws.errors import READ_ERRORS
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos import ids
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Owner
from chalicelib.views import current, schema
from chalicelib.views.activity.asked import Asked
from chalicelib.views.activity.history import History
from chalicelib.views.activity.position import Position
from chalicelib.views.activity.walk import Entry, Given, Walk, entry_of
from chalicelib.views.errors import PositionExpired
from chalicelib.views.pointer import Pointer
from chalicelib.views.recorded import At, Recorded, read_events
from chalicelib.views.sync.walk import generation_of

# A filter may refuse most of what is read: as many as DynamoDB gives in one request.
_AT_ONCE_FILTERED: Final = 100
# Without one, a page reads what it gives and one event more, which says that there are more; no more than about 3 MB.
_AT_ONCE: Final = 51


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, newest first, where the next page begins, and from when on (milliseconds) nothing is missing.

    `next` is None after the last page. Only that has a `complete_from`, and not if it reaches back to the first event.
    """

    given: list[Given[Any]]
    next: str | None
    complete_from: int | None


# Whether there is room for one more event.
HasRoom = Callable[[Recorded], bool]


class Reader:
    """Reads one page of an owner's activity.

    Parameters
    ----------
    limit : int
        At most so many events; a page may hold fewer, even none, and still have a next.
    has_room : callable
        Called with each event before it is taken; the page ends where it returns False, except at its first event.
    """

    def __init__(self, owner: Owner, asked: Asked, limit: int, has_room: HasRoom) -> None:
        self._partition = ids.partition_of(owner)
        self._asked = asked
        self._limit = limit
        self._has_room = has_room
        # What was read for this page, so that it is not read again for what was before.
        self._read: dict[At, Recorded] = {}

    def page(self, position: Position | None) -> Page:
        """The events of all todos, newest first as the views learned of them.

        Raises
        ------
        PositionExpired
            When the walk began more than a day ago, or in another views table.
        ViewsUnavailable, LedgerUnavailable
        """
        if position is None or position.generation != generation_of(current.current_table()):
            # What begins now should outlive a rebuild's end, and another process may know of that already.
            current.forget()

        def read(now: Pointer) -> Page:
            generation = generation_of(now.reader)
            if position is not None and position.generation != generation:
                raise PositionExpired("The views were rebuilt since then.")
            walk = Walk(
                lambda highest, limit: self._log(now.reader, highest, limit),
                self.events,
                time.time_ns() // 1_000_000,
                since=self._asked.since_milliseconds,
                at_once=self._at_once,
                choose=self._choose,
            )
            try:
                given, following = self._take(walk.page(position or generation))
            except READ_ERRORS as error:
                raise current.unavailable(error) from error
            following = following if following is not None else walk.next
            return Page(given, _text(following), walk.complete_from if following is None else None)

        return current.read_current(read)

    def page_of_todo(self, todo_id: str, version: int | None) -> Page:
        """The events of one todo, newest first, from a version down; None for its newest.

        Raises
        ------
        LedgerUnavailable
        """
        history = History(self.events, since=self._asked.since_milliseconds, at_once=self._at_once, choose=self._choose)
        newest = self._newest_version(todo_id) if version is None else version
        given, following = self._take(history.page(todo_id, newest))
        following = following if following is not None else history.next
        return Page(given, _text(following or None), None)

    def events(self, versions: Sequence[At]) -> dict[At, Recorded]:
        """The events at these versions, in their order; what cannot be decoded is a stub."""
        missing = [at for at in versions if at not in self._read]
        if missing:
            self._read |= read_events(self._partition, missing)
        return {at: self._read[at] for at in versions}

    def before(self, events: Iterable[Recorded]) -> dict[At, Event]:
        """For each of these events, the one before it; without those that have none, or none that can be read."""
        wanted = [each for each in events if each.event is not None and each.version > 1]
        found = self.events([(each.todo_id, each.version - 1) for each in wanted])
        return {
            (each.todo_id, each.version): event
            for each in wanted
            if (event := found[each.todo_id, each.version - 1].event) is not None
        }

    @property
    def _at_once(self) -> int:
        return min(self._limit + 1, _AT_ONCE) if self._asked.is_all else _AT_ONCE_FILTERED

    def _take(self, given: Iterable[Given[Any]]) -> tuple[list[Given[Any]], Any]:
        """The events that fit on the page, and where the page ends if the next one does not fit."""
        taken: list[Given[Any]] = []
        for each in given:
            if len(taken) == self._limit or (not self._has_room(each.recorded) and taken):
                return taken, taken[-1].behind
            taken.append(each)
        return taken, None

    def _choose(self, events: Sequence[Recorded]) -> list[Recorded]:
        if self._asked.is_all:
            return list(events)
        readable = [(each, each.event) for each in events if each.event is not None]
        before = self.before(each for each, event in readable if self._asked.may_leave_a_list(event))
        return [
            each for each, event in readable if self._asked.accepts(event, before.get((each.todo_id, each.version)))
        ]

    def _newest_version(self, todo_id: str) -> int:
        """The newest version of a todo, by a strongly consistent read; 0 if there is no such todo."""
        try:
            items = dynamodb.client().query(
                TableName=settings.events_table(),
                KeyConditionExpression="stream_id = :stream_id",
                ExpressionAttributeValues={":stream_id": {"S": ids.stream_id(self._partition, todo_id)}},
                ProjectionExpression="version",
                ScanIndexForward=False,
                Limit=1,
                ConsistentRead=True,
            )["Items"]
        except READ_ERRORS as error:
            raise LedgerUnavailable(str(error)) from error
        return int(items[0]["version"]["N"]) if items else 0

    def _log(self, table: str, highest: int | None, limit: int) -> tuple[list[Entry], bool]:
        low = schema.LOG_PREFIX
        high = schema.log_key(highest) if highest is not None else low + schema.BEHIND_ALL
        request = dynamodb.between(table, self._partition, low, high)
        answer = dynamodb.client().query(**request, Limit=limit, ScanIndexForward=False)
        return [entry_of(item) for item in answer["Items"]], "LastEvaluatedKey" not in answer


def _text(position: Position | int | None) -> str | None:
    return None if position is None else str(position)
