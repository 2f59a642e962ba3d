"""From a row's names and values to a todo's: names are matched loosely, values are read as people write them.

Data without a matching field goes to `metadata`, so nothing is lost. That includes fields which only the ledger sets
(`version`, `updated_at`, `url`), because the loaded todo is a new one with its own history.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.todos import strict_json, zones
from chalicelib.todos.content import FieldError, pointer
from chalicelib.todos.events import SOURCE_TIMES
from loaders.reading.options import ReadOptions
from loaders.rows.loss import Loss
from loaders.rows.row import BadRow, Row, bad_row

# By field, the names that files have for it, the likeliest first. A column is used for one field only.
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "uuid", "uid", "guid"),
    "title": ("title", "task", "name", "summary", "subject", "todo", "taskname", "content"),
    "notes": ("notes", "note", "description", "details", "body", "comment", "comments", "content"),
    "completed": ("completed", "done", "complete", "iscompleted", "isdone", "checked", "finished", "status"),
    "list": ("list", "listname", "project", "category", "folder"),
    "tags": ("tags", "labels", "tag", "label", "categories", "keywords"),
    "priority": ("priority", "importance"),
    "due": ("due", "duedate", "dueat", "dueon", "deadline"),
    "remind_at": ("remindat", "reminder", "remind"),
    "order": ("order", "position"),
    "repeat": ("repeat", "recurrence", "rrule"),
    "repeat_from": ("repeatfrom",),
    "time_zone": ("timezone",),
    "parent": ("parent", "parentid"),
    "source": ("source",),
    "created_at": (
        *("createdat", "created", "datecreated", "createddate", "creationdate", "createdon", "createdtime"),
        *("creationtime", "createddatetime", "dateadded", "addedat", "addedon", "addeddate", "added"),
    ),
    "completed_at": (
        *("completedat", "datecompleted", "completeddate", "completiondate", "completedon", "completedtime"),
        *("completiontime", "completeddatetime", "datedone", "donedate", "doneat", "doneon"),
        *("datefinished", "finisheddate", "finishedat", "finishedon"),
    ),
    "metadata": ("metadata",),
}
FIELDS: Final = tuple(_NAMES)
NO_NAMES: Final[Mapping[str, str]] = {}
_DONE: Final = frozenset(
    {"true", "yes", "y", "1", "x", "[x]", "✓", "✔", "done", "completed", "complete", "closed", "finished"}
)
_OPEN: Final = frozenset(
    {"false", "no", "n", "0", "[]", "[ ]", "-", "open", "pending", "todo", "to do", "needs-action"}
)
# Open, and more than that: the word is also kept in `metadata`.
_OPEN_AND_MORE: Final = frozenset({"in progress", "in-progress", "started", "not started", "waiting", "blocked"})
_PRIORITIES: Final = {"l": "low", "m": "medium", "med": "medium", "normal": "medium", "h": "high"}

# Rows that all have different members would make ever more plans; a real file has a few, with short names.
_MAX_PLANS: Final = 1000
_MAX_KEPT_NAMES: Final = 10_000
_MAX_MEMBERS: Final = 1_000
MAX_ID_LENGTH: Final = 400
# An empty title is an error, and an empty time was once kept in the metadata (`loaders.rows.times`).
_MAY_BE_EMPTY: Final = frozenset({"title", *SOURCE_TIMES})


@dataclass(frozen=True, slots=True)
class Plan:
    """How rows with certain names become todos."""

    known: tuple[tuple[str, str, Callable[[Any], Any] | None], ...]
    rest: tuple[str, ...]
    id_name: str | None
    names: dict[str, str]

    @property
    def has_title(self) -> bool:
        """Whether a row of this shape can be a todo."""
        return any(field == "title" for _, field, _ in self.known)


def normalise_name(name: str) -> str:
    """A name without differences in case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def plan_for(names: Iterable[str], called: Mapping[str, str] = NO_NAMES) -> Plan:
    """How rows with these names are read; `called` gives the names of some fields."""
    free = {name: normalise_name(name) for name in names}
    found = {field: name for field, name in called.items() if free.pop(name, None) is not None}
    for field, accepted in _NAMES.items():
        if field in called:
            continue
        candidates = [(accepted.index(plain), name) for name, plain in free.items() if plain in accepted]
        if candidates:
            found[field] = min(candidates, key=lambda candidate: candidate[0])[1]
            del free[found[field]]
    id_name = found.pop("id", None)
    return Plan(
        known=tuple((name, field, _READERS.get(field)) for field, name in found.items()),
        rest=tuple(free),
        id_name=id_name,
        # The row's own id is kept in the todo's `source`.
        names={**_new_names(found), **({"source": id_name} if id_name else {})},
    )


