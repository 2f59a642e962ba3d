"""Todoist's CSV: sections, subtasks, comments, labels and dates."""

import unicodedata
from typing import Any

import pytest

from loaders.formats.todoist import _MAX_DEPTH, _MAX_NOTES, _Outline, row_of
from loaders.planner import Planned
from loaders.reading.options import ReadOptions, name_of_file
from loaders.rows.row import BadRow, Row
from loaders.rows.seen import Seen
from tests.loaders.loading import FILES, PLAINLY, errors_of, plan, read, stated, titles, todo_ids


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
        (b"task,,notes only", "#/CONTENT", "the row has no title: 'CONTENT' is empty"),
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


def states(content: bytes, name: str = "Home", **options: Any) -> list[dict[str, Any]]:
    planned = plan(content, "todoist", "todoist", how=ReadOptions(file_name=name, **options))
    return [dict(one.event.state) for one in planned if isinstance(one, Planned)]


def streams(content: bytes, name: str) -> list[str]:
    return todo_ids(content, system="todoist", how=ReadOptions(file_name=name))


@pytest.mark.parametrize("column", ["DATE", "DUE_DATE"])
@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-12-01", "Europe/Berlin", "2026-12-01"),
        ("Oct 5 2026", "Europe/Berlin", "2026-10-05"),
        ("2026-03-31 at 11:00", "Europe/Berlin", "2026-03-31T11:00:00+02:00"),
        ("5 Oct 2026 5pm", "", "2026-10-05T17:00:00+09:00"),
        ("2026-10-05 17:00", "Nowhere/Nowhere", "2026-10-05T17:00:00+09:00"),
    ],
)
def test_a_date_with_its_year_is_due_in_the_zone_of_the_row_or_the_given_one(
    column: str, text: str, zone: str, expected: str
) -> None:
    content = f"TYPE,CONTENT,INDENT,{column},TIMEZONE\ntask,A,1,{text},{zone}\n".encode()
    [row] = read(content, how=ReadOptions(time_zone="Asia/Tokyo"))
    assert isinstance(row, Row)
    assert row.fields["due"] == expected
    assert column not in row.fields.get("metadata", {})
    assert bool(row.loss and row.loss.notices) == (zone == "Nowhere/Nowhere")


@pytest.mark.parametrize("words", ["when the frost is over", "every day", "every! 2 weeks", "tomorrow", "10/5/2026"])
def test_words_that_are_no_date_are_kept_and_named(words: str) -> None:
    [row] = read(HEADER + f"task,A,,,,{words},Europe/Berlin\n".encode())
    assert isinstance(row, Row)
    assert row.loss is not None
    assert row.fields["metadata"]["DATE"] == words
    assert "due" not in row.fields
    assert row.loss.notices == ("a date in words was kept as metadata, and the todo has no due date",)
    assert "DATE" in row.loss.kept


def test_outside_of_sections_the_list_is_the_project_unless_it_is_given() -> None:
    content = HEADER + b"task,A\nsection,Shed\ntask,B\nsection," + b"s" * 101 + b"\ntask,C\n"
    for name in ("Garden", "Garden [2203306141]"):
        assert [state["list"] for state in states(content, name)] == ["Garden", "Shed", "Garden"]
    assert states(content)[2]["metadata"] == {"section": "s" * 101}
    assert [state["list"] for state in states(content, list_name="Mine")] == ["Mine", "Shed", "Mine"]
    assert [state["list"] for state in states(content, "")] == ["inbox", "Shed", "inbox"]
    assert [state["list"] for state in states(content, "g" * 101)] == ["inbox", "Shed", "inbox"]


def test_the_order_is_that_of_the_rows_also_around_a_bad_one() -> None:
    content = HEADER + b"task,A,,,1\ntask,B,,,2\ntask,bad,,9\nsection,S\ntask,C,,,1\n"
    assert [(state["title"], state["order"]) for state in states(content)] == [("A", 1), ("B", 2), ("C", 4)]


def test_equal_tasks_of_two_projects_are_two_todos_and_a_project_is_one_however_its_file_is_called() -> None:
    content = HEADER + b"task,A\ntask,B,,,2\n"
    assert len({*streams(content, "Home"), *streams(content, "Work"), *streams(content, "Home [7]")}) == 6
    decomposed = name_of_file(unicodedata.normalize("NFD", "Caf\u00e9") + ".csv")
    assert streams(content, decomposed) == streams(content, "Caf\u00e9")
    assert states(content, "Home")[1]["parent"] in streams(content, "Home")[0]
    assert states(content, name_of_file("caf\udce9.csv"))[0]["list"] == "caf\\udce9"


@pytest.mark.parametrize(
    ("text", "title", "tags"),
    [
        ("Talk to @town", "Talk to", ["town"]),
        ("Plan a @vacation @a", "Plan a", ["vacation", "a"]),
        ("Tell @bob of ann@example.com @ home", "Tell @bob of ann@example.com @ home", ["bob"]),
        ("@errand", "@errand", ["errand"]),
        ("* Heading @a", "* Heading", ["a"]),
        ("[Docs](https://a.example/@b) @web", "[Docs](https://a.example/@b)", ["web"]),
        ("A\u2003@caf\u00e9\u00a0", "A", ["caf\u00e9"]),
    ],
)
def test_a_label_is_taken_from_where_it_is(text: str, title: str, tags: list[str]) -> None:
    [state] = states(HEADER + f"task,{text}\n".encode())
    assert (state["title"], state["tags"]) == (title, tags)


def test_labels_that_no_tag_can_be_called_are_kept() -> None:
    [state] = states(HEADER + b"task,A @" + b"x" * 65 + b" @b\n")
    assert (state["title"], state["tags"], state["metadata"]) == ("A", ["b"], {"labels": ["x" * 65]})


def test_other_columns_and_attachments_are_kept() -> None:
    head = b"TYPE,CONTENT,INDENT,DURATION,DURATION_UNIT,DEADLINE,DEADLINE_LANG\n"
    attachment = '[[file {""file_name"": ""a.pdf"", ""file_url"": ""https://a.example/a.pdf""}]]'
    [state] = states(head + b"task,A,1,30,minute,2026-12-24,en\n" + f'note," {attachment}",,,,,\n'.encode())
    assert state["notes"] == " " + attachment.replace('""', '"')
    assert {name: state["metadata"][name] for name in ("DURATION", "DURATION_UNIT", "DEADLINE", "DEADLINE_LANG")} == {
        "DURATION": "30",
        "DURATION_UNIT": "minute",
        "DEADLINE": "2026-12-24",
        "DEADLINE_LANG": "en",
    }


def test_indents_may_skip_levels_and_end_anywhere() -> None:
    content = HEADER + b"task,A,,,3\ntask,B,,,2\ntask,C,,,5\ntask,D,,,3\ntask,E,,,1\ntask,F\n"
    found = states(content)
    names = {
        stream.rpartition("#")[2]: state["title"] for stream, state in zip(streams(content, "Home"), found, strict=True)
    }
    assert [names.get(state["parent"]) for state in found] == [None, None, "B", "B", None, None]


def test_a_mended_task_is_the_todo_that_it_would_have_been() -> None:
    how = ReadOptions(file_name="Home")
    content = HEADER + b"section,S\ntask,A,,\ntask,B,,9,2\n"
    [_, bad] = read(content, how=how)
    [_, whole] = read(content.replace(b",9,", b",1,"), how=how)
    assert isinstance(bad, BadRow)
    assert row_of(4, {**bad.original, "PRIORITY": "1"}, how) == whole
