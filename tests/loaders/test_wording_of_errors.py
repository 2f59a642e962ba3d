"""What is wrong with a row is said in sentences: the row's own names, what is there, and what is allowed."""

from typing import Any

import pytest

from loaders.output.rejected import error_text
from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow
from tests.loaders.loading import lines, plan


def said(content: bytes, name: str | None = None) -> str:
    [bad] = [row for row in plan(content, name) if isinstance(row, BadRow)]
    return error_text(bad)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"due": "2026-12-01"},
            "the row has no title: none of the names title, task, name, summary, subject, …",
        ),
        ({"task": ""}, "the row has no title: 'task' is empty"),
        ({"task": None}, "the row has no title: 'task' is empty"),
        ({"title": "A", "Fällig am": 1, "Due Date": "morgen"}, "'Due Date': expected a date such as 2026-12-31"),
        (
            {"title": "A", "due/at": "x", "Priority": "urgent"},
            "'Priority': expected none, low, medium or high, not 'urgent'",
        ),
        ({"title": "A", "priority": 1}, "'priority': expected none, low, medium or high, not 1"),
        ({"title": "A", "tags": ["a", "b" * 70]}, "value 2 of 'tags': has 70 characters where 64 are allowed"),
        ({"title": "A", "tags": ["a"] * 40}, "'tags': has 40 values where 32 are allowed"),
        ({"title": "a" * 600}, "'title': has 600 characters where 500 are allowed"),
        ({"title": "A", "Notes": "n" * 20_000}, "'Notes': has 20000 bytes of UTF-8 where 16384 are allowed"),
        ({"title": "A", "Notes": ["n"]}, "'Notes': expected a text, not ['n']"),
        (
            {"title": "A", "x": "1", "Long story": "n" * 5000},
            "'metadata': has 5025 bytes of UTF-8 where 4096 are allowed for what no field holds: Long story, x",
        ),
        ({"title": "A", "done": "vielleicht"}, "'done': expected true or false (also yes or no, 1 or 0, done or open)"),
        ({"title": "A", "done": "vielleicht"}, "not 'vielleicht'; say with --done-values which words mean done"),
    ],
)
def test_a_reason_is_a_sentence_for_people(row: dict[str, Any], words: str) -> None:
    reason = said(lines({"title": "Good"}, row))
    assert words in reason
    assert not any(sign in reason for sign in ("#/", "%20", "%C3", "`", "Expected", "Invalid", "null"))


def test_the_errors_for_programs_keep_their_pointers() -> None:
    [bad] = plan(lines({"title": "A", "Fällig am/um": 1, "Due Date": "x"}))
    assert isinstance(bad, BadRow)
    assert [error.pointer for error in bad.errors] == ["#/Due%20Date"]


@pytest.mark.parametrize("name", ["Fällig", "a/b", "a~b", "a%20b", "due #1"])
def test_a_name_is_shown_as_the_file_has_it(name: str) -> None:
    [bad] = plan(lines({"title": "A", name: "soon"}), how=ReadOptions(names={"due": name}))
    assert isinstance(bad, BadRow)
    assert error_text(bad).startswith(f"{name!r}: expected a date")