def _new_names(found: dict[str, str]) -> dict[str, str]:
    return {field: name for field, name in found.items() if field != name}


class Interpreter:
    """Reads rows whose names may differ from one row to the next."""

    def __init__(self, how: ReadOptions) -> None:
        self._called = how.names
        self._plans: dict[tuple[str, ...], Plan] = {}

    def interpret(self, line: int, original: dict[str, Any]) -> Row | BadRow:
        """The todo that a row describes, or the row with its errors."""
        if len(original) > _MAX_MEMBERS:
            return bad_row(line, original, f"has {len(original)} members where {_MAX_MEMBERS} are allowed")
        signature = tuple(original)
        plan = self._plans.get(signature)
        if plan is None:
            plan = plan_for(signature, self._called)
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            if sum(map(len, signature)) <= _MAX_KEPT_NAMES:
                self._plans[signature] = plan
        return interpret(line, original, plan)


def interpret(line: int, original: dict[str, Any], plan: Plan) -> Row | BadRow:
    """The todo that a row describes, or the row with its errors. Nulls count as missing."""
    fields: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, field, reader in plan.known:
        value = original.get(name)
        if value is None or (value == "" and field not in _MAY_BE_EMPTY):
            continue
        if reader is not None:
            try:
                value = reader(value)
            except ValueError as error:
                errors.append(FieldError(pointer(name), str(error)))
                continue
        fields[field] = value
    try:
        own_id = None if plan.id_name is None else own_id_of(original.get(plan.id_name))
    except ValueError as error:
        errors.append(FieldError(pointer(plan.id_name or "id"), str(error)))
    if errors:
        return BadRow(line, original, errors)
    extras = {name: original[name] for name in plan.rest if original.get(name) is not None} if plan.rest else {}
    if "time_zone" in fields and not _is_zone(fields["time_zone"]):
        # Files have other words for zones, too. Dates are what they were without one.
        name = plan.names.get("time_zone", "time_zone")
        extras[name] = original[name]
        del fields["time_zone"]
    if "completed" in fields:
        done_name = plan.names.get("completed", "completed")
        if _is_word(original[done_name], _OPEN_AND_MORE):
            extras[done_name] = original[done_name]
    if own_id is not None and "source" in fields:
        extras[plan.id_name or "id"] = own_id
    loss = None
    if extras:
        fields["metadata"] = merge_metadata(fields.get("metadata"), extras)
        loss = Loss(tuple(extras))
    return Row(line, original, fields, plan.names, own_id, fields.pop("parent", None), loss=loss)


def merge_metadata(metadata: Any, extras: dict[str, Any]) -> Any:
    """The row's metadata and other data beside it; a name that is already used gets a number."""
    if metadata is None:
        return extras
    if not isinstance(metadata, dict):
        return metadata  # the validation refuses it
    joined = dict(metadata)
    for name, value in extras.items():
        free, number = name, 2
        while free in joined:
            free, number = f"{name} {number}", number + 1
        joined[free] = value
    return joined


def own_id_of(value: Any) -> str | None:
    """An id as text, so that 7 and "7" are the same; None if the row has none.

    Raises
    ------
    ValueError
        The value cannot be an id.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("expected a text or a number")
    text = str(value).strip()
    if len(text) > MAX_ID_LENGTH:
        raise ValueError(f"expected an id of at most {MAX_ID_LENGTH} characters")
    return text or None


def _is_word(value: Any, words: frozenset[str]) -> bool:
    return isinstance(value, str) and value.strip().casefold() in words


def _completed(value: Any) -> Any:
    if value is True or value is False:
        return value
    if value in (0, 1):
        return bool(value)
    if _is_word(value, _DONE):
        return True
    if _is_word(value, _OPEN) or _is_word(value, _OPEN_AND_MORE):
        return False
    raise ValueError("expected true or false (also yes or no, 1 or 0, done or open)")


def _tags(value: Any) -> Any:
    if isinstance(value, str):
        return [tag for part in re.split("[,;]", value) if (tag := part.strip())] or None
    return value


def _priority(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    word = value.strip().casefold()
    return _PRIORITIES.get(word, word)


def _order(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        raise ValueError("expected a number") from None


def _metadata(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return strict_json.parse(value)
    except strict_json.NotJson:
        raise ValueError("expected a JSON object") from None


def _parent(value: Any) -> Any:
    return own_id_of(value)


def _is_zone(value: Any) -> bool:
    return isinstance(value, str) and zones.find(value) is not None


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "completed": _completed,
    "tags": _tags,
    "priority": _priority,
    "due": _strip,
    "remind_at": _strip,
    "order": _order,
    "repeat_from": _strip,
    "time_zone": _strip,
    "metadata": _metadata,
    "parent": _parent,
}
