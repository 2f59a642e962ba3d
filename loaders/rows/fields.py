"""From a row's names and values to a todo's: names are matched loosely, values are read as people write them.

Data without a matching field goes to `metadata`, so nothing is lost. That includes fields which only the ledger sets
(`version`, `updated_at`, `url`), because the loaded todo is a new one with its own history.

A row is done if its word for that says so; if it has none, if it has a date of its completion. A date in the place of
the word does as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from chalicelib.todos import zones
from chalicelib.todos.content import FieldError, pointer
from loaders.reading.options import ReadOptions
from loaders.rows.dates import ReadDate, is_plain, read_generic_date
from loaders.rows.done import Done, read_completion, read_done
from loaders.rows.loss import Loss
from loaders.rows.names import match
from loaders.rows.row import BadRow, Row, bad_row
from loaders.rows.values import READ_ANY, READERS, done_of_word, number_of, own_id_of
from loaders.rows.wording import no_title

_PLAINLY: Final = ReadOptions()

# Rows that all have different members would make ever more plans; a real file has a few, with short names.
_MAX_PLANS: Final = 1000
_MAX_KEPT_NAMES: Final = 10_000
_MAX_MEMBERS: Final = 1_000
_DAY_LENGTH: Final = len("2026-12-31")
# These have readers that depend on more than their value.
_DATES: Final = ("due", "remind_at")
_SAY_WHEN: Final = ("completed", "completed_at", "created_at")
_READ_APART: Final = frozenset({*_DATES, *_SAY_WHEN, "time_zone", "id"})


@dataclass(frozen=True, slots=True)
class Plan:
    """How rows with certain names become todos.

    Attributes
    ----------
    known : tuple
        Of each value that is read by itself, its name, its field, its reader, and whether that is for texts alone.
    dates : tuple
        The name and field of each date of the todo.
    title, completed, completed_at, created_at, time_zone, own_id : str, optional
        The row's names for them.
    rest : tuple of str
        The names of values that no field holds.
    names : dict
        By field, its name where that differs.
    says_when : bool
        Whether one of the names says that a todo is done, or when it was or began.
    is_more : bool
        Whether there is more than values that are read by themselves.
    """

    known: tuple[tuple[str, str, Callable[[Any], Any] | None, bool], ...]
    dates: tuple[tuple[str, str], ...]
    title: str | None
    completed: str | None
    completed_at: str | None
    created_at: str | None
    time_zone: str | None
    own_id: str | None
    rest: tuple[str, ...]
    names: dict[str, str]
    how: ReadOptions
    says_when: bool
    is_more: bool

    @property
    def has_title(self) -> bool:
        """Whether a row of this shape can be a todo."""
        return self.title is not None


def plan_for(names: Iterable[str], how: ReadOptions = _PLAINLY, separator: str = ",") -> Plan:
    """How rows with these names are read; `separator` is that of a table, which tells what a comma in a number is."""
    found, rest = match(names, how.names)
    own_id = found.pop("id", None)
    readers: dict[str, Callable[[Any], Any]] = {
        **READERS,
        "order": partial(number_of, has_decimal_comma=separator != ","),
    }
    return Plan(
        known=tuple(
            (name, field, readers.get(field), field not in READ_ANY)
            for field, name in found.items()
            if field not in _READ_APART
        ),
        dates=tuple((found[field], field) for field in _DATES if field in found),
        title=found.get("title"),
        completed=found.get("completed"),
        completed_at=found.get("completed_at"),
        created_at=found.get("created_at"),
        time_zone=found.get("time_zone"),
        own_id=own_id,
        rest=tuple(rest),
        # The row's own id is kept in the todo's `source`.
        names={
            # A date may be in the place of the word for done.
            **({"completed_at": found["completed"]} if "completed" in found else {}),
            # That of the order in any case: it tells that the rows have one, also where it is empty.
            **{field: name for field, name in found.items() if field != name or field == "order"},
            **({"source": own_id} if own_id else {}),
        },
        how=how,
        says_when=any(field in found for field in _SAY_WHEN),
        is_more=bool(rest) or own_id is not None or any(field in found for field in _READ_APART),
    )


class Interpreter:
    """Reads rows whose names may differ from one row to the next."""

    def __init__(self, how: ReadOptions) -> None:
        self._how = how
        self._plans: dict[tuple[str, ...], Plan] = {}

    def interpret(self, line: int, original: dict[str, Any]) -> Row | BadRow:
        """The todo that a row describes, or the row with its errors."""
        if len(original) > _MAX_MEMBERS:
            return bad_row(line, original, f"has {len(original)} members where {_MAX_MEMBERS} are allowed")
        signature = tuple(original)
        plan = self._plans.get(signature)
        if plan is None:
            plan = plan_for(signature, self._how)
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            if sum(map(len, signature)) <= _MAX_KEPT_NAMES:
                self._plans[signature] = plan
        return interpret(line, original, plan)


def interpret(line: int, original: dict[str, Any], plan: Plan) -> Row:
    """The todo that a row describes, with its errors. Nulls count as missing."""
    fields: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, field, reader, is_of_texts in plan.known:
        value = original.get(name)
        if not value and (value is None or value == ""):
            continue
        if reader is not None and (not is_of_texts or isinstance(value, str)):
            try:
                value = reader(value)
            except ValueError as error:
                errors.append(FieldError(pointer(name), str(error)))
                continue
        fields[field] = value
    if "title" not in fields:
        errors.append(FieldError(pointer(plan.title or "title"), no_title(plan.title)))
    parent = fields.pop("parent", None)
    if not plan.is_more:
        return Row(line, original, fields, plan.names, None, parent, errors=errors)
    reading = _Reading(original, plan, fields, errors)
    own_id = reading.take_rest()
    loss = None
    if extras := reading.extras:
        fields["metadata"] = merge_metadata(fields.get("metadata"), extras)
        loss = Loss(tuple(extras))
    return Row(line, original, fields, plan.names, own_id, parent, loss=loss, written=reading.written, errors=errors)


class _Reading:
    """One row on its way to a todo.

    Attributes
    ----------
    extras : dict
        What no field holds.
    written : dict
        As `loaders.rows.row.Row.written`.
    """

    __slots__ = ("_errors", "_fields", "_original", "_plan", "_zone", "extras", "written")

    def __init__(self, original: dict[str, Any], plan: Plan, fields: dict[str, Any], errors: list[FieldError]) -> None:
        self._original = original
        self._plan = plan
        self._zone = plan.how.time_zone
        self._fields = fields
        self._errors = errors
        self.extras: dict[str, Any] = {}
        self.written: dict[str, Any] = {}

    def take_rest(self) -> str | None:
        """Take the values that are not read by themselves, and those that no field holds; returns the row's own id."""
        original, plan = self._original, self._plan
        for name in plan.rest:
            value = original.get(name)
            if value is not None:
                self.extras[name] = value
        if plan.time_zone is not None:
            self._take_zone(plan.time_zone)
        if plan.dates:
            self._take_dates()
        if plan.says_when:
            self._take_done()
            if plan.created_at is not None:
                self._take_created(plan.created_at)
        return None if plan.own_id is None else self._take_id(plan.own_id)

    def _take_id(self, name: str) -> str | None:
        """The row's own id; a source that the row states leaves no room for it there."""
        try:
            own_id = own_id_of(self._original.get(name))
        except ValueError as error:
            self._refuse(name, error)
            return None
        if own_id is not None and "source" in self._fields:
            self.extras[name] = own_id
        return own_id

    def _take_zone(self, name: str) -> None:
        """The row's own time zone, which goes before the file's."""
        word = self._original.get(name)
        if word is None or word == "":
            return
        zone = word.strip() if isinstance(word, str) else ""
        if zones.find(zone) is not None:
            self._fields["time_zone"] = self._zone = zone
        else:
            # Files have other words for zones, too. Dates are what they were without one.
            self.extras[name] = word

    def _take_dates(self) -> None:
        """The dates; what has no zone of its own makes the file's one that of the todo."""
        is_without_zone = False
        for name, field in self._plan.dates:
            value = self._original.get(name)
            if value is None:
                continue
            if is_plain(value) and self._plan.how.date_format is None:
                # Nearly all dates are; whether they are in the calendar is seen when the todo is validated.
                self._fields[field] = value
                is_without_zone |= len(value) == _DAY_LENGTH
                continue
            try:
                found = self._date(value)
            except ValueError as error:
                self._refuse(name, error)
                continue
            if found.text is not None:
                self._fields[field] = found.text
                is_without_zone |= not found.has_zone
        if is_without_zone and self._zone is not None:
            self._fields["time_zone"] = self._zone

    def _take_done(self) -> None:
        """Whether the row is done, and since when."""
        name = self._plan.completed
        if name is not None and (value := self._original.get(name)) is not None and value != "":
            by_word = done_of_word(value, self._plan.how.done_values)
            if by_word is not None:
                self._fields["completed"], says_more = by_word
                if says_more:
                    self.extras[name] = value
            else:
                self._take_done_by(name, value, read_done)
        name = self._plan.completed_at
        if name is not None and (value := self._original.get(name)) is not None:
            self._take_done_by(name, value, read_completion)

    def _take_done_by(self, name: str, value: Any, read: Callable[[Any, ReadOptions, str | None], Done]) -> None:
        try:
            done = read(value, self._plan.how, self._zone)
        except ValueError as error:
            self._refuse(name, error)
            return
        if done.is_done is not None:
            self._fields.setdefault("completed", done.is_done)
        if done.says_more:
            self.extras[name] = value
        if done.since is not None:
            self._fields["completed_at"], self.written["completed_at"] = done.since, value

    def _take_created(self, name: str) -> None:
        """When the row was created; what is no date is kept in the metadata."""
        value = self._original.get(name)
        if value is None:
            return
        self._fields["created_at"] = self.written["created_at"] = value
        with suppress(ValueError):
            self._fields["created_at"] = self._date(value).text or value

    def _date(self, value: Any) -> ReadDate:
        return read_generic_date(value, self._zone, self._plan.how.date_format)

    def _refuse(self, name: str, error: ValueError) -> None:
        self._errors.append(FieldError(pointer(name), str(error)))


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
