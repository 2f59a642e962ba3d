"""What a tool answers: as short as an assistant can use, and cleaned of characters that hide or reorder text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.todos.events import CONTENT_FIELDS, HIDDEN_FIELDS, Event, dump_json

# An answer as JSON text. Much of an assistant's context is dear; some clients cut what is longer.
MAX_BYTES: Final = 20_000
# Of each text in an event, and of notes where there are many todos.
MAX_BRIEF: Final = 200
# If an answer is too long, its texts are cut, and its lists of short texts: to the first of these that makes it fit.
_CUTS: Final = ((16_000, 100), (4_000, 100), (1_000, 32), (300, 16), (100, 8), (40, 4), (20, 1), (10, 0))
_CUT: Final = "…"

# Marks that change the direction of a text (Unicode Standard Annex 9, section 2), and tags, which no font shows:
# either lets a reader and a model see different texts.
_HIDDEN: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
REPLACED: Final = "hidden_characters_replaced"
SHORTENED: Final = "texts_shortened"

# What the service has written itself, and a caller gives back as it is.
_EXACT: Final = frozenset(
    {"id", "todo", "parent", "undo", "undoes", "next_id", "next_cursor", "since", "operation", "created_at",
     "updated_at", "completed_at", "at", "type", "status", "what_to_do", "due", "remind_at", "repeat"}
)  # fmt: skip
# Objects of a todo's fields.
_FIELDS: Final = ("change", "before")


def fit(structured: Mapping[str, Any]) -> dict[str, Any]:
    """The same answer, cleaned, and with its texts cut where it would be too long; it says if either was done."""
    text = dump_json(structured)
    clean, hidden = _HIDDEN.subn("\ufffd", text)
    # Within JSON text, a character of these can be in a string only.
    answer: dict[str, Any] = json.loads(clean) if hidden else dict(structured)
    if hidden:
        answer[REPLACED] = True
    if len(clean.encode()) <= MAX_BYTES:
        return answer
    for length, items in _CUTS:
        shorter = {**_shortened(answer, length, items), SHORTENED: True}
        if len(dump_json(shorter).encode()) <= MAX_BYTES:
            return shorter
    # Many events of many fields: what they are stays, and which fields.
    return {**_without_values(shorter), SHORTENED: True}


def cut(text: str | None, length: int) -> str | None:
    """The beginning of a text that has more than so many characters, marked at its end."""
    return text if text is None or len(text) <= length else text[: length - 1] + _CUT


def todo_row(todo: Mapping[str, Any], *, is_whole: bool = False) -> dict[str, Any]:
    """A todo as the API has it, without what is unset; its notes cut unless it is to be whole."""
    kept = ("id", "version", *CONTENT_FIELDS, "completed_at", "created_at", "updated_at")
    usual = {"priority": "none"}
    row = {name: todo[name] for name in kept if todo[name] is not None and todo[name] != usual.get(name)}
    if not is_whole:
        for name in ("created_at", "updated_at", "metadata", "source"):
            row.pop(name, None)
        if "notes" in row:
            row["notes"] = cut(row["notes"], MAX_BRIEF)
    return row


def event_row(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as the API has it, without what an assistant has no use for."""
    kept = ("todo", "version", "type", "actor", "client", "operation")
    row = {name: event[name] for name in kept if event.get(name) is not None}
    if "occurred_at" in event:
        row["at"] = event["occurred_at"]
    return {**row, **{name: brief(event[name]) for name in ("change", "before") if event.get(name) is not None}}


def event_of_todo(event: Event) -> dict[str, Any]:
    """An event of a todo that is named elsewhere in the answer."""
    row: dict[str, Any] = {"version": event.version, "type": event.type, "at": event.occurred_at, **last_writer(event)}
    if event.operation is not None:
        row["operation"] = event.operation
    return {**row, "change": brief({name: value for name, value in event.change.items() if name not in HIDDEN_FIELDS})}


def brief(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a todo, their texts cut; a long object as the beginning of its JSON."""
    found = {}
    for name, value in fields.items():
        text = dump_json(value) if isinstance(value, dict) else value
        is_long = isinstance(text, str) and len(text) > MAX_BRIEF
        found[name] = cut(text, MAX_BRIEF) if is_long else value
    return found


def last_writer(event: Event) -> dict[str, str]:
    """Who made an event, and with what, if that is known."""
    return {"actor": event.actor, **({"client": event.client} if event.client is not None else {})}


def _without_values(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: sorted(member) if name in _FIELDS and isinstance(member, dict) else _without_values(member)
            for name, member in value.items()
        }
    return [_without_values(each) for each in value] if isinstance(value, list) else value


def _shortened(value: Any, length: int, items: int) -> Any:
    if isinstance(value, dict):
        return {
            name: member if name in _EXACT and isinstance(member, str) else _shortened(member, length, items)
            for name, member in value.items()
        }
    if isinstance(value, list):
        kept = value if value and isinstance(value[0], dict) else value[:items]
        return [_shortened(each, length, items) for each in kept]
    return cut(value, length) if isinstance(value, str) else value
