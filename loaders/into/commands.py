"""The commands that write a todo over HTTP, and what they leave out.

The API does not set when a todo was created and completed, and sends a reminder that is past at once. What a row says
of those times and its todo does not have is kept in the metadata, unless the row is from an export of this service,
which comes back field for field.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.todos import ids
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, SOURCE_TIMES, canonical_json
from loaders.planner import Planned
from loaders.reconcile import beside, without_unset
from loaders.rows import reminders

Todo = dict[str, Any]

# How the keys of a load's commands begin.
_KEY: Final = "load-"


@dataclass(frozen=True, slots=True)
class Step:
    """A row and the command that writes it.

    Attributes
    ----------
    notices : list of str
        What the command leaves out.
    """

    planned: Planned
    command: dict[str, Any]
    notices: list[str]


def creation_of(one: Planned, version: int = 0) -> Step:
    """The creation of a row's todo, where there is none, or in place of one that was deleted at a version."""
    body, notices = _body(one, {})
    return Step(one, {"op": "create", "id": id_of(one), "key": _key(body, version), "body": body}, notices)


def replacement_of(one: Planned, todo: Todo) -> Step:
    """The replacement of a todo, at the version that it was read, by what its row says now."""
    body, notices = _body(one, todo)
    version = todo["version"]
    command = {"op": "put", "id": id_of(one), "if_match": f'"{version}"', "key": _key(body, version), "body": body}
    return Step(one, command, notices)


def is_of_a_load(event: dict[str, Any]) -> bool:
    """Whether a load over HTTP made an event, as the API shows it to its owner."""
    return (event.get("idempotency_key") or "").startswith(_KEY)


def _body(one: Planned, todo: Todo) -> tuple[dict[str, Any], list[str]]:
    """The content that a row's command sends, and what it leaves out that the todo does not have."""
    times = one.times
    content = reminders.without_silent(one.event.change)
    left_out = [reminders.LEFT_OUT] if content is not one.event.change else []
    content = beside(content, todo, one.unstated) if todo else content
    if not times.taken:
        return content, left_out
    body = {name: value for name, value in content.items() if name not in SOURCE_TIMES}
    metadata = times.beside(body.get("metadata"), todo)
    if metadata:
        body["metadata"] = metadata
    return body, left_out + [
        f"a {field} was left out, because the API does not set it"
        + ("; it was kept as metadata" if times.names[field] in (metadata or ()) else "")
        for field in times.taken
        if todo.get(field) != times.taken[field]
    ]


def _key(body: dict[str, Any], version: int) -> str:
    """The idempotency key of a row's command, the same in every run."""
    return f"{_KEY}{version}-{hashlib.sha256(canonical_json(body).encode()).hexdigest()}"


def is_as_its_row(todo: Todo, one: Planned) -> bool:
    """Whether a todo has the content of its row, the row's times in its metadata aside."""
    if one.times.written:
        metadata = one.times.without(todo.get("metadata"), one.event.change.get("metadata"))
        todo = {**todo, "metadata": metadata}
    content = beside(one.event.change, todo, one.unstated)
    if reminders.is_silent(content) and todo.get("remind_at") is None:
        content = reminders.without_silent(content)
    return _content(todo) == _content(without_unset(content, {**DEFAULTS, **todo}, one.former.unset))


def is_alike(todo: Todo, other: Todo) -> bool:
    """Whether two todos have the same content."""
    return _content(todo) == _content(other)


def id_of(one: Planned) -> str:
    """The id of a row's todo."""
    return ids.split_stream_id(one.event.stream_id)[1]


def _content(todo: Todo) -> str:
    """The content as canonical JSON with all fields, because 1 == True in Python."""
    return canonical_json({name: todo.get(name, DEFAULTS[name]) for name in CONTENT_FIELDS})
