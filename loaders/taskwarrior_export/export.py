"""From a todo of this service's export to the task that Taskwarrior imports.

A todo that was loaded from Taskwarrior becomes the same task again, with the changes that were made here. Any other
todo becomes a task with its title, list, tags, priority, due date and notes, and its id as UUID. Data without an
attribute in Taskwarrior (`remind_at`, `order`, `repeat`, `time_zone`, `parent`, other programs' metadata) is not
exported.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from chalicelib.todos import content, instants, strict_json, zones
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULT_LIST
from loaders.formats.taskwarrior import DATE, PRIORITIES, SYSTEM
from loaders.output.rejected import error_text
from loaders.rows.room import cut_title, shorten_list
from loaders.rows.row import BadRow
from loaders.rows.wording import explain

_INSTANTS: Final = ("created_at", "updated_at", "completed_at")
_NEEDED: Final = ("id", "version", "title", "created_at", "updated_at")
# Taskwarrior's own, which other programs' metadata does not have.
_ALWAYS_THERE: Final = frozenset({"entry", "modified"})
_LETTERS: Final = {word: letter for letter, word in PRIORITIES.items()}


def parse_todo(line: bytes) -> dict[str, Any]:
    """The todo in a line of an export.

    Raises
    ------
    ValueError
        The line is not an exported todo; the message says why.
    """
    try:
        todo = strict_json.parse(line.decode())
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if not isinstance(todo, dict):
        raise ValueError("expected an object")
    if missing := [name for name in _NEEDED if todo.get(name) is None]:
        raise ValueError(f"{', '.join(missing)} missing")
    try:
        content.validate({name: todo[name] for name in CONTENT_FIELDS if todo.get(name) is not None})
    except content.InvalidContent as error:
        raise ValueError(error_text(BadRow(0, todo, explain(error.errors, todo, {})))) from None
    if not isinstance(todo["id"], str):
        raise ValueError("'id': expected a text")
    for name in _INSTANTS:
        try:
            instants.parse(str(todo.get(name) or todo["created_at"]))
        except ValueError as error:
            raise ValueError(f"{name!r}: {error}") from None
    return todo


def task(todo: dict[str, Any]) -> dict[str, Any]:
    """The task of a todo as the API shows it.

    Raises
    ------
    ValueError
        The metadata is not what the loader writes for a task.
    """
    metadata = todo.get("metadata") or {}
    system, _, origin = (todo.get("source") or "").rpartition(":")
    is_from_taskwarrior = _is_uuid(origin) and (system == SYSTEM or not _ALWAYS_THERE.isdisjoint(metadata))
    kept = dict(metadata) if is_from_taskwarrior else {}
    status = _status(todo, kept.pop("status", None))
    made: dict[str, Any] = {
        "uuid": origin if is_from_taskwarrior else todo["id"],
        "description": _whole(todo["title"], kept.pop("description", None), cut_title),
        "status": status,
        "entry": kept.pop("entry", None) or _date(todo["created_at"]),
        "modified": _modified(todo, kept.pop("modified", None)),
    }
    project, name = kept.pop("project", None), todo.get("list", DEFAULT_LIST)
    if project or name != DEFAULT_LIST:
        made["project"] = project if name == DEFAULT_LIST else _whole(name, project, shorten_list)
    if tags := [*(todo.get("tags") or ()), *(kept.pop("tags", None) or ())]:
        made["tags"] = tags
    if todo.get("priority") in _LETTERS:
        made["priority"] = _LETTERS[todo["priority"]]
        kept.pop("priority", None)
    if todo.get("due"):
        made["due"] = zones.instant_of(todo["due"], todo.get("time_zone")).strftime(DATE)
    end = kept.pop("end", None)
    if status in ("completed", "deleted"):
        made["end"] = end or _date(todo.get("completed_at") or todo["updated_at"])
    try:
        annotations = list(_annotations(todo.get("notes"), kept.pop("annotations", []), made["modified"]))
    except (TypeError, ValueError):
        raise ValueError(
            "#/metadata/annotations: expected [entry, lines], as they were loaded from Taskwarrior"
        ) from None
    if annotations:
        made["annotations"] = annotations
    return {**made, **kept}


def _whole(text: str, kept: Any, shorten: Callable[[str], str]) -> str:
    """What a text was before it was shortened to fit a todo, unless it was changed since."""
    return kept if isinstance(kept, str) and shorten(kept) == text else text


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _status(todo: dict[str, Any], kept: str | None) -> str:
    """The task's status, unless the todo was completed or reopened since."""
    is_completed = bool(todo.get("completed"))
    if kept is not None and is_completed == (kept == "deleted"):
        return kept
    return "completed" if is_completed else "pending"


def _modified(todo: dict[str, Any], kept: str | None) -> str:
    """When the task was modified, unless the todo was changed since."""
    return kept if kept is not None and todo["version"] == 1 else _date(todo["updated_at"])


def _date(instant: str) -> str:
    return instants.parse(instant).strftime(DATE)


def _annotations(notes: str | None, kept: Iterable[tuple[str, int]], otherwise: str) -> Iterator[dict[str, str]]:
    """The notes, separated as they were joined; lines that were added since are one more annotation."""
    lines = notes.split("\n") if notes else []
    for entry, count in kept:
        if lines:
            yield {"entry": entry, "description": "\n".join(lines[:count])}
        del lines[:count]
    if lines:
        yield {"entry": otherwise, "description": "\n".join(lines)}
