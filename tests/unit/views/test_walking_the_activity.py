"""A finished walk gives every event once, whatever becomes visible late, expires, or is rebuilt; simpler rules do not.

The simpler rules are kept as mutants which the model must find: each seemed natural, and loses or repeats events.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.views.activity import walk as walks
from chalicelib.views.activity.position import Position
from chalicelib.views.activity.walk import Entry, Given, Walk
from chalicelib.views.recorded import Recorded
from tests.support.thorough import many
from tests.unit.views.activity_model import Table, World, fails, play


def test_every_event_is_in_a_finished_walk_once() -> None:
    finished = sum(play(World, seed) for seed in range(many(300)))
    assert finished > many(2000)


class SkipsGaps(Walk):
    """A walk that goes on below a gap as if nothing could be missing."""

    def _without_gaps(self, walk: Position, entries: Iterator[Entry | None]) -> Iterator[Entry]:
        self.complete_from = walk.oldest
        for entry in entries:
            if entry is None or entry.counts is None or self._is_below(entry, walk.oldest):
                return
            yield entry


class AsTheLogShowsIt(World):
    """The newest first, without a look at gaps: what becomes visible late is lost."""

    class walk_class(SkipsGaps):  # noqa: N801 - in place of the attribute
        """A walk that does not look where it begins, either."""

        def _is_young(self, entry: Entry) -> bool:
            return False


class SkipsALaterGap(World):
    """A later page goes on below a gap, as the first one begins below it; but what is in that belongs to this walk."""

    walk_class = SkipsGaps


class EndsAtAYoungGap(World):
    """Any gap ends a walk, and not only one that is there to stay."""

    class walk_class(Walk):  # noqa: N801
        """A walk that waits for nothing."""

        def _is_young(self, entry: Entry) -> bool:
            return False


class FromOne(World):
    """A todo without a row brings all of its events, of whatever age: after a tombstone's end some come again."""

    gives_older = True

    class walk_class(Walk):  # noqa: N801
        """A walk through all that the log has."""

        def _is_too_old(self, recorded: Recorded, walk: Position) -> bool:
            return False

        def _is_below(self, entry: Entry, instant: int) -> bool:
            return False


class ByThePage(World):
    """How far back events are given is decided on each page anew: some have gone meanwhile."""

    class walk_class(Walk):  # noqa: N801
        """A walk whose reach moves."""

        def page(self, position: Position | str) -> Iterator[Given[Position]]:
            if not isinstance(position, str) and self._now - position.oldest <= walks.REACH + walks.LONGEST_WALK:
                position = replace(position, oldest=self._now - walks.REACH)
            return super().page(position)


class EndsAtTheInstant(World):
    """The first entry older than a walk reaches ends it, as if all clocks agreed."""

    class walk_class(Walk):  # noqa: N801
        """A walk without room for clocks that differ."""

        def _is_below(self, entry: Entry, instant: int) -> bool:
            return entry.at < instant


class OneForEach(World):
    """An entry brings one event of each of its todos: those that a batch had before the newest are lost."""

    def log(self, table: Table, revision: int, item: dict[str, Any], *, is_old_version: bool) -> None:
        super().log(table, revision, item | {"counts": {"S": "[1]"}}, is_old_version=is_old_version)


class CopiesTheLog(World):
    """A rebuild copies the old table's log and rows, then fills in what is missing: that is in no entry."""

    def rebuild(self) -> None:
        tables = len(self.tables)
        super().rebuild()
        if len(self.tables) > tables:
            self.tables[1] = replace(deepcopy(self.tables[0]), generation=self.tables[1].generation)

    def fill(self, table: Table) -> None:
        before = deepcopy((table.log, table.tally))
        super().fill(table)
        table.log, table.tally = before
        table.rows = {todo: replace(row, revision=table.tally.revision) for todo, row in table.rows.items()}
        table.brought = {at: revision for at, revision in table.brought.items() if revision <= table.tally.revision}


@pytest.fixture(autouse=True)
def _walks_reach_back_to_the_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that events of random instants often occur just where the reach ends."""
    monkeypatch.setattr(walks, "up_to_the_hour", lambda instant: instant)


MUTANTS = {
    AsTheLogShowsIt: "missing: ",
    SkipsALaterGap: "missing: ",
    EndsAtAYoungGap: "ends too early",
    FromOne: "twice",
    ByThePage: "ends too early",
    EndsAtTheInstant: "missing: ",
    OneForEach: "missing: ",
    CopiesTheLog: "missing in the end",
}


@pytest.mark.parametrize(("mutant", "error"), MUTANTS.items(), ids=[mutant.__name__ for mutant in MUTANTS])
def test_the_model_finds_what_is_wrong_with_simpler_rules(mutant: type[World], error: str) -> None:
    assert fails(mutant, range(2000), error) is not None
