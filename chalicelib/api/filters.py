"""The filters of todos in a query: how each is read, what it accepts, and which part of the index it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from msgspec import DecodeError, defstruct, json

from chalicelib.api.request import Several
from chalicelib.todos import instants, texts
from chalicelib.todos.events import DEFAULTS, dump_json
from chalicelib.views import schema
from chalicelib.views.queries import TodoRow

MAX_SOUGHT_LENGTH: Final = 500
MAX_TAG_LENGTH: Final = 64
# A todo has no more of them.
MAX_TAGS: Final = 32
# A todo's own day begins and ends at most so long before and after that day of UTC, by the offsets that RFC 3339 has.
_WIDEST_OFFSET_HOURS: Final = 24
# A bare date, beside an instant as `instants.sortable` makes it.
_DAY_LENGTH: Final = len("2026-12-01")

Accept = Callable[[TodoRow], bool]

# A stored state is read into it in an eighth of the time that all of it takes: what no filter asks for is skipped.
_Asked: Final[Any] = defstruct(
    "_Asked",
    [(name, Any, DEFAULTS[name]) for name in ("title", "notes", "completed", "list", "tags", "priority", "due")],
)
_decode: Final = json.Decoder(_Asked).decode
_Test = Callable[[TodoRow, Any], bool]


def parse_text(limit: int) -> Callable[[str], str]:
    """A parser of a query parameter that is a text of at most so many characters in Unicode's composed form (NFC)."""

    def text(given: str) -> str:
        composed = texts.compose(given, limit)
        if len(composed) > limit:
            raise ValueError(f"{len(composed)} characters where {limit} are allowed")
        if "\0" in composed:
            raise ValueError("contains a NUL character")
        return composed

    return text


def parse_boolean(given: str) -> bool:
    """A query parameter that is `true` or `false`.

    Raises
    ------
    ValueError
        It is neither.
    """
    if given not in ("true", "false"):
        raise ValueError("expected true or false")
    return given == "true"


def parse_choice(*choices: str) -> Callable[[str], str]:
    """A parser of a query parameter that must be one of some words."""

    def choice(given: str) -> str:
        if given not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return given

    return choice


def parse_instant(given: str) -> str:
    """An RFC 3339 date or date-time, as text that sorts in chronological order."""
    return instants.sortable_of(instants.parse_stated(given))


def parse_day_or_instant(given: str) -> str:
    """A bare date as it is, which means a todo's own day; a date-time as text that sorts in chronological order."""
    instant = parse_instant(given)
    return given if len(given) == _DAY_LENGTH else instant


PARSERS: Final[Mapping[str, Callable[[str], Any] | Several]] = {
    "completed": parse_boolean,
    "tag": Several(parse_text(MAX_TAG_LENGTH), MAX_TAGS),
    "priority": parse_choice("none", "low", "medium", "high"),
    "due": parse_choice("none"),
    "due_before": parse_instant,
    "due_after": parse_instant,
    "due_from": parse_day_or_instant,
    "due_until": parse_day_or_instant,
    "q": parse_text(MAX_SOUGHT_LENGTH),
}
_OF_DUE: Final = ("due_before", "due_after", "due_from", "due_until")


def is_impossible(query: Mapping[str, Any]) -> bool:
    """Whether no todo can fulfil the query: it would have no due date, and one."""
    return query["due"] == "none" and (query["sort"] == "due" or any(query[name] is not None for name in _OF_DUE))


def accept(query: Mapping[str, Any], list_name: str | None) -> Accept | None:
    """What a row must fulfil: the filters, and the list if one is named; None if there is nothing."""
    glances = _glances(query, list_name)
    tests: list[_Test] = []
    if list_name is not None:
        tests.append(lambda _, todo: todo.list == list_name)
    if (completed := query["completed"]) is not None:
        tests.append(lambda _, todo: todo.completed is completed)
    if (tags := query["tag"]) is not None:
        tests.append(lambda _, todo: set(tags) <= set(todo.tags or ()))
    if (priority := query["priority"]) is not None:
        tests.append(lambda _, todo: todo.priority == priority)
    if query["due"] == "none":
        tests.append(lambda _, todo: todo.due is None)
    tests += _due_tests(query)
    if (words := query["q"]) is not None:
        sought = words.casefold()
        tests.append(lambda _, todo: sought in todo.title.casefold() or sought in (todo.notes or "").casefold())
    if not tests:
        return None

    def fulfils(row: TodoRow) -> bool:
        if not all(glance(row) for glance in glances):
            return False
        todo = _asked(row)
        return all(test(row, todo) for test in tests)

    return fulfils


