"""What is wrong with a row, in the words of the person who has to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, get_args
from urllib.parse import unquote

from chalicelib.todos import content
from chalicelib.todos.content import FieldError, InvalidContent, pointer
from chalicelib.todos.fields import MAX_METADATA_BYTES, Priority, RepeatFrom
from loaders.rows.dates import NOT_IN_THE_CALENDAR
from loaders.rows.loss import shown
from loaders.rows.names import TITLES

_NO_TITLE: Final = "the row has no title: "
_SHOWN: Final = 80

_KINDS: Final = {"str": "a text", "array": "a list", "object": "an object", "bool": "true or false", "int": "a number"}
_WRONG_KIND: Final = re.compile(r"Expected `(\w+)[^`]*`, got `\w+`")
_WRONG_LENGTH: Final = re.compile(r"Expected `\w+[^`]*` of length (<=|>=) (\d+)")
_CHOICES: Final[dict[str, Any]] = {"priority": Priority, "repeat_from": RepeatFrom}
# What a rule says of a date may follow from a date that is refused already.
_AFTER_A_DATE: Final = ("repeat",)
_NOT_CONTENT: Final = ("parent",)


def no_title(name: str | None) -> str:
    """That a row has no title; `name` is what the row calls it, if it has anything that could be one."""
    return _NO_TITLE + (f"{name!r} is empty" if name else f"none of the names {', '.join(TITLES)}, … is there")


def content_errors(
    fields: Mapping[str, Any], names: Mapping[str, str], found: Iterable[FieldError]
) -> list[FieldError]:
    """What else is wrong with the fields of a row in which errors were found already."""
    known = {error.pointer for error in found}
    stated = {name: value for name, value in fields.items() if name not in _AFTER_A_DATE and name not in _NOT_CONTENT}
    # What JSON cannot express is reported when nothing else is wrong.
    with suppress(UnicodeEncodeError, RecursionError, ValueError):
        try:
            content.validate({"title": "-", **stated})
        except InvalidContent as error:
            return [each for each in explain(error.errors, fields, names) if each.pointer not in known]
    return []


def explain(errors: Iterable[FieldError], fields: Mapping[str, Any], names: Mapping[str, str]) -> list[FieldError]:
    """The domain's errors in words, with each field under the name that the row has for it."""
    ours = {pointer(field): pointer(name) for field, name in names.items()}
    explained = []
    for error in errors:
        first, *rest = _steps(error.pointer) or [""]
        place = "/".join(error.pointer.split("/")[:2])
        value: Any = fields.get(first)
        if rest and isinstance(value, list) and rest[0].isdecimal() and int(rest[0]) < len(value):
            value = value[int(rest[0])]
        renamed = "/".join([ours.get(place, place), *error.pointer.split("/")[2:]])
        explained.append(FieldError(renamed, _in_words(first, names.get(first, first), error.detail, value)))
    return explained


def _in_words(field: str, name: str, detail: str, value: Any) -> str:
    if field == "title" and (value is None or value == ""):
        return no_title(name)
    if field in _CHOICES and (detail.startswith("Invalid enum value") or _WRONG_KIND.fullmatch(detail)):
        *others, last = get_args(get_args(_CHOICES[field])[0])
        return f"expected {', '.join(others)} or {last}, not {_short(value)}"
    if (found := _WRONG_LENGTH.fullmatch(detail)) and isinstance(value, str | list):
        if found[1] == ">=":
            return "is empty"
        what = "characters" if isinstance(value, str) else "values"
        return f"has {len(value)} {what} where {found[2]} are allowed"
    if found := _WRONG_KIND.fullmatch(detail):
        return f"expected {_KINDS.get(found[1], found[1])}, not {_short(value)}"
    if detail.startswith("names no instant"):
        return NOT_IN_THE_CALENDAR.format(value)
    if field == "metadata" and isinstance(value, dict) and f"{MAX_METADATA_BYTES} are allowed" in detail:
        return f"has {detail} for what no field holds: {shown(sorted(value, key=lambda name: -len(str(value[name]))))}"
    return f"has {detail}" if detail[:1].isdecimal() else detail


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _steps(fragment: str) -> list[str]:
    """The names on the way that a JSON pointer describes, as the row has them (RFC 6901, sections 4 and 6)."""
    return [unquote(step).replace("~1", "/").replace("~0", "~") for step in fragment.split("/")[1:]]


def sentence(error: FieldError, original: object) -> str:
    """An error in a row, for a person."""
    if error.pointer == "#" or error.detail.startswith(_NO_TITLE):
        return error.detail
    return f"{_place(error.pointer, original)}: {error.detail}"


def _place(fragment: str, original: object) -> str:
    """A place in a row as a person says it: ``'Due Date'``, ``value 2 of 'tags'``."""
    words: list[str] = []
    value: Any = original
    for step in _steps(fragment):
        is_member = isinstance(value, dict) or not words
        words.append(repr(step) if is_member or not step.isdecimal() else f"value {int(step) + 1}")
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            value = None
    return " of ".join(reversed(words))
