"""Todos as Taskwarrior imports them: ``python -m loaders.taskwarrior_export < export.jsonl | task import``.

Reads this service's export (`GET /export`: one todo a line, as JSON) and writes a JSON array of tasks. A todo that was
loaded from Taskwarrior becomes the task that it was, with what was changed here since; any other becomes a task with
its title, list, tags, priority, due date and notes, and has its id for a UUID. What Taskwarrior has no attribute for
(`remind_at`, `order`, `repeat`, `parent`, another program's metadata) is not exported.
"""

from __future__ import annotations

import json
import signal
import sys
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Final

from chalicelib.todos import content, instants, strict_json
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULT_LIST
from loaders.formats.taskwarrior import DATE, PRIORITIES
from loaders.output.rejected import reason
from loaders.rows.row import BadRow

_INSTANTS: Final = ("created_at", "updated_at", "completed_at")
_NEEDED: Final = ("id", "version", "title", "created_at", "updated_at")
_LETTERS: Final = {word: letter for letter, word in PRIORITIES.items()}


def main() -> int:
    """Standard input to standard output; the exit code."""
    separator = "[\n"
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if line.isspace():
            continue
        try:
            exported = task(_todo(line))
        except ValueError as error:
            print(f"error: line {number} is no exported todo: {error}", file=sys.stderr)
            return 2
        print(separator + json.dumps(exported, ensure_ascii=False), end="")
        separator = ",\n"
    print("\n]" if separator == ",\n" else "[]")
    return 0


def _todo(line: bytes) -> dict[str, Any]:
    """The todo of an export's line.

    Raises
    ------
    ValueError
        Says what is wrong with the line.
    """
    try:
        todo = strict_json.parse(line.decode())
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if not isinstance(todo, dict):
        raise ValueError("expected an object")
    if missing := [name for name in _NEEDED if todo.get(name) is None]:
        raise ValueError(f"without {', '.join(missing)}")
    try:
        content.validate({name: todo[name] for name in CONTENT_FIELDS if todo.get(name) is not None})
    except content.InvalidContent as error:
        raise ValueError(reason(BadRow(0, todo, error.errors))) from None
    if not isinstance(todo["id"], str):
        raise ValueError("#/id: expected a text")
    for name in _INSTANTS:
        try:
            instants.parse(str(todo.get(name) or todo["created_at"]))
        except ValueError as error:
            raise ValueError(f"#/{name}: {error}") from None
    return todo


def task(todo: dict[str, Any]) -> dict[str, Any]:
    """The task of a todo as the API shows it.

    Raises
    ------
    ValueError
        The metadata is not as the loader made it of a task.
    """
    metadata = todo.get("metadata") or {}
    origin = (todo.get("source") or "").rpartition(":")[2]
    is_from_taskwarrior = _is_uuid(origin) and "entry" in metadata
    kept = dict(metadata) if is_from_taskwarrior else {}
    status = _status(todo, kept.pop("status", None))
    made: dict[str, Any] = {
        "uuid": origin if is_from_taskwarrior else todo["id"],
        "description": todo["title"],
        "status": status,
        "entry": kept.pop("entry", None) or _date(todo["created_at"]),
        "modified": _modified(todo, kept.pop("modified", None)),
    }
    if (project := kept.pop("project", None)) or todo.get("list", DEFAULT_LIST) != DEFAULT_LIST:
        made["project"] = project if todo.get("list", DEFAULT_LIST) == DEFAULT_LIST else todo["list"]
    if todo.get("tags"):
        made["tags"] = todo["tags"]
    if todo.get("priority") in _LETTERS:
        made["priority"] = _LETTERS[todo["priority"]]
    if todo.get("due"):
        made["due"] = _date(todo["due"])
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


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _status(todo: dict[str, Any], kept: str | None) -> str:
    """The status that the task had, unless the todo was completed or reopened since."""
    is_completed = bool(todo.get("completed"))
    if kept is not None and is_completed == (kept == "deleted"):
        return kept
    return "completed" if is_completed else "pending"


def _modified(todo: dict[str, Any], kept: str | None) -> str:
    """When the task was modified, unless the todo was since."""
    return kept if kept is not None and todo["version"] == 1 else _date(todo["updated_at"])


def _date(instant: str) -> str:
    return instants.parse(instant).strftime(DATE)


def _annotations(notes: str | None, kept: Iterable[tuple[str, int]], otherwise: str) -> Iterator[dict[str, str]]:
    """The notes cut as they were joined; lines that came since are one more annotation."""
    lines = notes.split("\n") if notes else []
    for entry, count in kept:
        if lines:
            yield {"entry": entry, "description": "\n".join(lines[:count])}
        del lines[:count]
    if lines:
        yield {"entry": otherwise, "description": "\n".join(lines)}


if __name__ == "__main__":
    # A reader that has enough ends this as it does any filter: quietly. The shell sees 141.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
