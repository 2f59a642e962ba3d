"""What is promised of a repeating todo and its next occurrences, checked on the ledger's writes in their order.

When a client's event completes a todo, then its transaction opens no second todo after it, and one is open, or one that
is completed is due on the wanted date or later, or the rule has ended. When the event reopens it, the todo
that its events wrote last is not open with the content that it was left with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.commands.next_occurrence import MAX_LINKS
from chalicelib.todos import decide, ids, instants, recurrence
from chalicelib.todos.events import Event

# A todo within its owner's ledger.
Stream = str


@dataclass(frozen=True, slots=True)
class Breach:
    """
    Attributes
    ----------
    is_accepted : bool
        Somebody reopened a todo in the middle of the series whose successor had been edited or completed, so that this
        stayed: from then on there are two open ones, which no later look can tell from what was meant.
    """

    text: str
    is_accepted: bool


def breaches(commits: list[list[Event]]) -> Iterator[Breach]:
    """What is wrong, of every write in turn."""
    ledger = _Ledger()
    for events in commits:
        own = next((event for event in events if ledger.flips(event)), None)
        found = [] if own is None else list(ledger.overwritten(own, events))
        open_before = ledger.open_after(own.stream_id) if own is not None else set()
        for event in events:
            ledger.take(event)
        if own is None:
            continue
        ledger.note_split(own)
        found += ledger.after_completion(own, open_before) if own.state["completed"] else ledger.after_reopening(own)
        is_accepted = ledger.was_split(own.stream_id)
        yield from (Breach(f"{own.stream_id}, version {own.version}: {text}", is_accepted) for text in found)


class _Ledger:
    def __init__(self) -> None:
        self._events: defaultdict[Stream, list[Event]] = defaultdict(list)
        self._children: defaultdict[Stream, dict[Stream, None]] = defaultdict(dict)
        self._stream_of: dict[str, Stream] = {}
        # By todo, what its events wrote last to others, the latest at the end.
        self._left: defaultdict[Stream, dict[Stream, Event]] = defaultdict(dict)
        self._split: set[Stream] = set()

    def flips(self, event: Event) -> bool:
        """Whether a client's event completes or reopens its todo."""
        history = self._events[event.stream_id]
        is_clients = bool(history) and event.actor == "client"
        return is_clients and history[-1].state["completed"] != event.state["completed"]

    def take(self, event: Event) -> None:
        self._events[event.stream_id].append(event)
        self._stream_of[event.event_id] = event.stream_id
        cause = self._stream_of.get(event.causation_id or "")
        if cause is not None:
            self._left[cause].pop(event.stream_id, None)
            self._left[cause][event.stream_id] = event
            if event.version == 1:
                self._children[cause][event.stream_id] = None

    def note_split(self, own: Event) -> None:
        """Remember a todo that was reopened while one after it stays."""
        if not own.state["completed"] and self._living_children(own.stream_id):
            self._split.add(own.stream_id)

    def was_split(self, stream: Stream) -> bool:
        """Whether a todo after this one was reopened while its successor stayed."""
        return not self._split.isdisjoint(self._after(stream))

    def open_after(self, stream: Stream) -> set[Stream]:
        return {each for each in self._after(stream) if self._is_open(each)}

    def overwritten(self, own: Event, events: list[Event]) -> Iterator[str]:
        """Open todos that somebody has changed, or made, and that the event is about to write to."""
        for event in events:
            if event is not own and self._is_open(event.stream_id):
                left = self._left[own.stream_id].get(event.stream_id)
                if left is None or self._is_changed(event.stream_id, left):
                    yield f"wrote {event.type} to {event.stream_id}, which somebody else had changed"

    def after_completion(self, own: Event, open_before: set[Stream]) -> Iterator[str]:
        wanted = recurrence.next_occurrence(own.state)
        now_open = self.open_after(own.stream_id)
        opened = now_open - open_before
        if opened and len(now_open) > 1:
            yield f"opened {opened} beside {now_open & open_before}"
        if wanted is None:
            if opened:
                yield "opened a next occurrence although the rule has ended"
            return
        newest = (self._events[each][-1].state for each in self._after(own.stream_id))
        done = [instants.sortable(state["due"] or "0001-01-01") for state in newest if state["completed"]]
        is_done = any(due >= instants.sortable(wanted["due"]) for due in done)
        if opened and is_done:
            yield f"opened {opened} although what follows is done to {max(done)}"
        if not now_open and not is_done and len(done) < MAX_LINKS:
            yield f"no next occurrence on {wanted['due']} or later"
        yield from self._not_as_wanted(own, wanted)

    def _not_as_wanted(self, own: Event, wanted: dict[str, object]) -> Iterator[str]:
        """The todo that the event, or one before it, wrote last, if nobody has changed it and it is not as wanted.

        Where another is open too, which somebody reopened or restored, that may be the next one.
        """
        for stream, left in self._left_last_by(own.stream_id):
            is_untouched = self.open_after(own.stream_id) == {stream} and not self._is_changed(stream, left)
            if is_untouched and decide.content_of(self._events[stream][-1].state) != wanted:
                yield f"{stream} has another content than the wanted one"

    def after_reopening(self, own: Event) -> Iterator[str]:
        before = self._events[own.stream_id][-2].state
        if before["next"] is None and before["repeat"] is None and own.state["repeat"] is None:
            # It neither repeats nor knows of a next occurrence, and so looks at none.
            return
        for stream, left in self._left_last_by(own.stream_id):
            if self._is_open(stream) and not self._is_changed(stream, left):
                yield f"{stream} is open as it was left"

    def _left_last_by(self, stream: Stream) -> Iterator[tuple[Stream, Event]]:
        """The todo that the events of one wrote last, and how they left it."""
        yield from list(self._left[stream].items())[-1:]

    def _is_changed(self, stream: Stream, left: Event) -> bool:
        return decide.is_changed(self._events[stream][-1].state, left.state)

    def _living_children(self, stream: Stream) -> bool:
        return any(not self._events[each][-1].state["deleted"] for each in self._children_of(stream))

    def _is_open(self, stream: Stream) -> bool:
        if not self._events[stream]:
            return False
        state = self._events[stream][-1].state
        return not state["deleted"] and not state["completed"]

    def _children_of(self, stream: Stream) -> dict[Stream, None]:
        partition, todo_id = ids.split_stream_id(stream)
        derived = ids.stream_id(partition, ids.id_for_next(todo_id))
        return self._children[stream] | ({derived: None} if self._events[derived] else {})

    def _after(self, stream: Stream) -> Iterator[Stream]:
        waiting, known = [stream], {stream}
        while waiting:
            for child in self._children_of(waiting.pop()):
                if child not in known:
                    known.add(child)
                    waiting.append(child)
                    yield child