def _asked(row: TodoRow) -> Any:
    if row.state is not None:
        # The standard library, which a state may be written by, lets a lone surrogate pass.
        with suppress(DecodeError):
            return _decode(row.state)
    return _Asked(**{name: value for name, value in row.todo.items() if name in _Asked.__struct_fields__})


def _glances(query: Mapping[str, Any], list_name: str | None) -> list[Accept]:
    """What can be seen of a stored todo without parsing it: each accepts all that its filter does, and some more."""
    parts = [dump_json(tag) for tag in query["tag"] or ()]
    if list_name not in (None, DEFAULTS["list"]):
        parts.append(f'"list":{dump_json(list_name)}')
    if query["completed"]:
        parts.append('"completed":true')
    if query["priority"] not in (None, DEFAULTS["priority"]):
        parts.append(f'"priority":{dump_json(query["priority"])}')
    if any(query[name] is not None for name in _OF_DUE):
        parts.append('"due":')
    glances: list[Callable[[str], bool]] = []
    if parts:
        glances.append(lambda state: all(part in state for part in parts))
    if query["q"] is not None:
        # Folding goes character by character, and makes none that JSON escapes.
        sought = dump_json(query["q"].casefold())[1:-1]
        glances.append(lambda state: sought in state.casefold())
    return [partial(_passes, glance) for glance in glances]


def _passes(glance: Callable[[str], bool], row: TodoRow) -> bool:
    return row.state is None or glance(row.state) or not _is_plain(row.state)


def _is_plain(state: str) -> bool:
    """Whether it is as `dump_json` writes it for certain: without spaces, its characters as they are if they can be."""
    return not any(other in state for other in ("\\u", "\\/", '": ', '" :'))


def due_range(query: Mapping[str, Any]) -> tuple[str, str]:
    """The keys of the index `by_due` between which every todo that the query accepts is, inclusive.

    It may hold others: a bare date is a day of the todo's own, which the index does not have.
    """
    low, high = [schema.BEFORE_ALL], [schema.BEHIND_ALL]
    if (after := query["due_after"]) is not None:
        low.append(after + schema.BEHIND_ALL)
    if (before := query["due_before"]) is not None:
        high.append(before)
    if (since := query["due_from"]) is not None:
        low.append(instants.shifted(since, -_WIDEST_OFFSET_HOURS) if len(since) == _DAY_LENGTH else since)
    if (until := query["due_until"]) is not None:
        last = instants.shifted(until, 24 + _WIDEST_OFFSET_HOURS) if len(until) == _DAY_LENGTH else until
        high.append((last or schema.BEHIND_ALL) + schema.BEHIND_ALL)
    return max(low), min(high)


def _due_tests(query: Mapping[str, Any]) -> list[_Test]:
    """What the bounds of the due date accept; no todo without one."""
    tests: list[_Test] = []

    def compare(name: str, fulfils: Callable[[str, str], bool]) -> None:
        bound = query[name]
        if bound is not None:
            tests.append(
                lambda row, todo: (due := _comparable(row, todo.due, bound)) is not None and fulfils(due, bound)
            )

    compare("due_before", lambda due, bound: due < bound)
    compare("due_after", lambda due, bound: due > bound)
    compare("due_from", lambda due, bound: due >= bound)
    compare("due_until", lambda due, bound: due <= bound)
    return tests


def _comparable(row: TodoRow, due: str | None, bound: str) -> str | None:
    """A todo's due date as a bound is compared with: its own day as it is written, or its instant; None without one."""
    if due is None:
        return None
    return due[:_DAY_LENGTH] if len(bound) == _DAY_LENGTH else row.due_at or instants.sortable(due)
