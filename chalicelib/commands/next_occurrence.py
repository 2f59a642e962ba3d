"""What completing or reopening a repeating todo does to its next occurrence, in the same transaction.

A todo that is completed gets a next one; completed again, the same one as the todo is now. Reopened, it takes the next
one back if nobody has changed it. docs/exactly-once.md ("A second stream") explains each rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from chalicelib.ledger import ledger
from chalicelib.todos import decide, earlier_ids, fold, ids, instants, recurrence, zones
from chalicelib.todos.decide import Create, Decision, Delete, Replace
from chalicelib.todos.events import COMPLETED, Change, Event, Next, Todo

# How many todos of a series a look goes through: with the todo itself as many items as a small transaction has.
MAX_LINKS: Final = 8
# How far back the completions of a todo are looked for that has no `next` yet; once for each todo.
MAX_EVENTS_BACK: Final = 1000
# Each asks dateutil for a date, all together in `earlier_ids.MAX_STEPS`.
MAX_COMPLETIONS_BACK: Final = 10

# The newest event of a stream; None if there is no such stream.
Look = Callable[[str], Event | None]


@dataclass(frozen=True, slots=True)
class Writing:
    """What one transaction writes, and what it rests on.

    Attributes
    ----------
    events : list of Event
        The command's own event, and the one of its next occurrence if there is one; at the same instant.
    unchanged : list of (str, int)
        By stream, the versions that must still be free: everything else that was looked at.
    """

    events: list[Event]
    unchanged: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to one todo of the series.

    Attributes
    ----------
    link : str
        The id of the todo that the look ended at.
    decision : Decision, optional
        The event to write there; None if it stays as it is.
    """

    link: str
    decision: Decision | None = None


def follow(before: Event, event: Event, look: Look, *, assume_none: bool) -> Writing:
    """The event, with everything that it does to the next occurrence.

    Parameters
    ----------
    before, event : Event
        The todo's newest event, and a draft of the one that changes `completed`.
    look : callable
        May answer what it remembers: all that was looked at is a condition of the transaction.
    assume_none : bool
        A todo that never had a next occurrence has none yet, and is not looked at; the transaction tells.
    """
    series = _Series(before, event, look, assume_none=assume_none)
    at = event.occurred_at
    while True:
        writing = series.writing(at)
        newest = max(seen.occurred_at for seen in series.seen())
        if newest < at:
            return writing
        # One instant for all events, later than any that they follow; a date may be counted from it.
        at = instants.instant_after(newest)


