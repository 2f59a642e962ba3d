"""A row of a known format on its way to a todo: values are taken for fields, and the rest becomes metadata."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from chalicelib.todos import content, recurrence, rules
from chalicelib.todos.content import FieldError, pointer
from chalicelib.todos.events import SOURCE_TIMES
from loaders.rows.loss import Loss
from loaders.rows.row import BadRow, Row
from loaders.rows.values import own_id_of


class Record:
    """One row's values, by the file's names for them. Nulls and empty values count as missing.

    Parameters
    ----------
    line : int
    original : object
        The row as it is reported if it is rejected, and as it is identified if it has no id.
    values : mapping

    Attributes
    ----------
    fields : dict
        The todo's fields so far.
    rest : dict
        The values that were not taken, which become the metadata. A value that says more than its field can hold is
        put back here.
    repeated : set of str
        Names of values in the rest that say no more than a field does, and so are no loss.
    notices : list of str
        As in `loaders.rows.row.Loss`.
    former_ids, former_parents, former_unset : list of str
        As in `loaders.rows.row.Row`.
    """

    def __init__(self, line: int, original: Any, values: Mapping[str, Any]) -> None:
        self.line = line
        self.original = original
        self.fields: dict[str, Any] = {}
        self.rest = {name: value for name, value in values.items() if value not in (None, "", [], {})}
        self.repeated: set[str] = set()
        self.notices: list[str] = []
        self.former_ids: list[str] = []
        self.former_system: str | None = None
        self.former_parents: list[str] = []
        self.former_unset: list[str] = []
        self._names: dict[str, str] = {}
        self._written: dict[str, Any] = {}
        self._errors: list[FieldError] = []

    def take(self, field: str, name: str, reader: Callable[[Any], Any] | None = None) -> None:
        """Make the value a field, converted by `reader`; its ValueError becomes an error of the row.

        A time of the source (`SOURCE_TIMES`) that cannot be read is no error: it becomes metadata.
        """
        self._names[field] = name
        if field in SOURCE_TIMES:
            self._take_time(field, name, reader)
        elif name in self.rest:
            self.fields[field] = self.take_value(name, reader) if reader else self.rest.pop(name)

    def _take_time(self, field: str, name: str, reader: Callable[[Any], Any] | None) -> None:
        if name not in self.rest:
            return
        value = self._written[field] = self.rest.pop(name)
        with suppress(ValueError):
            value = reader(value) if reader else value
        self.fields[field] = value

    def take_value(self, name: str, reader: Callable[[Any], Any]) -> Any:
        """Remove and return the value, converted by `reader`; None if it is missing or bad."""
        value = self.rest.pop(name, None)
        if value is None:
            return None
        try:
            return reader(value)
        except ValueError as error:
            self.add_error(name, str(error))
            return None

    def take_rule(self, name: str) -> None:
        """Make the value the todo's `repeat` if the todo can repeat by it; otherwise it stays in the rest."""
        value = self.rest.get(name)
        if isinstance(value, str) and self.repeats_by(value.strip().removeprefix("RRULE:")):
            del self.rest[name]

    def repeats_by(self, rule: str) -> bool:
        """Make a rule (RFC 5545) the todo's `repeat` if the todo can repeat by it from its due date; true if so."""
        if rules.rule_error(rule) is not None or not recurrence.goes_on(
            rule, self.fields.get("due"), self.fields.get("time_zone")
        ):
            return False
        self.fields["repeat"] = rule
        return True

    def drop(self, *names: str) -> None:
        """Leave these values out: they say nothing that a todo's owner would miss."""
        for name in names:
            self.rest.pop(name, None)

    def add_error(self, name: str, detail: str) -> None:
        """Note an error in a value."""
        self._errors.append(FieldError(pointer(name), detail))

    def row(self, id_name: str | None = None, parent_name: str | None = None) -> Row | BadRow:
        """The todo that the row describes, or the row with its errors."""
        own_id = None
        if id_name is not None:
            self._names["source"] = id_name
            own_id = self.take_value(id_name, own_id_of)
        parent = None
        if parent_name is not None:
            self._names["parent"] = parent_name
            parent = self.take_value(parent_name, own_id_of)
        if self._errors:
            return BadRow(self.line, self.original, self._errors)
        if self.rest:
            self.fields["metadata"] = self.rest
        lost = [name for name in self.rest if name not in self.repeated]
        return Row(
            self.line,
            self.original,
            self.fields,
            self._names,
            own_id,
            parent,
            former_ids=tuple(self.former_ids),
            former_system=self.former_system,
            former_parents=tuple(self.former_parents),
            former_unset=tuple(self.former_unset),
            loss=Loss(tuple(lost), tuple(self.notices)) if lost or self.notices else None,
            written=self._written,
        )


_WORD: Final = re.compile(r"\S+")
_MAX_TAGS: Final = 32


def one_of(words: Mapping[Any, Any]) -> Callable[[Any], Any]:
    """A reader of values that are among these words."""
    expected = ", ".join(map(str, words))

    def parse(value: Any) -> Any:
        if not isinstance(value, str | int) or value not in words:
            raise ValueError(f"expected one of {expected}, not {value!r:.80}")
        return words[value]

    return parse


def text(value: Any) -> str:
    """A reader of texts."""
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return value


def whole_number(value: Any) -> int:
    """A reader of whole numbers, also written as text."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError("expected a whole number") from None


def strip_trailing_tags(words: str, is_tag: Callable[[str], bool]) -> tuple[str, list[str]]:
    """A text without the tags at its end, and these; tags in its middle are part of the sentence and stay.

    A text that has only tags stays whole.
    """
    found = list(_WORD.finditer(words))
    last = next((number for number in reversed(range(len(found))) if not is_tag(found[number][0])), None)
    if last is None:
        return words.strip(), []
    return words[: found[last].end()].strip(), [tag[0] for tag in found[last + 1 :]]


def fitting_tags(tags: Iterable[str]) -> tuple[list[str], list[str]]:
    """Those that a todo can have, each once, and the others."""
    unique = list(dict.fromkeys(tags))
    fitting = [tag for tag in unique if content.is_acceptable("tags", [tag])][:_MAX_TAGS]
    return fitting, [tag for tag in unique if tag not in fitting]
