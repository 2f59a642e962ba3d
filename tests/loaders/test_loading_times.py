"""When a todo was created and completed at its source: taken where it can be, kept and named where it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.todos import fold, instants
from chalicelib.todos.decide import Delete, Patch, decide
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Owner
from loaders.planner import Planned, Planner
from loaders.reading.options import ReadOptions
from loaders.reconcile import ACTOR, next_event
from loaders.rows.record import Record
from loaders.rows.row import BadRow, Row
from loaders.rows.seen import Seen
from loaders.rows.times import is_no_date
from tests.loaders.loading import PLAINLY, GroupLedger, lines, load, plan

CREATED, COMPLETED = "2019-05-04T10:00:00.000Z", "2020-06-05T11:30:00.000Z"
FUTURE = "2999-01-01T00:00:00Z"
NOT_COMPLETED = "a completed_at of a row that is not completed was kept as metadata"


def planned(content: bytes, how: ReadOptions = PLAINLY, name: str | None = None) -> Planned:
    [found] = plan(content, name, how=how)
    assert isinstance(found, Planned), found
    return found


def todo_of(row: dict[str, Any], how: ReadOptions = PLAINLY) -> dict[str, Any]:
    event = planned(lines({"title": "A", **row}), how).event
    assert event.state == fold.fold([event])
    return dict(event.state)


def notices_of(row: dict[str, Any]) -> tuple[str, ...]:
    loss = planned(lines({"title": "A", **row})).loss
    return () if loss is None else loss.notices


@pytest.mark.parametrize(
    "name",
    ["created_at", "Created", "createdAt", "Date created", "Creation Date", "created-on", "Date Added", "added"],
)
def test_a_row_says_when_its_todo_was_created(name: str) -> None:
    todo = todo_of({name: "2019-05-04T12:00:00+02:00"})
    assert (todo["created_at"], todo["metadata"]) == (CREATED, None)
    assert todo["updated_at"] > "2026"


@pytest.mark.parametrize(
    "name",
    ["completed_at", "completedAt", "Completion Date", "Completed date", "date-completed", "Date Done", "finished on"],
)
def test_a_row_says_when_its_todo_was_completed(name: str) -> None:
    todo = todo_of({"status": "done", name: "2020-06-05T11:30:00Z"})
    assert (todo["completed_at"], todo["metadata"]) == (COMPLETED, None)


def test_a_table_says_it_too() -> None:
    [done, still_open] = plan(
        b"Title,Done,Created,Completed\n"
        b"A,yes,2019-05-04 10:00,2020-06-05 11:30:00 UTC\n"
        b"B,no,2019-05-04T10:00:00.0009Z,\n",
        how=ReadOptions(names={"completed_at": "Completed"}),
    )
    assert isinstance(done, Planned)
    assert isinstance(still_open, Planned)
    assert (done.event.state["created_at"], done.event.state["completed_at"]) == (CREATED, COMPLETED)
    assert (still_open.event.state["created_at"], still_open.event.state["completed_at"]) == (CREATED, None)


@pytest.mark.parametrize(
    ("value", "row", "how", "created_at"),
    [
        ("2019-05-04", {}, PLAINLY, "2019-05-04T00:00:00.000Z"),
        ("2019-05-04", {}, ReadOptions(time_zone="Europe/Berlin"), "2019-05-03T22:00:00.000Z"),
        ("2019-05-04", {"time_zone": "Asia/Tokyo"}, ReadOptions(time_zone="Europe/Berlin"), "2019-05-03T15:00:00.000Z"),
        ("2019-05-04", {"time_zone": "Nowhere"}, ReadOptions(time_zone="Europe/Berlin"), "2019-05-03T22:00:00.000Z"),
        ("2019-05-04 12:00", {}, ReadOptions(time_zone="Europe/Berlin"), CREATED),
        ("2019-05-04T12:00:00+0200", {"time_zone": "Asia/Tokyo"}, PLAINLY, CREATED),
        ("2019-05-04 10:00:00.123456789 +00", {}, PLAINLY, "2019-05-04T10:00:00.123Z"),
        ("0987-05-04", {}, PLAINLY, "0987-05-04T00:00:00.000Z"),
    ],
)
def test_a_day_or_time_without_a_zone_is_in_the_rows_or_the_files(
    value: str, row: dict[str, Any], how: ReadOptions, created_at: str
) -> None:
    assert todo_of({"Created": value, **row}, how)["created_at"] == created_at


@pytest.mark.parametrize(
    ("row", "kept", "notices"),
    [
        ({"Created": FUTURE}, {"Created": FUTURE}, ["a created_at later than now was kept as metadata"]),
        ({"Created": "last May"}, {"Created": "last May"}, ["a created_at that is no date was kept as metadata"]),
        ({"Created": "2019-02-30"}, {"Created": "2019-02-30"}, ["a created_at that is no date was kept as metadata"]),
        ({"Created": True}, {"Created": True}, ["a created_at that is no date was kept as metadata"]),
        ({"Created": "9" * 4000}, {"Created": "9" * 4000}, ["a created_at that is no date was kept as metadata"]),
        ({"Created": ["x"]}, {"Created": ["x"]}, ["a created_at that is no date was kept as metadata"]),
        ({"done": False, "completedAt": "2020-06-05"}, {"completedAt": "2020-06-05"}, [NOT_COMPLETED]),
        (
            {"done": True, "completedAt": FUTURE},
            {"completedAt": FUTURE},
            ["a completed_at later than now was kept as metadata"],
        ),
        (
            {"metadata": {"Created": 1}, "Created": "x"},
            {"Created": 1, "Created 2": "x"},
            ["a created_at that is no date was kept as metadata"],
        ),
    ],
)
def test_what_cannot_be_taken_is_kept_under_the_rows_name_and_named(
    row: dict[str, Any], kept: dict[str, Any], notices: list[str]
) -> None:
    todo = todo_of(row)
    assert todo["metadata"] == kept
    assert todo["created_at"] == todo["updated_at"]
    assert todo["completed_at"] == (todo["updated_at"] if todo["completed"] else None)
    loss = planned(lines({"title": "A", **row})).loss
    assert loss is not None
    assert list(loss.notices) == notices
    [refused] = plan(lines({"title": "A", **row}), strict=True)
    assert isinstance(refused, BadRow)


def test_a_day_that_has_not_begun_in_its_zone_is_in_the_future() -> None:
    tomorrow = instants.shifted(instants.instant_after(None), 24)[:10]
    assert todo_of({"Created": tomorrow})["metadata"] == {"Created": tomorrow}


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "0001-01-01T00:00:00Z",
        "0001-01-01",
        "1601-01-01T00:00:00.000Z",
        "1899-12-30",
        "1899-12-30 00:00",
        "1970-01-01",
        "1970-01-01T00:00:00+01:00",
        "1970-01-01T01:00:00+01:00",
        "1969-12-31T16:00:00-08:00",
        "0000-00-00 00:00:00",
    ],
)
def test_a_date_that_means_none_is_none(value: str) -> None:
    assert is_no_date(value)
    todo = todo_of({"Created": value, "done": True, "completedAt": value})
    assert (todo["created_at"], todo["completed_at"]) == (todo["updated_at"], todo["updated_at"])
    assert (todo["metadata"], notices_of({"Created": value})) == (None, ())


@pytest.mark.parametrize(
    "value",
    ["1970-01-02", "1970-01-01T00:00:01Z", "1899-12-30T09:00:00Z", "0001-01-02", "2019-05-04", "never", 0, None],
)
def test_no_other_date_means_none(value: Any) -> None:
    assert not is_no_date(value)


def test_a_row_too_large_for_its_metadata_is_rejected_as_before() -> None:
    [row] = plan(lines({"title": "A", "Created": "x" * 5000}))
    assert isinstance(row, BadRow)
    assert "4096 are allowed" in row.errors[0].detail


class OneRow:
    """A todo that was loaded from one row, and is loaded again."""

    def __init__(self, **row: Any) -> None:
        self.ledger = GroupLedger()
        self.load(**row)

    def load(self, **row: Any) -> tuple[int, int, int]:
        """Load the row as it is now; how many todos were added, updated and already there."""
        summary, _ = load(lines({"id": 1, "title": "A", **row}), self.ledger)
        assert fold.fold(self.history) == self.history[-1].state
        return summary.added, summary.updated, summary.already

    @property
    def history(self) -> list[Event]:
        [history] = self.ledger.streams.values()
        return history

    @property
    def todo(self) -> dict[str, Any]:
        return dict(self.history[-1].state)


ALREADY, UPDATED = (0, 0, 1), (0, 1, 0)
TIMES = {"done": True, "Created": "2019-05-04T10:00:00Z", "completedAt": "2020-06-05"}


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (TIMES, TIMES),
        # As earlier versions loaded them: in the metadata, or not at all.
        ({"done": True, "metadata": {"Created": TIMES["Created"], "completedAt": TIMES["completedAt"]}}, TIMES),
        ({"done": True}, TIMES),
        ({"done": True, "metadata": {"Created": TIMES["Created"]}}, TIMES),
        ({"metadata": {"Created": "0001-01-01T00:00:00Z"}}, {"Created": "0001-01-01T00:00:00Z"}),
        ({"metadata": {"Created": ""}}, {"Created": ""}),
        ({"metadata": {"Created": "last May"}}, {"Created": "last May"}),
        ({"metadata": {"Created": FUTURE}}, {"Created": FUTURE}),
        # A member of the row's own metadata is none of its times.
        (2 * ({"metadata": {"Created": "2019-05-04"}, "Created": "2019-05-04"},)),
        # It lay in the future when it was loaded.
        ({"metadata": {"Created": "2019-05-04", "colour": 1}}, {"Created": "2019-05-04", "colour": 1}),
        # Only the event that creates or completes a todo can take its time.
        (TIMES, {**TIMES, "Created": "2018-01-01"}),
        (TIMES, {**TIMES, "completedAt": "2020-01-01"}),
        (TIMES, {"done": True}),
    ],
)
def test_a_row_that_differs_in_its_times_alone_changes_nothing(before: dict[str, Any], now: dict[str, Any]) -> None:
    one = OneRow(**before)
    todo = one.todo
    for _ in range(2):
        assert one.load(**now) == ALREADY
    assert one.todo == todo


def test_a_todo_loaded_before_keeps_in_its_metadata_what_it_has_there() -> None:
    one = OneRow(metadata={"Created": "2019-05-04", "colour": 1})
    created_at = one.todo["created_at"]
    assert one.load(Created="2019-05-04", colour=1, notes="new") == UPDATED
    assert one.history[-1].change == {"notes": "new"}
    assert one.load(Created="2019-05-04", colour=1, notes="new") == ALREADY
    assert one.load(Created="2019-05-04", colour=2, notes="new") == UPDATED
    assert one.todo["metadata"] == {"Created": "2019-05-04", "colour": 2}
    assert one.todo["created_at"] == created_at


def test_a_time_that_an_existing_todo_cannot_take_is_kept_once_its_row_changes() -> None:
    one = OneRow()
    assert one.load(Created="2019-05-04") == ALREADY
    assert one.load(Created="2019-05-04", notes="new") == UPDATED
    assert one.todo["metadata"] == {"Created": "2019-05-04"}
    assert one.load(Created="2019-05-04", notes="new") == ALREADY


@pytest.mark.parametrize("before", [{"Created": "2019-05-04"}, {"metadata": {"Created": "2019-05-04"}}])
def test_a_row_done_since_was_completed_when_it_says(before: dict[str, Any]) -> None:
    one = OneRow(**before)
    now = {"Created": "2019-05-04", "done": True, "completedAt": "2020-06-05T11:30:00Z"}
    assert one.load(**now) == UPDATED
    assert one.history[-1].change == {"completed": True, "completed_at": COMPLETED}
    assert (one.history[-1].type, one.todo["completed_at"]) == ("TodoCompleted", COMPLETED)
    assert one.load(**now) == ALREADY
    assert one.load(Created="2019-05-04") == UPDATED
    assert (one.todo["completed"], one.todo["completed_at"]) == (False, None)
    assert one.load(**now) == UPDATED
    assert one.todo["completed_at"] == COMPLETED


def test_a_completion_that_was_kept_as_metadata_is_taken_when_the_row_is_done() -> None:
    one = OneRow(completedAt="2020-06-05", done=False)
    assert one.todo["metadata"] == {"completedAt": "2020-06-05"}
    assert one.load(completedAt="2020-06-05", done=True) == UPDATED
    assert (one.todo["completed_at"], one.todo["metadata"]) == ("2020-06-05T00:00:00.000Z", None)


def test_a_todo_completed_here_was_completed_here() -> None:
    one = OneRow()
    [(stream, history)] = one.ledger.streams.items()
    decision = decide(Patch({"completed": True}), history[-1].state, 1)
    assert decision is not None
    one.ledger.streams[stream].append(next_event(history[-1], decision))
    completed_at = one.todo["completed_at"]
    assert one.load(done=True, completedAt="2020-06-05") == ALREADY
    assert one.todo["completed_at"] == completed_at


def test_a_todo_that_a_load_deleted_comes_back_with_its_completion() -> None:
    one = OneRow(Created="2019-05-04")
    [(stream, history)] = one.ledger.streams.items()
    decision = decide(Delete(), history[-1].state, 1)
    assert decision is not None
    one.ledger.streams[stream].append(next_event(history[-1], decision))
    assert one.history[-1].actor == ACTOR
    assert one.load(Created="2019-05-04", done=True, completedAt="2020-06-05") == UPDATED
    assert (one.history[-1].type, one.todo["completed_at"]) == ("TodoRestored", "2020-06-05T00:00:00.000Z")
    assert one.todo["created_at"] == "2019-05-04T00:00:00.000Z"


def test_a_clock_that_is_set_back_completes_no_todo_in_the_future(monkeypatch: pytest.MonkeyPatch) -> None:
    one = OneRow()
    began = instants.milliseconds_of(one.todo["created_at"])
    monkeypatch.setattr(Planner, "_now", lambda _: instants.format_milliseconds(began + 3_600_000))
    completed_at = instants.format_milliseconds(began + 1_800_000)
    assert one.load(done=True, completedAt=completed_at) == UPDATED
    assert one.todo["completed_at"] == one.history[-1].occurred_at == completed_at


def of_a_format(value: Any) -> Row:
    """A row of a format that has a name and a notation of its own for times."""

    def reader(value: Any) -> str:
        day, month, year = value.split(".")
        return f"{year}-{month}-{day}"

    record = Record(1, "a line", {"title": "A", "made": value})
    record.take("title", "title")
    record.take("created_at", "made", reader)
    row = record.row()
    assert isinstance(row, Row)
    return row


def test_a_format_reads_them_in_its_own_notation_and_metadata_keeps_that() -> None:
    with Seen() as seen, Seen() as contents:
        planner = Planner(Owner("ann"), "file", seen, contents, PLAINLY)
        good, bad, late = (planner.plan(of_a_format(value)) for value in ("04.05.2019", "May", "01.01.2999"))
    assert isinstance(good, Planned)
    assert isinstance(bad, Planned)
    assert isinstance(late, Planned)
    assert (good.event.state["created_at"], good.event.state["metadata"]) == ("2019-05-04T00:00:00.000Z", None)
    assert good.times.written == {"made": "04.05.2019"}
    assert (bad.event.state["metadata"], late.event.state["metadata"]) == ({"made": "May"}, {"made": "01.01.2999"})
