"""Todoist's CSV: sections, subtasks, comments, labels and dates."""

import pytest

from loaders.formats.todoist import _MAX_DEPTH, _MAX_NOTES, _Outline
from loaders.rows.row import BadRow
from loaders.rows.seen import Seen
from tests.loaders.loading import FILES, PLAINLY, errors_of, plan, stated, titles, todo_ids


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    assert stated(FILES / "todoist.csv") == [
        {
            "title": "Buy milk",
            "notes": "Two cartons\nof the big ones\nRemember organic\nOr none\nat all",
            "tags": ["errands", "shop"],
            "priority": "high",
            "order": 1,
            "source": "todoist:5862887ba0962438ad8bcd6f62e1ff13#1",
            "metadata": {
                "AUTHOR": "Alice (100)",
                "RESPONSIBLE": "Bob (200)",
                "DATE": "tomorrow at 5pm",
                "DATE_LANG": "en",
                "TIMEZONE": "US/Central",
                "DURATION": "30",
                "DURATION_UNIT": "minute",
                "comments": [
                    {"lines": 1, "AUTHOR": "Alice (100)"},
                    {"lines": 2, "AUTHOR": "Bob (200)", "DATE": "2026-11-20", "DATE_LANG": "en"},
                ],
            },
        },
        {
            "title": "Check refrigerator",
            "due": "2026-12-13",
            "parent": "Buy milk",
            "order": 2,
            "source": "todoist:7dfb6da6255b62ddf7ad8c9d1b77dcf1#1",
            "metadata": {"AUTHOR": "Alice (100)", "DATE_LANG": "en", "TIMEZONE": "US/Central"},
        },
        {
            "title": 'Open the "door"',
            "priority": "low",
            "due": "2026-12-13T17:30:00-06:00",
            "parent": "Check refrigerator",
            "order": 3,
            "source": "todoist:6e5b9e4f8e57cbc60ae02975810381c0#1",
            "metadata": {"AUTHOR": "Alice (100)", "DATE_LANG": "en", "TIMEZONE": "US/Central"},
        },
        {
            "title": "Tell @bob of it",
            "tags": ["bob"],
            "priority": "medium",
            "parent": "Buy milk",
            "order": 4,
            "source": "todoist:169ebb4ab7277eae473e6d62731b2cc6#1",
            "metadata": {"AUTHOR": "Alice (100)"},
        },
        {
            "title": "Reply to HOA, politely",
            "notes": "Keep it short",
            "list": "Home 🏠",
            "priority": "low",
            "order": 5,
            "source": "todoist:ca24df34929111d968a2e5aa5a97e6ff#1",
            "metadata": {"AUTHOR": "Alice (100)", "DATE": "every day", "DATE_LANG": "en"},
        },
        {
            "title": "Buy milk",
            "list": "Home 🏠",
            "tags": ["errands", "shop"],
            "order": 6,
            "source": "todoist:e26299ce46888ca03ac3d430e0fd1a57#1",
            "metadata": {"AUTHOR": "Alice (100)"},
        },
        {
            "title": "Buy milk",
            "list": "Home 🏠",
            "tags": ["errands", "shop"],
            "order": 7,
            "source": "todoist:e26299ce46888ca03ac3d430e0fd1a57#2",
            "metadata": {"AUTHOR": "Alice (100)"},
        },
    ]


HEADER = b"TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,DATE,TIMEZONE\n"


@pytest.mark.parametrize(
    ("row", "pointer", "detail"),
    [
        (b"project,B", "#", "expected a TYPE of task, section, note or meta, not 'project'"),
        (b"task,B,,,deep", "#/INDENT", "expected a whole number"),
        (b"task,,notes only", "#/CONTENT", "required"),
        (b"task,B,,5", "#/PRIORITY", "expected one of 1, 2, 3, 4, not '5'"),
        (b"task,B,,,,2026-12-01 25:00,UTC", "#/DATE", "hour must be in 0..23"),
    ],
)
def test_a_bad_row_is_pointed_at(row: bytes, pointer: str, detail: str) -> None:
    content = HEADER + b"task,A\n" + row + b"\ntask,C\n"
    [(line, found_pointer, found)] = errors_of(content)
    assert (line, found_pointer) == (3, pointer)
    assert detail in found
    assert titles(content) == ["A", "C"]


def test_a_note_goes_with_its_task_even_if_that_is_rejected() -> None:
    [bad] = plan(HEADER + b"task,A,,9\nnote,N\n")
    assert isinstance(bad, BadRow)
    assert bad.original["notes"] == [{"TYPE": "note", "CONTENT": "N"}]


def test_a_note_whose_task_could_not_be_read_is_rejected_and_not_put_to_another() -> None:
    content = HEADER + b"task,A\ntask,caf\xe9\nnote,N\n"
    assert [line for line, _, _ in errors_of(content)] == [3, 4]
    assert "a note that does not follow a readable task" in errors_of(content)[1][2]


def test_a_task_stays_the_same_todo_when_its_date_or_its_comments_change() -> None:
    before = todo_ids(HEADER + b"task,A,,1,1,today\ntask,B,,1,2\n")
    assert todo_ids(HEADER + b"task,A,more,4,1,2026-12-01\nnote,N\ntask,B,,1,2\n") == before
    assert todo_ids(HEADER + b"task,A\ntask,B,,1,1\n")[1] != before[1]


def test_an_indent_that_jumps_is_below_the_nearest_task_that_is_less_indented() -> None:
    rows = plan(HEADER + b"task,A,,,1\ntask,B,,,4\ntask,C,,,3\ntask,D,,,4\nsection,S\ntask,E,,,2\n")
    states = {row.event.state["title"]: row.event for row in rows if not isinstance(row, BadRow)}
    by_id = {event.stream_id.partition("#")[2]: title for title, event in states.items()}
    parents = {title: by_id.get(event.state["parent"] or "") for title, event in states.items()}
    assert parents == {"A": None, "B": "A", "C": "A", "D": "C", "E": None}


def test_ever_deeper_tasks_are_all_loaded_and_the_outermost_forgotten() -> None:
    with Seen() as seen:
        outline = _Outline(seen, PLAINLY)
        for depth in range(3_000):
            outline.task(depth + 2, {"CONTENT": "a", "INDENT": str(depth)})
        assert len(outline._above) == _MAX_DEPTH
    content = b"TYPE,CONTENT,INDENT\n" + b"".join(b"task,a%d,%d\n" % (depth, depth) for depth in range(1, 1_500))
    assert len(titles(content)) == 1_499


def test_a_note_beyond_what_a_task_may_have_is_rejected() -> None:
    content = b"TYPE,CONTENT,INDENT\ntask,a,1\n" + b"note,b,\n" * (_MAX_NOTES + 2) + b"task,c,1\n"
    errors = errors_of(content)
    assert {line for line, _, _ in errors} == {2, 10_003, 10_004}
    assert titles(content) == ["c"]
