"""Todos as Taskwarrior imports them: ``python -m loaders.taskwarrior_export < export.jsonl | task import``.

Reads this service's export (`GET /export`: one todo a line, as JSON) and writes a JSON array of tasks. A todo that was
loaded from Taskwarrior becomes the task that it was, with what was changed here since; any other becomes a task with
its title, list, tags, priority, due date and notes, and has its id for a UUID. What Taskwarrior has no attribute for
(`remind_at`, `order`, `repeat`, `parent`, another program's metadata) is not exported.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Final

from chalicelib.todos import instants
from chalicelib.todos.events import DEFAULT_LIST
from loaders.formats.taskwarrior import DATE, PRIORITIES

_LETTERS: Final = {word: letter for letter, word in PRIORITIES.items()}


def main() -> int:
    """Standard input to standard output; the exit code."""
    separator = "[\n"
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if line.isspace():
            continue
        try:
            todo = json.loads(line)
            exported = task(todo)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            print(f"error: line {number} is no exported todo: {error!r}", file=sys.stderr)
            return 2
        print(separator + json.dumps(exported, ensure_ascii=False), end="")
        separator = ",\n"
    print("\n]" if separator == ",\n" else "[]")
    return 0


def task(todo: dict[str, Any]) -> dict[str, Any]:
    """The task of a todo as the API shows it."""
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
    if annotations := list(_annotations(todo.get("notes"), kept.pop("annotations", []), made["modified"])):
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
    sys.exit(main())
