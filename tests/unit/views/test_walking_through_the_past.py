"""The pages of the list as it was, joined, are what every stream was at its instant; by simpler rules they are not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from chalicelib.ledger.codec import dump_state, load_state
from chalicelib.todos import fold, instants
from chalicelib.todos.events import DEFAULTS, EDITED, Event
from chalicelib.views import queries
from chalicelib.views.as_of.search import Search
from chalicelib.views.as_of.walk import Walk
from chalicelib.views.projection import Row, is_deleted
from chalicelib.views.queries import Page, TodoRow
from chalicelib.views.recorded import Recorded
from tests.support.thorough import many
from tests.unit.views.as_of_model import World, fails, play


def test_the_pages_are_the_list_of_their_instant() -> None:
    walked = sum(play(World, seed) for seed in range(many(300)))
    assert walked > many(3000)


class WithoutTombstones(World):
    """Rows of deleted todos are left out, as lists of today leave them out."""

    def read_rows(self, after: str | None, limit: int | None) -> tuple[Sequence[Row], bool]:
        rows, is_end = super().read_rows(after, limit)
        return [row for row in rows if not is_deleted(row.state)], is_end


class FiltersWhatIs(World):
    """The filters look at the rows, as those of today do."""

    def page(
        self, instant: int, accept: Callable[[TodoRow], bool] | None, after: str | None, limit: int
    ) -> queries.Page:
        accepted = accept and (
            lambda row: accept(TodoRow(row.todo_id, row.version, load_state(self.rows[row.todo_id].state)))
        )
        return super().page(instant, accepted, after, limit)


class ByTheListsOrder(World):
    """The pages follow the lists, as those of today do: a todo that moves meanwhile is missed, or comes twice."""

    def read_rows(self, after: str | None, limit: int | None) -> tuple[Sequence[Row], bool]:
        def key(todo_id: str) -> tuple[str, str]:
            return load_state(self.rows[todo_id].state)["list"], todo_id

        behind = ("", "") if after is None or after not in self.rows else key(after)
        found = [self.rows[todo_id] for todo_id in sorted(self.rows, key=key) if key(todo_id) > behind]
        return found[: limit or 2], len(found) <= (limit or 2)


class ByThePage(World):
    """Each page is of its own instant."""

    def page(
        self, instant: int, accept: Callable[[TodoRow], bool] | None, after: str | None, limit: int
    ) -> queries.Page:
        return super().page(instant if after is None else self.now, accept, after, limit)


class Exclusive(World):
    """What occurred at the instant itself does not count."""

    def page(
        self, instant: int, accept: Callable[[TodoRow], bool] | None, after: str | None, limit: int
    ) -> queries.Page:
        return super().page(instant - 1, accept, after, limit)


class CreatedAtSaysSo(World):
    """A todo that was never changed was there since its `created_at`; but that may be when another program made it."""

    class walk_class(Walk):  # noqa: N801 - in place of the attribute
        """A walk that believes it."""

        def _as_they_were(self, rows: Sequence[Row]) -> list[tuple[str, TodoRow | None]]:
            def believed(row: Row, was: TodoRow | None) -> TodoRow | None:
                todo = load_state(row.state)
                is_there = row.version == 1 and instants.milliseconds_of(todo["created_at"]) <= self._instant
                return TodoRow(row.todo_id, 1, todo) if is_there else was

            known = super()._as_they_were(rows)
            return [(todo_id, believed(row, was)) for row, (todo_id, was) in zip(rows, known, strict=False)]


class TakesTheNextLowerVersion(World):
    """One look back for each todo, whatever its version occurred at."""

    class walk_class(Walk):  # noqa: N801
        """A walk whose searches end after their first event, the newest below the row's."""

        def _run(self, searches: Sequence[Search]) -> Search | None:
            for search in searches:
                search._low = search._version = search._high
            return super()._run(searches)


class KeepsWhatItHas(World):
    """Searches that read too much end where they are, and their todos are not left to the next page."""

    class walk_class(Walk):  # noqa: N801
        """A walk that forgets which searches are unfinished."""

        def _run(self, searches: Sequence[Search]) -> Search | None:
            super()._run(searches)
            return None


