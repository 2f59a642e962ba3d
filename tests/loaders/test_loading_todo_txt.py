"""todo.txt: a line is a task, and what a line says becomes a field or metadata."""

from typing import Any

import pytest

from loaders.planner import Planned
from loaders.reading.options import ReadOptions
from loaders.rows.row import Row
from tests.loaders.loading import FILES, errors_of, plan, read, stated, titles


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    assert stated(FILES / "todo.txt") == [
        {
            "title": "Plant the garlic",
            "list": "Home",
            "tags": ["outdoor"],
            "priority": "high",
            "due": "2026-12-01",
            "source": "todo.txt",
            "metadata": {"creation_date": "2026-11-20"},
        },
        {
            "title": "Call Zoë 🎁 about https://example.com/a?b=c:d at 10:30",
            "list": "Work",
            "tags": ["phone"],
            "source": "todo.txt",
            "metadata": {"t": "2026-12-24", "projects": ["Calls"], "creation_date": "2026-11-20"},
        },
        {
            "title": "Pay the rent",
            "list": "Finance",
            "due": "2026-12-31",
            "repeat": "FREQ=MONTHLY;INTERVAL=1",
            "source": "todo.txt",
            "metadata": {"rec": "+1m"},
        },
        {
            "title": "Tell +Mom of @home things today",
            "list": "Mom",
            "tags": ["home"],
            "priority": "low",
            "due": "2026-12-02",
            "source": "todo.txt",
            "metadata": {"ticket": "42", "priority": "D"},
        },
        {"title": "2026-01-05 odd dates", "source": "todo.txt", "metadata": {"creation_date": "2026-11-20"}},
        {
            "title": 'Buy milk, bread & 2 "large" eggs',
            "completed": True,
            "tags": ["errand", "shop"],
            "priority": "medium",
            "source": "todo.txt",
            "metadata": {"pri": "B", "creation_date": "2026-11-20", "completion_date": "2026-11-21"},
        },
        {"title": "done without a date", "completed": True, "source": "todo.txt"},
        {"title": "(A)lso not a priority", "source": "todo.txt", "metadata": {"rec": "2b"}},
        {"title": "@home", "tags": ["home"], "source": "todo.txt"},
        {"title": "xylophone lesson", "source": "todo.txt"},
    ]


@pytest.mark.parametrize(
    ("line", "pointer", "detail"),
    [
        ("2026-13-45 B", "#", "a date that does not exist"),
        ("B due:someday", "#/due", "expected one date, such as 2026-12-01, not 'someday'"),
        ("B due:2026-12-01 due:2026-12-02", "#/due", "expected one date"),
        ("x B pri:AA", "#/pri", "expected one letter from A to Z, not 'AA'"),
        ("due:2026-12-01", "#/title", "the row has no title"),
    ],
)
def test_a_bad_line_is_rejected_alone(line: str, pointer: str, detail: str) -> None:
    content = f"(A) A\n{line}\n(B) C\n".encode()
    [(number, found_pointer, found)] = errors_of(content, "todo.txt")
    assert (number, found_pointer) == (2, pointer)
    assert detail in found
    assert titles(content, "todo.txt") == ["A", "C"]


@pytest.mark.parametrize(
    ("line", "title", "tags", "list_name", "metadata"),
    [
        ("Go to @tokyo", "Go to", ["tokyo"], "inbox", None),
        ("Ship it kit:itemlist", "Ship it", None, "inbox", {"kit": "itemlist"}),
        ("Write to mailto:info@example.com", "Write to", None, "inbox", {"mailto": "info@example.com"}),
        ("Mail ann@example.com", "Mail ann@example.com", None, "inbox", None),
        ("Pay tax @taxes +finances", "Pay tax", ["taxes"], "finances", None),
        ("@a a @a b @b @a", "@a a @a b", ["a", "b"], "inbox", None),
        ("see see:https://a.example/b?c=d:e @web", "see", ["web"], "inbox", {"see": "https://a.example/b?c=d:e"}),
        ("read https://a.example/read", "read https://a.example/read", None, "inbox", None),
        ("Meet @ + at 10:30", "Meet @ + at 10:30", None, "inbox", None),
        ("10\u00a0km\u2003@run\tfast @sport\t", "10\u00a0km\u2003@run\tfast", ["run", "sport"], "inbox", None),
        ("A t:1 t:2 tea", "A tea", None, "inbox", {"t": ["1", "2"]}),
        (
            "(D) A priority:1 projects:x +p +q",
            "A",
            None,
            "p",
            {"priority": "D", "priority 2": "1", "projects": ["q"], "projects 2": "x"},
        ),
        ("A +" + "p" * 101 + " +q", "A", None, "inbox", {"projects": ["p" * 101, "q"]}),
        ("A @" + "c" * 65 + " @d", "A", ["d"], "inbox", {"contexts": ["c" * 65]}),
        ("A " + " ".join(f"@{n}" for n in range(33)), "A", [str(n) for n in range(32)], "inbox", {"contexts": ["32"]}),
    ],
)
def test_a_token_is_taken_from_where_it_is(line: str, title: str, tags: Any, list_name: str, metadata: Any) -> None:
    [row] = plan(line.encode(), "todo.txt", "todo.txt")
    assert isinstance(row, Planned), row
    state = row.event.state
    assert (state["title"], state["tags"], state["list"], state["metadata"]) == (title, tags, list_name, metadata)


