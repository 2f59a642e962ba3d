"""A sample of each format, into which a test puts rows of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.loaders.loading import errors_of, titles


@dataclass(frozen=True)
class Sample:
    """How to write a file of a format.

    Attributes
    ----------
    row : callable
        A row with this title, and of `id`, `parent`, `due` and `priority` those that are given.
    bad_due : str
        What looks like a due date to the format, and is none.
    """

    name: str
    head: str
    row: Callable[..., str]
    separator: str
    tail: str
    bad_due: str
    has_ids: bool = True
    has_parents: bool = True

    def file(self, *rows: str) -> bytes:
        return (self.head + self.separator.join(rows) + self.tail).encode("utf-8", "surrogateescape")

    def line(self, *rows: str) -> int:
        """Where the row after these begins."""
        return (self.head + "".join(row + self.separator for row in rows)).count("\n") + 1


def _object(**names: Any) -> Callable[..., str]:
    """A row as a JSON object whose members have these names; a value may be made of the given one."""

    def row(title: str, **given: str) -> str:
        members = names.get("always", {}) | {names["title"]: title}
        for field, value in given.items():
            name = names.get(field, field)
            members |= name(value) if callable(name) else {name: value}
        return json.dumps(members, ensure_ascii=False)

    return row


def _cells(columns: dict[str, str]) -> Callable[..., str]:
    """A row of a table: by column, a field's name in braces, or a constant."""

    def row(title: str, **given: str) -> str:
        values = {"title": title, "id": "", "parent": "", "due": "", "priority": "", **given}
        return ",".join(cell.format(**values) for cell in columns.values())

    return row


def _todo_txt(title: str, **given: str) -> str:
    return " ".join([title, *(f"{'pri' if name == 'priority' else name}:{value}" for name, value in given.items())])


def _checkbox(title: str, **given: str) -> str:
    return f"- [ ] {title}" + (f" 📅 {given['due']}" if "due" in given else "")


def _vtodo(title: str, **given: str) -> str:
    names = {"id": "UID", "parent": "RELATED-TO", "due": "DUE", "priority": "PRIORITY"}
    properties = [f"{names[name]}:{value}" for name, value in given.items()]
    return "\n".join(["BEGIN:VTODO", f"SUMMARY:{title}", *properties, "END:VTODO"])


_CSV = {"id": "{id}", "title": "{title}", "due": "{due}", "priority": "{priority}", "parent": "{parent}"}
_TODOIST = {"TYPE": "task", "CONTENT": "{title}", "PRIORITY": "{priority}", "INDENT": "1", "DATE": "{due}"}
_TICKTICK = {
    "List Name": "L",
    "Title": "{title}",
    "Status": "0",
    "Is All Day": "false",
    "Due Date": "{due}",
    "Priority": "{priority}",
    "taskId": "{id}",
    "parentId": "{parent}",
}


_ASANA = {
    "Task ID": "{id}",
    "Created At": "2026-11-20",
    "Completed At": "",
    "Last Modified": "2026-11-20",
    "Name": "{title}",
    "Due Date": "{due}",
}
_GOOGLE = '{"kind": "tasks#taskLists", "items": [{"title": "L", "items": [\n'
_MICROSOFT = '{"@odata.context": "x", "value": [{"displayName": "L", "tasks": [\n'
_PLAIN = _object(title="title")
_TRELLO = '{"id": "b", "name": "B", "lists": [{"id": "l", "name": "L"}], "cards": [\n'
_WEKAN = '{"_format": "wekan-board-1.0.0", "title": "B", "lists": [{"_id": "l", "title": "L"}], "cards": [\n'
_PLANKA = '{"item": {"name": "B"}, "included": {"lists": [{"id": "l", "name": "L"}], "cards": [\n'
_TASKS_ORG = '{"version": 1, "data": {"tasks": [\n'
_SUPER = '{"data": {"project": {"ids": [], "entities": {}}, "task": {"ids": [], "entities": {\n'


def _tasks_org(title: str, **given: str) -> str:
    task = {
        "title": title,
        **{{"id": "remoteId", "due": "dueDate"}.get(name, name): each for name, each in given.items()},
    }
    return json.dumps({"task": task}, ensure_ascii=False)


def _entity(title: str, **given: str) -> str:
    names = {"parent": "parentId", "due": "dueDay"}
    members = {"id": title[:100], "title": title, **{names.get(name, name): value for name, value in given.items()}}
    return f"{json.dumps(members['id'])}: {json.dumps(members, ensure_ascii=False)}"


def _of_things(title: str, **given: str) -> str:
    beside = {name: value for name, value in given.items() if name != "due"}
    attributes = {"title": title, **({"deadline": given["due"]} if "due" in given else {})}
    return json.dumps({"type": "to-do", **beside, "attributes": attributes}, ensure_ascii=False)


