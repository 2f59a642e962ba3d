"""Markdown: a checkbox is a task, a nested one a subtask, a heading a list; everything else is tolerated."""

from typing import Any

import pytest

from loaders.formats import Certainty, choose_format, formats
from loaders.formats.markdown import row_of
from loaders.planner import Planned
from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow, Row
from tests.loaders.loading import FILES, errors_of, plan, read, stated, todo_ids


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    found = stated(FILES / "tasks.md")
    assert all(todo.pop("source").startswith("markdown:") for todo in found)
    assert found == [
        {
            "title": "Plant the garlic",
            "notes": 'Twenty cloves,\nin the "shed"',
            "list": "Garden",
            "priority": "high",
            "due": "2026-12-01",
            "order": 1,
        },
        {"title": "Buy bulbs", "completed": True, "list": "Garden", "parent": "Plant the garlic", "order": 2},
        {
            "title": "Dig the bed",
            "notes": "- plain note\n```sh\n- [ ] no task\n```",
            "list": "Garden",
            "parent": "Plant the garlic",
            "order": 3,
        },
        {
            "title": "Water Zoë's fern 🌿",
            "list": "Garden",
            "order": 4,
            "metadata": {"recurrence": "every week", "status": "/"},
        },
        {
            "title": "Sweep",
            "completed": True,
            "list": "Shed",
            "order": 5,
            "metadata": {"headings": ["Garden", "Shed"]},
        },
        {
            "title": "Paint the door",
            "completed": True,
            "list": "Shed",
            "order": 6,
            "metadata": {"status": "-", "headings": ["Garden", "Shed"]},
        },
        *(
            {
                "title": 'Buy milk, bread & 2 "large" eggs',
                "list": "Kitchen",
                "order": order,
                "metadata": {"headings": ["Garden", "Kitchen"]},
            }
            for order in (7, 8)
        ),
    ]


def states(text: str) -> list[dict[str, Any]]:
    planned = plan(text.encode(), "markdown", "markdown")
    assert [row for row in planned if isinstance(row, BadRow)] == []
    return [dict(row.event.state) for row in planned if isinstance(row, Planned)]


def outline(text: str) -> list[tuple[str, str | None]]:
    """Each title with that of its parent."""
    planned = [row for row in plan(text.encode(), "markdown", "markdown") if isinstance(row, Planned)]
    names = {row.event.stream_id.rpartition("#")[2]: row.event.state["title"] for row in planned}
    return [(row.event.state["title"], names.get(row.event.state["parent"] or "")) for row in planned]


@pytest.mark.parametrize(
    ("line", "title", "completed"),
    [
        ("- [ ] A", "A", False),
        ("+ [x] A", "A", True),
        ("* [X]\tA", "A", True),
        ("7) [ ] A", "A", False),
        ("- [] A", "A", False),
        ("-   [x]   A  ", "A", True),
        ("> - [ ] A", "A", False),
        ("\t- [ ] A", "A", False),
        ("- [x] [link](https://a.example/b?c=d:e)", "[link](https://a.example/b?c=d:e)", True),
        ("- [ ] A @home #garden **bold** [x]", "A @home #garden **bold** [x]", False),
        ("- [?] A", "A", False),
    ],
)
def test_a_checkbox_is_a_task(line: str, title: str, completed: bool) -> None:
    [state] = states(f"{line}\n")
    assert (state["title"], state["completed"]) == (title, completed)