@pytest.mark.parametrize(
    ("line", "title", "priority", "completed_on", "created_on"),
    [
        ("x 2022-06-14 (A) 2022-06-13 Simple task", "Simple task", "high", "2022-06-14", "2022-06-13"),
        ("x (A) 2022-06-14 2022-06-13 A", "A", "high", "2022-06-14", "2022-06-13"),
        ("x 2022-06-14 2022-06-13 (B) A", "A", "medium", "2022-06-14", "2022-06-13"),
        ("x (C) A", "A", "low", None, None),
        ("x 2022-06-14 A", "A", "none", "2022-06-14", None),
        ("x 2022-06-14 2022-06-13 2022-06-12 A", "2022-06-12 A", "none", "2022-06-14", "2022-06-13"),
        ("x (A) (B) A", "(B) A", "high", None, None),
        ("x\t(A)\t2022-06-14 A", "A", "high", "2022-06-14", None),
        ("(A) 2022-06-13 A", "A", "high", None, "2022-06-13"),
        ("2022-06-13 (A) is a grade", "(A) is a grade", "none", None, "2022-06-13"),
        ("  (A) A", "A", "high", None, None),
        ("(A)lso", "(A)lso", "none", None, None),
        ("(A)", "(A)", "none", None, None),
        ("2022-06-13T10:00 A", "2022-06-13T10:00 A", "none", None, None),
        ("X A", "X A", "none", None, None),
    ],
)
def test_priority_and_dates_are_read_in_every_order_that_programs_write(
    line: str, title: str, priority: str, completed_on: str | None, created_on: str | None
) -> None:
    [row] = plan(line.encode(), "todo.txt", "todo.txt")
    assert isinstance(row, Planned), row
    state = row.event.state
    assert (state["title"], state["priority"]) == (title, priority)
    assert state["completed"] == line.strip().startswith(("x ", "x\t"))
    dates = {"completion_date": completed_on, "creation_date": created_on}
    assert (state["metadata"] or {}) == {name: day for name, day in dates.items() if day}
    if completed_on:
        assert state["completed_at"] == f"{completed_on}T00:00:00.000Z"
    if created_on:
        assert state["created_at"] == f"{created_on}T00:00:00.000Z"
    assert row.loss is None


@pytest.mark.parametrize(
    ("due", "time_zone", "expected"),
    [
        ("2026-12-01", "Asia/Tokyo", "2026-12-01"),
        ("2026-12-01T09:00", None, "2026-12-01T09:00:00Z"),
        ("2026-12-01T09:00", "Europe/Berlin", "2026-12-01T09:00:00+01:00"),
        ("2026-12-01T09:00+05:00", "Europe/Berlin", "2026-12-01T09:00:00+05:00"),
    ],
)
def test_a_time_of_day_is_one_of_the_given_zone(due: str, time_zone: str | None, expected: str) -> None:
    [row] = read(f"A due:{due}".encode(), "todo.txt", ReadOptions(time_zone=time_zone))
    assert isinstance(row, Row)
    assert row.fields["due"] == expected


def test_a_line_is_the_same_todo_however_its_end_and_the_file_s_beginning_are_written() -> None:
    plain = b"Buy milk @shop\n(A) Call\n"
    expected = [row.event.stream_id for row in plan(plain, "todo.txt") if isinstance(row, Planned)]
    for content in (plain.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + plain, plain.rstrip(), b"\n \n" + plain):
        assert [row.event.stream_id for row in plan(content, "todo.txt") if isinstance(row, Planned)] == expected
