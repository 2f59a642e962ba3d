"""A row becomes a todo without loss: data without a matching field is kept in its metadata."""

from typing import Any

import pytest

from loaders.planner import Planned
from loaders.reading.options import ReadOptions
from tests.loaders.loading import errors_of, lines, plan, titles, todos


def test_what_has_no_field_is_kept_in_metadata() -> None:
    [todo] = todos(lines({"userId": 3, "id": 8, "title": "A", "completed": False, "empty": None}))
    assert (todo["metadata"], todo["source"]) == ({"userId": 3}, "file:8")


def test_what_only_the_ledger_sets_is_kept_in_metadata() -> None:
    stated = {"updated_at": "2020-01-01T00:00:00Z", "version": 7, "url": "https://example.com"}
    [todo] = todos(lines({"title": "A", **stated}))
    assert todo["metadata"] == stated
    assert todo["updated_at"] > "2026"


def test_metadata_that_has_such_a_member_already_keeps_both() -> None:
    [todo] = todos(lines({"title": "A", "metadata": {"color": 1, "color 2": 2}, "color": 3}))
    assert todo["metadata"] == {"color": 1, "color 2": 2, "color 3": 3}


def test_a_second_name_for_a_field_is_not_lost() -> None:
    [todo] = todos(lines({"name": "N", "title": "T", "content": "C", "note": "M", "notes": "X"}))
    assert (todo["title"], todo["notes"]) == ("T", "X")
    assert todo["metadata"] == {"name": "N", "content": "C", "note": "M"}


@pytest.mark.parametrize("name", ["time_zone", "Time zone"])
def test_a_time_zone_by_its_iana_name_is_one_and_any_other_word_is_kept(name: str) -> None:
    [todo] = todos(lines({"title": "A", "due": "2026-12-01", name: "Europe/Berlin"}))
    assert (todo["time_zone"], todo["metadata"]) == ("Europe/Berlin", None)
    for word in ("Pacific Standard Time", "UTC+2", 2, " "):
        [todo] = todos(lines({"title": "A", "due": "2026-12-01", name: word}))
        assert (todo["time_zone"], todo["metadata"]) == (None, {name: word})


def test_a_source_that_the_row_states_is_kept_and_so_is_its_id() -> None:
    [todo] = todos(lines({"id": "x", "title": "A", "source": "paper"}))
    assert (todo["source"], todo["metadata"]) == ("paper", {"id": "x"})


@pytest.mark.parametrize(
    ("value", "completed"),
    [
        (True, True),
        (1, True),
        ("Yes", True),
        ("x", True),
        ("done", True),
        (False, False),
        ("pending", False),
        ("", False),
    ],
)
def test_done_is_understood_as_people_write_it(value: Any, completed: bool) -> None:
    assert todos(lines({"title": "A", "status": value}))[0]["completed"] is completed


def test_a_status_that_says_more_than_open_is_kept() -> None:
    [todo] = todos(lines({"title": "A", "status": "In progress"}))
    assert (todo["completed"], todo["metadata"]) == (False, {"status": "In progress"})


def test_a_parent_is_the_todo_of_the_row_with_that_id() -> None:
    [parent, child] = plan(lines({"id": 1, "title": "A"}, {"id": 2, "title": "B", "parent": "1"}))
    assert isinstance(parent, Planned)
    assert isinstance(child, Planned)
    assert child.event.state["parent"] == parent.event.stream_id.partition("#")[2]