@pytest.mark.parametrize(
    "text",
    [
        "- A",
        "[ ] A",
        "- [x](https://a.example)",
        "-[ ] A",
        "- [ ]A",
        "- [ ]",
        "- [ ]   ",
        "- [xx] A",
        "| - [ ] A |",
        "```\n- [ ] A\n```",
        "~~~ md\n- [ ] A\n```\n- [ ] B\n~~~",
        "````\n```\n- [ ] A\n```\n````",
        "- ```\n  - [ ] A\n  ```",
        "<!--\n- [ ] A\n-->",
        "---\nlist:\n  - [ ] A\n---",
        "\\- [ ] A",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert states(f"{text}\n\n- [ ] Z\n")[:-1] == []
    assert formats()["markdown"].recognise(f"{text}\n".encode()) is Certainty.NO


def test_nested_checkboxes_are_subtasks_however_they_are_indented() -> None:
    expected = [("A", None), ("B", "A"), ("C", "B"), ("D", "A"), ("E", None)]
    for step in ("  ", "    ", "\t", "   "):
        text = f"- [ ] A\n{step}- [ ] B\n{step * 2}- [x] C\n\n{step}* [ ] D\n1. [ ] E\n"
        assert outline(text) == expected
    assert outline("- [ ] A\n - [ ] B\n") == [("A", None), ("B", None)]
    assert outline("- [ ] A\n- plain\n  - [ ] B\n") == [("A", None), ("B", None)]
    assert outline("- [ ] A\n  - plain\n    - [ ] B\n") == [("A", None), ("B", "A")]
    for between in ("# H", "Words", "H\n==="):
        assert outline(f"- [ ] A\n\n{between}\n\n  - [ ] B\n") == [("A", None), ("B", None)]


def test_a_heading_is_a_list_until_the_next_one_of_its_level() -> None:
    text = (
        "- [ ] A\n# One #\n- [ ] B\n### Three\n- [ ] C\n\nTwo\n---\n- [ ] D\n\n***\n- [ ] E\n# "
        + "l" * 101
        + "\n- [ ] F\n"
    )
    found = states(text)
    assert [state["list"] for state in found] == ["inbox", "One", "Three", "Two", "Two", "inbox"]
    assert [(state["metadata"] or {}).get("headings") for state in found] == [
        None,
        None,
        ["One", "Three"],
        ["One", "Two"],
        ["One", "Two"],
        ["l" * 101],
    ]


def test_text_below_a_task_is_its_notes() -> None:
    notes = "and more\n  indented\n\n  a paragraph\n    deeper\n  - bullet\n"
    text = f"- [ ] A\n{notes}\nother text\n  - [ ] B\n# H\n  no note\n"
    assert [(state["title"], state["notes"]) for state in states(text)] == [
        ("A", "and more\nindented\n\na paragraph\n  deeper\n- bullet"),
        ("B", None),
    ]


def test_signs_with_a_date_are_fields_and_others_stay() -> None:
    [state] = states("- [x] A 🎁 📅 2026-12-01 🛫 2026-11-01 ➕ 2020-01-02 ✅ 2020-01-03 #b 🔺\n")
    assert (state["title"], state["due"], state["priority"]) == ("A 🎁 #b", "2026-12-01", "high")
    assert (state["created_at"][:10], state["completed_at"][:10]) == ("2020-01-02", "2020-01-03")
    assert state["metadata"] == {"start": "2026-11-01", "priority": "🔺"}
    [state] = states("- [ ] 📅 2026-12-01\n")
    assert (state["title"], state["due"]) == ("📅 2026-12-01", "2026-12-01")
    [(line, pointer, detail)] = errors_of(b"- [ ] A\n- [ ] B \xf0\x9f\x93\x85 2026-02-30\n", "markdown")
    assert (line, pointer) == (2, "#/due")
    assert "day" in detail


def test_a_task_stays_the_same_todo_when_it_is_done_or_its_date_changes() -> None:
    before = todo_ids(b"# H\n- [ ] A\n  - [ ] B\n- [ ] A\n")
    assert len(set(before)) == 3
    for after in (
        "# H\n* [x] A 📅 2026-12-01\n\t+ [x] B\n* [-] A\n",
        "Words\n\n# H\n- [ ] A\n  - [ ] B\n  notes\n- [ ] A\n",
    ):
        assert todo_ids(after.encode()) == before
    for after in ("# I\n- [ ] A\n  - [ ] B\n- [ ] A\n",):
        assert not {*todo_ids(after.encode())} & {*before}
    other = todo_ids(b"# H\n- [ ] A\n", how=ReadOptions(file_name="work"))
    assert not {*other} & {*todo_ids(b"# H\n- [ ] A\n", how=ReadOptions(file_name="home"))}


def test_a_mended_task_is_the_todo_that_it_would_have_been() -> None:
    content = "# H\n- [ ] A\n  - [ ] B 📅 2026-13-01\n    notes\n"
    [_, bad] = read(content.encode(), "markdown")
    assert isinstance(bad, BadRow)
    [_, whole] = read(content.replace("-13-", "-12-").encode(), "markdown")
    assert row_of(3, {**bad.original, "text": bad.original["text"].replace("-13-", "-12-")}, ReadOptions()) == whole
    for nonsense in ({"text": 1}, {"text": "A"}, {"text": "- [ ] A", "headings": "H"}, {}):
        assert isinstance(row_of(1, nonsense, ReadOptions()), BadRow)


def test_a_line_that_is_not_utf8_is_rejected_with_its_task_alone() -> None:
    rows = read(b"caf\xe9\n- [ ] A\n  caf\xe9\n- [ ] B\n", "markdown")
    assert [type(row) for row in rows] == [BadRow, Row]
    assert isinstance(rows[0], BadRow)
    assert "base64" in rows[0].original


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("- [ ] Buy milk, eggs @shop\n", "markdown"),
        ("[TOC]\n\n- [ ] A\n", "markdown"),
        ("\ufeff# To do\r\n\r\n- [x] A\r\n", "markdown"),
        ("Todo\n\n* [ ] A\n", "markdown"),
        ("Shopping, for Sunday\n\n* [ ] A\n", "markdown"),
        ('Title,Notes\nA,"- [ ] x\n- [ ] y"\n', "csv"),
        ('TYPE,CONTENT,INDENT\ntask,"A\n- [ ] x",1\n', "todoist"),
        ("# To do\n\n- A\n", "csv"),
    ],
)
def test_a_file_with_a_checkbox_is_recognised(content: str, name: str) -> None:
    assert name == choose_format(content.encode().removeprefix(b"\xef\xbb\xbf")).NAME


def test_endless_notes_and_nesting_end() -> None:
    many = "- [ ] A\n" + "  note\n" * 30_000 + "- [ ] B\n"
    assert [type(row) for row in read(many.encode(), "markdown")] == [BadRow, Row]
    deep = "".join(f"{'  ' * depth}- [ ] {depth}\n" for depth in range(1_500))
    assert len(read(deep.encode(), "markdown")) == 1_500
