"""Ways to treat next occurrences that are not enough: each is one line of the rules, left out or simpler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import uuid5

from chalicelib.commands import execute, next_occurrence
from chalicelib.commands.next_occurrence import Step, Writing
from chalicelib.ledger import ledger
from chalicelib.ledger.errors import VersionTaken
from chalicelib.todos import decide, ids
from chalicelib.todos.events import COMPLETED, REOPENED, Event
from tests.simulation.mutants import Mutant
from tests.simulation.repeating import RepeatingSchedule
from tests.simulation.seams import Seat

Series = next_occurrence._Series


@dataclass(frozen=True)
class RepeatingMutant(Mutant):
    """A mutant that is looked for in schedules of repeating todos alone."""

    def schedule(self, seed: int, seat: Seat) -> list[str]:
        with self.replaced():
            return RepeatingSchedule(seed, seat).run()


@contextmanager
def an_id_by(name_of: Callable[[Series, dict[str, Any]], object]) -> Iterator[None]:
    """The id of the first todo after another follows from more than that todo's id."""
    real = Series._bring
    named: list[object] = [None]

    def bring(self: Series, known: Any, wanted: dict[str, Any]) -> Step | None:
        named[0] = name_of(self, wanted)
        return real(self, None, wanted)

    def id_for_next(todo_id: str) -> str:
        return str(uuid5(ids.OCCURRENCE_NAMESPACE, f"{todo_id}#{named[0]}"))

    stated = {name: getattr(ids, name) for name in ("new_uuid", "split_stream_id", "stream_id")}
    with (
        patch.object(Series, "_bring", bring),
        patch.object(next_occurrence, "ids", SimpleNamespace(**stated, id_for_next=id_for_next)),
    ):
        yield


@contextmanager
def reverted_with_the_content() -> Iterator[None]:
    """A revert brings back what the todo knew of its next occurrence, too."""
    real = decide._revert

    def revert(command: decide.Revert, todo: Any) -> decide.Decision | None:
        decision = real(command, todo)
        if decision is None or command.then["next"] == todo["next"]:
            return decision
        return replace(decision, change={**decision.change, "next": command.then["next"]})

    with patch.object(decide, "_revert", revert):
        yield


def acting(condition: Callable[[Event, Event], bool]) -> Callable[[], Any]:
    """Only some of the events that change `completed` act."""
    real = execute._concerns_next

    def concerns_next(before: Event, event: Event) -> bool:
        return condition(before, event) and real(before, event)

    return lambda: patch.object(execute, "_concerns_next", concerns_next)


def bringing(step_for: Callable[[Series, Step, Event | None], Step | None]) -> Callable[[], Any]:
    """Another step than the right one, where that writes or ends at a todo of which this is the newest event."""
    real = Series._bring

    def bring(self: Series, known: Any, wanted: dict[str, Any]) -> Step | None:
        step = real(self, known, wanted)
        return step and step_for(self, step, self._newest.get(step.link))

    return lambda: patch.object(Series, "_bring", bring)


def left_deleted(series: Series, step: Step, newest: Event | None) -> Step | None:
    return None if newest is not None and newest.state["deleted"] else step


def left_untouched(series: Series, step: Step, newest: Event | None) -> Step:
    return Step(step.link) if newest is not None and not newest.state["deleted"] else step


def same_version(self: Series, known: Any, link: str, newest: Event) -> bool:
    """Untouched means the same version."""
    return known is not None and known["id"] == link and newest.version == known["version"]


def never_looked_further(self: Series, known: Any, wanted: dict[str, Any]) -> Step | None:
    """A first todo that is completed is enough, whenever it was due."""
    link = known["first"] if known else ids.id_for_next(self._todo_id)
    newest = self._newest_of(link)
    return Step(link) if newest is not None and newest.state["completed"] else BRING(self, known, wanted)


BRING = Series._bring


@contextmanager
def without_checks() -> Iterator[None]:
    """What was only looked at is no condition of the transaction."""
    real = next_occurrence.follow

    def follow(*arguments: Any, **options: Any) -> Writing:
        return replace(real(*arguments, **options), unchanged=[])

    with patch.object(next_occurrence, "follow", follow):
        yield


@contextmanager
def completed_alone() -> Iterator[None]:
    """Where only the next occurrence's condition fails, the todo is completed or reopened alone."""
    real = execute._append_together

    def append_together(group: list[Event], unchanged: list[tuple[str, int]]) -> None:
        try:
            real(group, unchanged)
        except VersionTaken:
            with suppress(VersionTaken):
                ledger.append(group[0])
                return
            raise

    with patch.object(execute, "_append_together", append_together):
        yield


@contextmanager
def at_the_todos_own_instant() -> Iterator[None]:
    """The instant follows the todo's own events alone."""

    def follow(before: Event, event: Event, look: Any, *, assume_none: bool) -> Writing:
        return Series(before, event, look, assume_none=assume_none).writing(event.occurred_at)

    with patch.object(next_occurrence, "follow", follow):
        yield


OURS = RepeatingMutant("repeating todos, as here", 0, ())
SIGNS = ("series", "answer", "streams")
MUTANTS = (
    RepeatingMutant("an id from the date", 100, SIGNS, lambda: an_id_by(lambda series, wanted: wanted["due"])),
    RepeatingMutant(
        "an id from the completion's version", 100, SIGNS,
        lambda: an_id_by(lambda series, wanted: series._event.version),
    ),
    RepeatingMutant("a revert of what the todo knows", 1000, SIGNS, reverted_with_the_content),
    RepeatingMutant(
        "only completions and reopenings act", 100, SIGNS,
        acting(lambda before, event: event.type in (COMPLETED, REOPENED)),
    ),
    RepeatingMutant("not through a deletion", 300, SIGNS, acting(lambda before, event: not before.state["deleted"])),
    RepeatingMutant("a deleted one stays deleted", 100, SIGNS, bringing(left_deleted)),
    RepeatingMutant("an untouched one is not renewed", 100, SIGNS, bringing(left_untouched)),
    RepeatingMutant(
        "an open one is always renewed", 100, SIGNS,
        lambda: patch.object(Series, "_is_as_left", lambda *arguments: True),
    ),
    RepeatingMutant(
        "never looked further than the first", 300, SIGNS, lambda: patch.object(Series, "_bring", never_looked_further)
    ),
    RepeatingMutant(
        "looked further though it is done", 300, SIGNS,
        lambda: patch.object(next_occurrence, "_is_due_by", lambda todo, due: False),
    ),
    RepeatingMutant(
        "never taken back", 100, SIGNS, lambda: patch.object(Series, "_take_back", lambda *arguments: None)
    ),
    RepeatingMutant(
        "untouched is the same version", 300, SIGNS, lambda: patch.object(Series, "_is_as_left", same_version)
    ),
    RepeatingMutant("what was only looked at is not checked", 2000, SIGNS, without_checks),
    RepeatingMutant("completed alone where the next one's condition fails", 1000, SIGNS, completed_alone),
    RepeatingMutant("an instant after the todo's own events alone", 600, SIGNS, at_the_todos_own_instant),
    RepeatingMutant(
        "earlier completions are not looked up", 100, SIGNS,
        lambda: patch.object(Series, "_made_earlier", lambda *arguments: None),
    ),
)  # fmt: skip