@pytest.mark.parametrize(
    ("row", "pointer", "detail"),
    [
        ({"title": "A", "due": "tomorrow"}, "#/due", "expected a date such as 2026-12-31"),
        ({"title": "A", "Due Date": "2026-02-30"}, "#/Due%20Date", "'2026-02-30' is not in the calendar"),
        ({"title": "A", "priority": "asap"}, "#/priority", "expected none, low, medium or high, not 'asap'"),
        ({"Task": "a" * 501}, "#/Task", "has 501 characters where 500 are allowed"),
        ({"Task": ""}, "#/Task", "the row has no title: 'Task' is empty"),
        ({"title": 5}, "#/title", "expected a text, not 5"),
        (
            {"due": "2026-12-01"},
            "#/title",
            "none of the names title, task, name, summary, subject, … is there",
        ),
        ({"title": "A", "done": "perhaps"}, "#/done", "expected true or false"),
        ({"title": "A", "order": "first"}, "#/order", "expected a number"),
        ({"title": "A", "tags": ["a", 5]}, "#/tags/1", "expected a text, not 5"),
        ({"title": "A", "notes": "é" * 9000}, "#/notes", "18000 bytes"),
        ({"title": "A", "list": "a\nb"}, "#/list", "control character"),
        ({"title": "A", "metadata": "{"}, "#/metadata", "expected a JSON object"),
        ({"title": "A", "metadata": '{"a": 1, "a": 2}'}, "#/metadata", "the member 'a' is given twice"),
        ({"title": "A", "metadata": '{"a": NaN}'}, "#/metadata", "NaN is not a JSON number"),
        ({"title": "A", "metadata": [1]}, "#/metadata", "expected an object, not [1]"),
        ({"title": "A", "extra": "a" * 5000}, "#/metadata", "4096 are allowed for what no field holds: extra"),
        ({"title": "A", "id": [1]}, "#/id", "expected a text or a number"),
        ({"title": "A", "id": "a" * 401}, "#/id", "at most 400 characters"),
        ({"title": "A", "id": "a\0"}, "#/id", "NUL"),
    ],
)
def test_a_bad_value_is_pointed_at_by_the_rows_own_name(row: dict[str, Any], pointer: str, detail: str) -> None:
    content = lines(row, {"title": "Good"})
    [(line, found_pointer, found)] = errors_of(content)
    assert (line, found_pointer) == (1, pointer)
    assert detail in found
    assert titles(content) == ["Good"]


def test_all_errors_of_a_row_are_reported_at_once() -> None:
    pointers = [pointer for _, pointer, _ in errors_of(lines({"due": "soon", "priority": "asap", "title": 5}))]
    assert sorted(pointers) == ["#/due", "#/priority", "#/title"]


def test_a_row_whose_fields_are_too_large_together_is_rejected() -> None:
    # Each control character takes six bytes in JSON.
    [(line, _, detail)] = errors_of(lines({"title": "A", "notes": "\x01" * 16_000}))
    assert line == 1
    assert "30000 are allowed" in detail


def test_a_large_row_that_still_fits_is_accepted() -> None:
    assert titles(lines({"title": "A", "notes": "é" * 8192, "metadata": {"a": "x" * 4000}})) == ["A"]


def only(content: bytes, **how: Any) -> dict[str, Any]:
    """The todo of the only row, and its loss."""
    [planned] = plan(content, how=ReadOptions(**how))
    assert isinstance(planned, Planned), planned
    return {**planned.event.state, "loss": planned.loss}


@pytest.mark.parametrize(
    ("row", "completed", "completed_at"),
    [
        ({"Completed At": "2026-11-05"}, True, "2026-11-05T00:00:00.000Z"),
        ({"Completion Date": "2026-11-05 10:00 +0100"}, True, "2026-11-05T09:00:00.000Z"),
        ({"Date Completed": 1762333200}, True, "2025-11-05T09:00:00.000Z"),
        ({"done at": "20261105"}, True, "2026-11-05T00:00:00.000Z"),
        ({"Closed on": "2026-11-05"}, True, "2026-11-05T00:00:00.000Z"),
        ({"Done": "2026-11-05"}, True, "2026-11-05T00:00:00.000Z"),
        ({"Status": "done", "Completed On": "2026-11-05"}, True, "2026-11-05T00:00:00.000Z"),
        ({"Done": "2026-11-05", "Completed At": "2026-11-06"}, True, "2026-11-06T00:00:00.000Z"),
        ({"Completed At": "0001-01-01T00:00:00Z"}, False, None),
        ({"Completed At": 0}, False, None),
        ({"Completed At": ""}, False, None),
        ({"Done": "1970-01-01"}, False, None),
        ({"Completed At": "no"}, False, None),
    ],
)
def test_a_date_of_its_completion_means_done(row: dict[str, Any], completed: bool, completed_at: str | None) -> None:
    todo = only(lines({"title": "A", **row}))
    assert (todo["completed"], todo["completed_at"], todo["metadata"]) == (completed, completed_at, None)