class UnreadableIsLater(World):
    """An event that cannot be read counts as one after the instant."""

    def recorded(self, todo_id: str, version: int) -> Recorded:
        found = super().recorded(todo_id, version)
        return found if found.event is not None else Recorded(todo_id, version, None, self.now + 1)


class BehindWhatItGave(World):
    """A page ends behind the last todo that it gave, and so an empty one where it began."""

    class walk_class(Walk):  # noqa: N801
        """A walk that forgets what it has examined."""

        def page(self, after: str | None, limit: int | None) -> Page:
            page = super().page(after, limit)
            if page.next_after is None:
                return page
            return Page(page.rows, page.rows[-1].todo_id if page.rows else after or "")


MUTANTS = {
    WithoutTombstones: "missing: ",
    FiltersWhatIs: "",
    ByTheListsOrder: "",
    ByThePage: "not what it was",
    Exclusive: "missing: ",
    CreatedAtSaysSo: "not what it was",
    TakesTheNextLowerVersion: "",
    KeepsWhatItHas: "missing: ",
    UnreadableIsLater: "",
    BehindWhatItGave: "does not come to an end",
}


@pytest.mark.parametrize(("mutant", "error"), MUTANTS.items(), ids=[mutant.__name__ for mutant in MUTANTS])
def test_the_model_finds_what_is_wrong_with_simpler_rules(mutant: type[World], error: str) -> None:
    assert fails(mutant, range(500), error)


def recorded(version: int, size: int = 0) -> Recorded:
    state = fold.evolve(None, EDITED, {"title": str(version), "notes": "x" * size}, instants.format_milliseconds(0))
    event = Event("o#t", version, "e", EDITED, {}, state, fold.STATE_SCHEMA, "o", "")
    return Recorded("t", version, event, version * 10)


@pytest.mark.parametrize("newest", [2, 3, 100, 5000])
def test_a_search_takes_as_many_looks_as_halving_does(newest: int) -> None:
    for instant in {9, 10, 11, newest * 5, newest * 10 - 1}:
        search, looks = Search("t", newest, instant), 0
        while not search.is_over:
            search.look_at(recorded(search.at[1]))
            looks += 1
        assert (search.found.version if search.found else 0) == min(instant // 10, newest - 1)
        assert looks <= (newest - 1).bit_length()


def test_large_events_bound_what_a_page_reads() -> None:
    large = 60_000
    read = []

    def read_events(versions: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Recorded]:
        read.append(len(versions))
        return {at: recorded(at[1], large) for at in versions}

    def page(rows: list[Row]) -> Page:
        def read_rows(after: str | None, _limit: int | None) -> tuple[list[Row], bool]:
            left = [row for row in rows if after is None or row.todo_id > after]
            return left[:16], len(left) <= 16

        read.clear()
        return Walk(read_rows, read_events, instant=15).page(None, 200)

    small = {**DEFAULTS, "updated_at": instants.format_milliseconds(10**9), "created_at": "1970-01-01T00:00:00.000Z"}
    rows = [Row(f"{number:03}", 4096, json.dumps(small), 1) for number in range(100)]
    first = page(rows)
    # They were large once, and nothing says so before they are read.
    assert sum(read) * large < 4 * queries.MAX_EXAMINED_BYTES
    assert [row.version for row in first.rows] == [1] * len(first.rows)
    assert first.rows
    assert first.next_after == first.rows[-1].todo_id

    rows = [Row(row.todo_id, row.version, json.dumps({**small, "notes": "x" * large}), 1) for row in rows]
    second = page(rows)
    assert sum(read) * large < 2 * queries.MAX_EXAMINED_BYTES
    assert len(second.rows) > len(first.rows), "large rows are read with fewer others"


def test_a_page_ends_where_its_answer_is_large_enough() -> None:
    todo = {**DEFAULTS, "updated_at": instants.format_milliseconds(0), "notes": "\u00e9" * 30_000}
    rows = [Row(f"{number:03}", 1, json.dumps(todo), 1) for number in range(100)]

    page = Walk(lambda _after, _limit: (rows, True), lambda _: {}, instant=15).page(None, 200)

    size = sum(len(json.dumps(dump_state(row.todo))) for row in page.rows)
    assert queries.MAX_ANSWERED_BYTES - 200_000 < size <= queries.MAX_ANSWERED_BYTES
    assert page.next_after == page.rows[-1].todo_id
