"""The undo of operations at random: what stands is what is seen, and back and forth passes through the same states.

The rules that seemed natural are kept as mutants, which the sessions must find.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from unittest.mock import patch

import pytest

from chalicelib.todos import undo as undoing
from chalicelib.todos.decide import Create, Patch, same
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, OFF
from chalicelib.todos.standing_writes import ABSENT, EXISTS, StandingWrites
from chalicelib.todos.undo import Outcome
from tests.support.thorough import many
from tests.unit.todos.undo_model import TODOS, Rules, World, Wrong, flat, play, play_back_and_forth, undo_now

# Each finds every mutant many times over; a thorough run has as many times as many.
SESSIONS = many(1_200)
BACK_AND_FORTH = many(400)
PARTS = 5


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_each_field_is_its_newest_standing_write(part: int) -> None:
    for seed in range(part, SESSIONS, PARTS):
        play(seed)


@pytest.mark.parametrize("part", range(PARTS))
def test_newest_first_and_oldest_first_pass_through_the_same_states_twice(part: int) -> None:
    for seed in range(part, BACK_AND_FORTH, PARTS):
        play_back_and_forth(seed)


class Metadata:
    """A todo's metadata, which operations change."""

    def __init__(self, made_by: str | None = None) -> None:
        self._world = World(random.Random(0), Rules())
        content = {name: DEFAULTS[name] for name in CONTENT_FIELDS} | {"title": "0"}
        self._world.do(TODOS[0], Create(content), made_by)

    def patch(self, members: dict[str, int | None] | None, operation: str) -> None:
        self._world.do(TODOS[0], Patch({"metadata": members}), operation)

    def undo(self, operation: str) -> str:
        """Undo an operation; the one that the undo is."""
        return undo_now(self._world, operation)

    @property
    def now(self) -> object:
        return self._world.streams[TODOS[0]][-1].state["metadata"]

    @property
    def has_todo(self) -> bool:
        return not self._world.streams[TODOS[0]][-1].state["deleted"]


def test_an_object_that_came_back_with_a_member_goes_with_it() -> None:
    metadata = Metadata()
    metadata.patch({"y": 1}, "B")
    metadata.undo("B")
    metadata.patch({"x": 1}, "C")
    metadata.patch(None, "B")
    undone = metadata.undo("B")
    assert metadata.now == {"x": 1}
    metadata.undo("C")
    assert metadata.now is None
    for _ in range(2):
        again = metadata.undo(undone)
        assert metadata.now == {"y": 1}
        undone = metadata.undo(again)
        assert metadata.now is None


def test_an_object_that_an_undo_makes_of_anothers_member_goes_with_that() -> None:
    metadata = Metadata()
    metadata.patch({"x": 2, "y": 1}, "B")
    metadata.patch({"y": None}, "A")
    metadata.undo("B")
    assert metadata.now is None
    undone = metadata.undo("A")
    assert metadata.now == {"y": 1}
    metadata.undo(undone)
    assert metadata.now is None


def test_an_object_whose_members_were_taken_back_keeps_no_todo() -> None:
    metadata = Metadata(made_by="C")
    metadata.patch({"a": 1}, "B")
    metadata.patch({"b": 2}, "C")
    metadata.undo("B")
    assert metadata.now == {"b": 2}
    metadata.undo("C")
    assert not metadata.has_todo


class FieldByField(Rules):
    """The rules, but for what lets a field go back or come back."""

    def decide(self, world: World, unit: dict[str, StandingWrites], undo: str, direction: str) -> dict[str, Outcome]:
        def proposed(stream: StandingWrites, undo: str, direction: str) -> Outcome:
            outcome = Outcome(stream.version, exists=stream.values[EXISTS])
            for name, own in stream.fields():
                base = stream.newest_of_others(name, before=own.version)
                now, wanted = stream.values.get(name, ABSENT), base.value if direction == OFF else own.value
                goes = name == EXISTS and not wanted
                decided = base.version if direction == OFF else own.version
                if same(now, wanted):
                    continue
                if direction == OFF and base.version == 0 and name != EXISTS:
                    outcome.unowned.add(name)
                elif goes and stream.is_written_by_others_after(decided):
                    outcome.left.add(name)
                elif self.may_switch(world, stream, name, direction):
                    outcome.values[name] = wanted
                else:
                    outcome.left.add(name)
            return outcome

        with patch.object(undoing, "_proposed", proposed):
            return super().decide(world, unit, undo, direction)

    def may_switch(self, world: World, stream: StandingWrites, name: str, direction: str) -> bool:
        """Whether a field goes back, or comes back."""
        raise NotImplementedError