def test_a_word_for_open_goes_before_a_date_of_completion_which_is_kept() -> None:
    todo = only(lines({"title": "A", "Status": "open", "Completed At": "2026-11-05"}))
    assert (todo["completed"], todo["metadata"]) == (False, {"Completed At": "2026-11-05"})
    assert "not completed" in todo["loss"].text()


def test_a_word_for_done_is_enough_beside_an_empty_date() -> None:
    [todo] = todos(b"title,Done,Completed At\nA,yes,\n")
    assert todo["completed"]


def test_a_completion_that_can_be_read_in_two_ways_asks_for_the_format() -> None:
    row = lines({"title": "A", "Completed At": "05/11/2026"})
    [(_, pointer, detail)] = errors_of(row)
    assert (pointer, "--date-format" in detail) == ("#/Completed%20At", True)
    assert only(row, date_format="%d/%m/%Y")["completed_at"] == "2026-11-05T00:00:00.000Z"


@pytest.mark.parametrize(
    ("status", "completed", "metadata"),
    [
        ("Erledigt", True, None),
        (" ERLEDIGT ", True, None),
        ("done", True, None),
        ("2026-11-05", True, None),
        ("open", False, None),
        ("Offen", False, {"Status": "Offen"}),
    ],
)
def test_words_that_the_user_names_mean_done_and_others_then_open(
    status: str, completed: bool, metadata: dict[str, Any] | None
) -> None:
    todo = only(lines({"title": "A", "Status": status}), done_values=("erledigt",))
    assert (todo["completed"], todo["metadata"]) == (completed, metadata)


@pytest.mark.parametrize(
    ("row", "due", "zone"),
    [
        ({"due": "2026-12-01"}, "2026-12-01", "Europe/Berlin"),
        ({"due": "2026-12-01 09:00"}, "2026-12-01T09:00:00+01:00", "Europe/Berlin"),
        ({"due": "2026-12-01T09:00:00Z"}, "2026-12-01T09:00:00Z", None),
        ({"due": "2026-12-01 09:00", "Time Zone": "Asia/Tokyo"}, "2026-12-01T09:00:00+09:00", "Asia/Tokyo"),
        ({"due": 0}, None, None),
        ({}, None, None),
    ],
)
def test_what_has_no_zone_is_in_the_rows_or_the_given_one(
    row: dict[str, Any], due: str | None, zone: str | None
) -> None:
    todo = only(lines({"title": "A", **row}), time_zone="Europe/Berlin")
    assert (todo["due"], todo["time_zone"]) == (due, zone)


def test_dates_are_read_as_the_user_says() -> None:
    content = b"title;due;remind at;created\nA;01.12.2026;30.11.2026 09:00;05.04.2025\n"
    todo = only(content, date_format="%d.%m.%Y")
    assert (todo["due"], todo["remind_at"]) == ("2026-12-01", "2026-11-30T09:00:00Z")
    assert todo["created_at"] == "2025-04-05T00:00:00.000Z"


def test_a_cell_with_a_json_array_of_tags_is_read_as_one() -> None:
    assert todos(b'title,tags\nA,"[""one"", ""two words""]"\n')[0]["tags"] == ["one", "two words"]
    assert todos(b'title,tags\nA,"[one], [two]"\n')[0]["tags"] == ["[one]", "[two]"]


def test_one_cause_is_refused_once() -> None:
    row = {"title": "A", "due": "soon", "repeat": "FREQ=DAILY;UNTIL=20200101T000000Z", "time_zone": "Nowhere"}
    assert [pointer for _, pointer, _ in errors_of(lines(row))] == ["#/due"]
    assert [pointer for _, pointer, _ in errors_of(b"title,due\n,2026-12-01\n")] == ["#/title"]