SAMPLES = [
    Sample("json", "[\n", _PLAIN, ",\n", "\n]", "tomorrow"),
    Sample("jsonl", "", _PLAIN, "\n", "\n", "tomorrow"),
    Sample("csv", ",".join(_CSV) + "\n", _cells(_CSV), "\n", "\n", "tomorrow"),
    Sample("todo.txt", "", _todo_txt, "\n", "\n", "2026-02-30", has_ids=False, has_parents=False),
    Sample("markdown", "# L\n", _checkbox, "\n", "\n", "2026-02-30", has_ids=False, has_parents=False),
    Sample(
        "taskwarrior",
        "[\n",
        _object(
            title="description",
            id="uuid",
            always={"uuid": None, "entry": "20261120T150427Z", "status": "pending"},
        ),
        ",\n",
        "\n]",
        "tomorrow",
        has_parents=False,
    ),
    Sample("icalendar", "BEGIN:VCALENDAR\n", _vtodo, "\n", "\nEND:VCALENDAR\n", "20260230"),
    Sample(
        "todoist",
        ",".join(_TODOIST) + "\n",
        _cells(_TODOIST),
        "\n",
        "\n",
        "2026-02-30",
        has_ids=False,
        has_parents=False,
    ),
    Sample("asana", ",".join(_ASANA) + "\n", _cells(_ASANA), "\n", "\n", "2026-02-30", has_parents=False),
    Sample("google-tasks", _GOOGLE, _object(title="title"), ",\n", "\n]}]}", "tomorrow"),
    Sample(
        "microsoft-to-do",
        _MICROSOFT,
        _object(
            title="title",
            priority="importance",
            due=lambda due: {"dueDateTime": {"dateTime": due, "timeZone": "UTC"}},
        ),
        ",\n",
        "\n]}]}",
        "tomorrow",
        has_parents=False,
    ),
    Sample(
        "ticktick",
        '"Date: 2026-11-20+0000"\n"Version: 7.2"\n"Status: \n0 Normal"\n' + ",".join(_TICKTICK) + "\n",
        _cells(_TICKTICK),
        "\n",
        "\n",
        "tomorrow",
    ),
    Sample(
        "trello", _TRELLO, _object(title="name", always={"idList": "l"}), ",\n", "\n]}", "tomorrow", has_parents=False
    ),
    Sample(
        "wekan", _WEKAN, _object(title="title", id="_id", parent="parentId", due="dueAt"), ",\n", "\n]}", "tomorrow"
    ),
    Sample("planka", _PLANKA, _object(title="name", due="dueDate"), ",\n", "\n]}}", "tomorrow", has_parents=False),
    Sample("tasks.org", _TASKS_ORG, _tasks_org, ",\n", "\n]}}", "tomorrow", has_parents=False),
    Sample("super-productivity", _SUPER, _entity, ",\n", "\n}}}}", "tomorrow"),
    Sample("things", "[\n", _of_things, ",\n", "\n]", "tomorrow", has_parents=False),
    Sample(
        "apple-reminders",
        "[\n",
        _object(
            title="title",
            id="externalId",
            due="dueDate",
            parent="parentId",
            always={"listId": "l", "isCompleted": False},
        ),
        ",\n",
        "\n]",
        "tomorrow",
    ),
]


# They have no priority, or one in words of the user.
_WITHOUT_PRIORITIES = (
    "asana",
    "markdown",
    "google-tasks",
    "taskwarrior",
    "trello",
    "wekan",
    "planka",
    "super-productivity",
    "things",
)
# Read whole before the first row, since their parts refer to each other in any order.
_READ_WHOLE = ("trello", "wekan", "planka", "tasks.org", "super-productivity")
WITH_PRIORITIES = [sample for sample in SAMPLES if sample.name not in _WITHOUT_PRIORITIES]
WITH_IDS = [sample for sample in SAMPLES if sample.has_ids]
WITH_PARENTS = [sample for sample in SAMPLES if sample.has_parents]
TABLES = [sample for sample in SAMPLES if sample.name in ("csv", "todoist", "ticktick", "asana")]
OBJECTS = [
    sample
    for sample in SAMPLES
    if sample.name in ("json", "jsonl", "taskwarrior", "google-tasks", "microsoft-to-do", "things", "apple-reminders")
    or sample.name in _READ_WHOLE
]


# What ends by itself has an end that may be missing.
ENDED = [sample for sample in SAMPLES if sample.tail.strip() and sample.name not in _READ_WHOLE]


def each(samples: list[Sample]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("sample", samples, ids=[sample.name for sample in samples])


def rejected_between(sample: Sample, row: str) -> tuple[str, str]:
    """Pointer and detail of the complaint about a row between two good ones, which load, and whose line is told."""
    before, after = (sample.row(title, id=title) if sample.has_ids else sample.row(title) for title in "AB")
    content = sample.file(before, row, after)
    assert titles(content, sample.name) == ["A", "B"]
    [(line, pointer, detail)] = errors_of(content, sample.name)
    assert line == sample.line(before)
    return pointer, detail