class _Series:
    """A todo and those after it, as one try of a command sees them."""

    def __init__(self, before: Event, event: Event, look: Look, *, assume_none: bool) -> None:
        self._before = before
        self._event = event
        self._look = look
        self._assume_none = assume_none
        self._partition, self._todo_id = ids.split_stream_id(event.stream_id)
        self._newest: dict[str, Event | None] = {}
        self._firsts: dict[str, Next | None] = {}

    def seen(self) -> Iterator[Event]:
        """The newest events that were looked at, the todo's own included."""
        yield self._before
        yield from (event for event in self._newest.values() if event is not None)

    def writing(self, at: str) -> Writing:
        """What the command's event writes at this instant."""
        state = self._state_at(at, self._event.change)
        wanted = recurrence.next_occurrence(state) if state["completed"] else None
        if state["completed"] and wanted is None:
            # The rule has ended: there is nothing to look at.
            return Writing([replace(self._event, occurred_at=at, state=state)], [])
        known = self._known(self._before, repeats=state["repeat"] is not None)
        step = self._take_back(known) if wanted is None else self._bring(known, wanted)
        change = self._event.change
        following = self._next_after(known, step, is_completed=state["completed"])
        if state["completed"] or following != self._before.state["next"]:
            change = {**change, "next": following}
        own = replace(self._event, occurred_at=at, change=change, state=self._state_at(at, change))
        events = [own]
        if step is not None and step.decision is not None:
            events.append(self._event_of(step.link, step.decision, own))
        written = {event.stream_id for event in events}
        unchanged = [
            (stream, newest.version + 1 if newest else 1)
            for link, newest in self._newest.items()
            if (stream := self._stream(link)) not in written
        ]
        return Writing(events, unchanged)

    def _bring(self, known: Next | None, wanted: dict[str, Any]) -> Step | None:
        """Make, bring back or renew the next occurrence; None after too many that are completed and due earlier."""
        link = known["first"] if known else ids.id_for_next(self._todo_id)
        deleted = None
        for _ in range(MAX_LINKS):
            newest = self._newest_of(link, assume_none=self._assume_none and known is None)
            if newest is None:
                return self._written(deleted or link, wanted)
            if newest.state["completed"]:
                if _is_due_by(newest.state, wanted):
                    return Step(link)
            elif not newest.state["deleted"]:
                return self._written(link, wanted) if self._is_as_left(known, link, newest) else Step(link)
            elif newest.state["next"] is None:
                return self._written(deleted or link, wanted)
            else:
                # It was completed once, and reopened. What followed it may have stayed: then that is the next one.
                deleted = deleted or link
            of_link = self._known(newest)
            link = of_link["first"] if of_link else ids.id_for_next(link)
        return self._written(deleted, wanted) if deleted else None

    def _take_back(self, known: Next | None) -> Step | None:
        """Delete the next occurrence if it is open with the content that it was left with."""
        if known is None or not known["version"]:
            return None
        newest = self._newest_of(known["id"])
        if newest is None or newest.state["deleted"] or newest.state["completed"]:
            return None
        if not self._is_as_left(known, known["id"], newest):
            return None
        return Step(known["id"], decide.decide(Delete(), newest.state, newest.version))

    def _next_after(self, known: Next | None, step: Step | None, *, is_completed: bool) -> Next | None:
        """What the todo knows of its next occurrence after this step; None where it need not remember that none exists.

        A completion states it even if it is the same as before: its answer names the next occurrence.
        """
        if known is None and step is None and self._before.version == 1:
            return None
        first = known["first"] if known else ids.id_for_next(self._todo_id)
        if step is not None and step.decision is not None:
            newest = self._newest.get(step.link)
            return {"first": first, "id": step.link, "version": newest.version + 1 if newest else 1}
        last: Next = {
            "first": first,
            "id": known["id"] if known else first,
            "version": known["version"] if known else 0,
        }
        if is_completed and step is not None and (step.link != last["id"] or not last["version"]):
            last["at"] = step.link
        return last

    def _known(self, event: Event, *, repeats: bool = False) -> Next | None:
        """What a todo knows of its next occurrence; one that was completed before it could is looked up, once."""
        repeats = repeats or event.state["repeat"] is not None
        if event.state["next"] is not None or event.version == 1 or not repeats:
            return event.state["next"]
        if event.stream_id not in self._firsts:
            self._firsts[event.stream_id] = self._made_earlier(event)
        return self._firsts[event.stream_id]

    def _made_earlier(self, newest: Event) -> Next | None:
        """The next occurrence that a completion made under an id of the earlier kind, the newest completion's first."""
        _, todo_id = ids.split_stream_id(newest.stream_id)
        tried: set[tuple[str | None, ...]] = set()
        steps = earlier_ids.Steps()
        for page in ledger.newest_first(newest.stream_id, max(0, newest.version - MAX_EVENTS_BACK)):
            candidates = []
            for event in page:
                state = event.state
                # Without a due date, the next one was counted from the completion.
                counted = (state["repeat"], state["due"], None if state["due"] else state["completed_at"])
                if event.type != COMPLETED or counted in tried or len(tried) == MAX_COMPLETIONS_BACK:
                    continue
                tried.add(counted)
                candidates.append(earlier_ids.id_of_next(self._partition, todo_id, state, steps))
            versions = [(self._stream(each), 1) for each in dict.fromkeys(candidates) if each is not None]
            existing = ledger.events_at(versions) if versions else {}
            for stream, _ in (version for version in versions if version in existing):
                _, found = ids.split_stream_id(stream)
                return {"first": found, "id": found, "version": 1}
        return None

    def _is_as_left(self, known: Next | None, link: str, newest: Event) -> bool:
        """Whether a todo has the content that this one's event left it with: a reminder is no change, nor an undo."""
        if known is None or known["id"] != link or not known["version"]:
            return False
        if newest.version == known["version"]:
            return True
        left = ledger.at_version(newest.stream_id, known["version"])
        return left is not None and not decide.is_changed(newest.state, left.state)

    def _written(self, link: str, wanted: dict[str, Any]) -> Step:
        """The step that gives a todo the wanted content, open."""
        newest = self._newest[link]
        if wanted["parent"] == link:
            # Its id follows from this todo's, so a client can have named it before it existed.
            wanted = {**wanted, "parent": None}
        if newest is None:
            return Step(link, decide.decide(Create(wanted), None, 0))
        command = Create(wanted) if newest.state["deleted"] else Replace(wanted)
        return Step(link, decide.decide(command, newest.state, newest.version))

    def _event_of(self, link: str, decision: Decision, own: Event) -> Event:
        newest = self._newest[link]
        state = newest.state if newest else None
        return replace(
            own,
            stream_id=self._stream(link),
            version=newest.version + 1 if newest else 1,
            event_id=ids.new_uuid(),
            type=decision.type,
            change=decision.change,
            state=fold.evolve(state, decision.type, decision.change, own.occurred_at),
            causation_id=own.event_id,
            idempotency_key=None,
            request_hash=None,
        )

    def _newest_of(self, link: str, *, assume_none: bool = False) -> Event | None:
        if link not in self._newest:
            self._newest[link] = None if assume_none else self._look(self._stream(link))
        return self._newest[link]

    def _stream(self, link: str) -> str:
        return ids.stream_id(self._partition, link)

    def _state_at(self, at: str, change: Change) -> Todo:
        return fold.evolve(self._before.state, self._event.type, change, at)


def _is_due_by(todo: Todo, wanted: dict[str, Any]) -> bool:
    """Whether a todo's date is the one of the wanted content or a later one."""
    if todo["due"] is None:
        return False
    return zones.instant_of(todo["due"], todo["time_zone"]) >= zones.instant_of(wanted["due"], wanted["time_zone"])
