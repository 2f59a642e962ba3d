"""A row of a known format, taken apart: what a todo has a field for is taken out, and the rest becomes metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.todos import recurrence, rules
from chalicelib.todos.content import FieldError, pointer
from loaders.rows.fields import own_id_of
from loaders.rows.row import BadRow, Row


class Record:
    """One row's values, by the names that the source has for them. Nulls and empty values state nothing.

    Parameters
    ----------
    line : int
    source : object
        The row as it is reported if it is rejected, and as it is told from others if it has no id.
    values : mapping

    Attributes
    ----------
    fields : dict
        The todo's fields so far.
    rest : dict
        What nobody took: the metadata. What is taken and says more than the field can hold is put back here.
    """

    def __init__(self, line: int, source: Any, values: Mapping[str, Any]) -> None:
        self.line = line
        self.source = source
        self.fields: dict[str, Any] = {}
        self.rest = {name: value for name, value in values.items() if value not in (None, "", [], {})}
        self._names: dict[str, str] = {}
        self._errors: list[FieldError] = []

    def take(self, field: str, name: str, reader: Callable[[Any], Any] | None = None) -> None:
        """Make the value a field, as `reader` reads it; a ValueError of its is what is wrong with the row."""
        self._names[field] = name
        if name in self.rest:
            self.fields[field] = self.read(name, reader) if reader else self.rest.pop(name)

    def read(self, name: str, reader: Callable[[Any], Any]) -> Any:
        """The value, taken out, as `reader` reads it; None where there is none or it is wrong."""
        value = self.rest.pop(name, None)
        if value is None:
            return None
        try:
            return reader(value)
        except ValueError as error:
            self.refuse(name, str(error))
            return None

    def take_rule(self, name: str) -> None:
        """Make the value the todo's `repeat`, if it is a rule that the todo can go on by; else it stays in the rest."""
        value = self.rest.get(name)
        if isinstance(value, str) and self.repeats_by(value.strip().removeprefix("RRULE:")):
            del self.rest[name]

    def repeats_by(self, rule: str) -> bool:
        """Make a rule (RFC 5545) the todo's `repeat`, if the todo can go on by it from its due date."""
        if rules.rule_error(rule) is not None or not recurrence.goes_on(rule, self.fields.get("due")):
            return False
        self.fields["repeat"] = rule
        return True

    def refuse(self, name: str, detail: str) -> None:
        """Note what is wrong with a value."""
        self._errors.append(FieldError(pointer(name), detail))

    def row(self, id_name: str | None = None, parent_name: str | None = None) -> Row | BadRow:
        """The todo that the row states, or what is wrong with it."""
        own_id = None
        if id_name is not None:
            self._names["source"] = id_name
            own_id = self.read(id_name, own_id_of)
        parent = None
        if parent_name is not None:
            self._names["parent"] = parent_name
            parent = self.read(parent_name, own_id_of)
        if self._errors:
            return BadRow(self.line, self.source, self._errors)
        if self.rest:
            self.fields["metadata"] = self.rest
        return Row(self.line, self.source, self.fields, self._names, own_id, parent)


def one_of(words: Mapping[Any, Any]) -> Callable[[Any], Any]:
    """A reader of values of which there are but these."""
    expected = ", ".join(map(str, words))

    def read(value: Any) -> Any:
        if not isinstance(value, str | int) or value not in words:
            raise ValueError(f"expected one of {expected}, not {value!r:.80}")
        return words[value]

    return read


def text(value: Any) -> str:
    """A reader of texts that are taken apart."""
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return value


def whole_number(value: Any) -> int:
    """A reader of whole numbers, also as text."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError("expected a whole number") from None


def without_trailing(words: str, is_tag: Callable[[str], bool]) -> str:
    """A text without the tags that it ends with; those amid the text are part of what it says, and stay.

    A text of nothing but tags stays whole.
    """
    kept = words.split()
    while kept and is_tag(kept[-1]):
        kept.pop()
    return words[: words.rindex(kept[-1]) + len(kept[-1])].strip() if kept else words.strip()