class IfItIsAsItWasLeft(FieldByField):
    """The value is still what the operation wrote, or what its undo left."""

    def may_switch(self, world: World, stream: StandingWrites, name: str, direction: str) -> bool:
        own = stream.newest(name)
        assert own is not None
        left = own.value if direction == OFF else stream.newest_of_others(name, before=own.version).value
        return same(stream.values.get(name, ABSENT), left)


class IfNobodyWroteLater(FieldByField):
    """The last event that touched the field is the operation's, or its undo's."""

    exempt = False

    def may_switch(self, world: World, stream: StandingWrites, name: str, direction: str) -> bool:
        assert stream.head is not None
        for event, was in reversed(list(world.steps(stream.head))):
            if flat(event).get(name) != was.get(name) or name in event.change:
                if event.undoes == stream.operation and self.exempt:
                    continue
                return stream.operation in (event.operation, event.undoes)
        return False


class IfNobodyWroteLaterButItsUndos(IfNobodyWroteLater):
    """The same, with the operation's own undos exempt."""

    exempt = True


class Without(Rules):
    """The rules without a step."""

    module: object = undoing
    name = ""
    instead: object = None

    def decide(self, world: World, unit: dict[str, StandingWrites], undo: str, direction: str) -> dict[str, Outcome]:
        with patch.object(self.module, self.name, self.instead):
            return super().decide(
                world, {each: world.fold(each, stream.operation) for each, stream in unit.items()}, undo, direction
            )


class ACompletionAlone(Without):
    """A completion goes back, or stays, without a look at its next occurrence."""

    name, instead = "_pairs", staticmethod(lambda streams: ())


class DeletesWhatOthersUse(Without):
    """A todo that the operation made goes, whatever others have written to it."""

    module, name, instead = StandingWrites, "is_written_by_others_after", lambda self, version: False


class SinceItLastBegan(Without):
    """Others' writes count only since the todo last began to exist, also by an undo."""

    module, name = StandingWrites, "is_written_by_others_after"

    @staticmethod
    def instead(stream: StandingWrites, _: int) -> bool:  # type: ignore[override]
        return any(
            stream.newest_of_others(name).version > max(stream.flips) for name in stream.values if name != EXISTS
        )


class NoEventWhereNothingDiffers(Rules):
    """Writes without which nothing differs keep standing."""

    def decide(self, world: World, unit: dict[str, StandingWrites], undo: str, direction: str) -> dict[str, Outcome]:
        found = super().decide(world, unit, undo, direction)
        for outcome in found.values():
            if not outcome.values:
                outcome.alike.clear()
        return found


class WhetherInForceOrNot(Rules):
    """A message acts on what it finds, also when its undo is long done, or taken back."""

    looks_in_force = False


MUTANTS: list[tuple[type[Rules], Callable[[int, Rules], None]]] = [
    (IfItIsAsItWasLeft, play),
    (IfNobodyWroteLater, play_back_and_forth),
    (IfNobodyWroteLaterButItsUndos, play_back_and_forth),
    (ACompletionAlone, play),
    (DeletesWhatOthersUse, play),
    (SinceItLastBegan, play),
    (NoEventWhereNothingDiffers, play_back_and_forth),
    (WhetherInForceOrNot, play),
]


@pytest.mark.parametrize(("mutant", "play_one"), MUTANTS)
def test_a_simpler_rule_is_found(mutant: type[Rules], play_one: Callable[[int, Rules], None]) -> None:
    found = (seed for seed in range(1_000) if is_wrong(play_one, seed, mutant()))
    assert next(found, None) is not None


def is_wrong(play_one: Callable[[int, Rules], None], seed: int, rules: Rules) -> bool:
    """Whether a session ends otherwise than it should."""
    try:
        play_one(seed, rules)
    except Wrong:
        return True
    return False
