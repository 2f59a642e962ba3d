"""Whether what is said of a file's rows can be: by the command line's options, or in a file of rejected rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import msgspec

from chalicelib.todos import content, ids, zones
from loaders.reading.options import ReadOptions
from loaders.rows.names import FIELDS

_MAX_NAME_LENGTH: Final = 1_000
_MAX_FORMAT_LENGTH: Final = 100
_MAX_WORDS: Final = 100
_MAX_WORD_LENGTH: Final = 100
_MAX_SYSTEM_LENGTH: Final = 64


def system_error(name: str) -> str | None:
    """What is wrong with the name of a source, if anything."""
    if name.isprintable() and 1 <= len(name) <= _MAX_SYSTEM_LENGTH:
        return None
    return f"expected 1 to {_MAX_SYSTEM_LENGTH} printable characters"


def operation_error(name: str) -> str | None:
    """What is wrong with the name of an operation, if anything: as the API's `Operation-Id` has it."""
    if re.fullmatch(ids.STATED_OPERATION, name):
        return None
    return "expected 1 to 64 visible ASCII characters, of which the first is not a tilde"


def list_error(name: str) -> str | None:
    """What is wrong with the name of a list, if anything."""
    try:
        content.validate({"title": "any", "list": name})
    except content.InvalidContent as error:
        return error.errors[0].detail
    return None


def date_format_error(text: str) -> str | None:
    """What is wrong with a format of dates, if anything."""
    try:
        if len(text) > _MAX_FORMAT_LENGTH:
            raise ValueError
        written = datetime(2026, 12, 31).strftime(text)  # noqa: DTZ001 - only tried
        is_a_day = datetime.strptime(written, text).date() == date(2026, 12, 31)  # noqa: DTZ007
    except (ValueError, re.error):
        # The latter if a code is given twice.
        is_a_day = False
    return None if is_a_day else "expected the codes of a day, month and year, such as %d.%m.%Y"


def read_options(read: Any) -> ReadOptions:
    """How a rejected row was read, from its entry, which anybody can edit.

    Raises
    ------
    ValueError
    """
    try:
        how = msgspec.convert({} if read is None else read, ReadOptions)
    except msgspec.ValidationError as error:
        raise ValueError(f"read: {error}") from None
    for name, found in _errors_of(how):
        if found is not None:
            raise ValueError(f"read: {name}: {found}")
    return how


def _errors_of(how: ReadOptions) -> list[tuple[str, str | None]]:
    return [
        ("names", _names_error(how.names)),
        ("list_name", None if how.list_name is None else list_error(how.list_name)),
        ("time_zone", None if how.time_zone is None else zones.zone_error(how.time_zone)),
        ("date_format", None if how.date_format is None else date_format_error(how.date_format)),
        ("done_values", _words_error(how.done_values)),
        ("file_name", _length_error(how.file_name)),
    ]


def _names_error(names: Mapping[str, str]) -> str | None:
    if unknown := sorted(names.keys() - set(FIELDS)):
        return f"expected fields of a todo, not {unknown[0]!r:.80}"
    return next((error for name in names.values() if (error := _length_error(name)) is not None), None)


def _words_error(words: tuple[str, ...]) -> str | None:
    fits = len(words) <= _MAX_WORDS and all(0 < len(word) <= _MAX_WORD_LENGTH for word in words)
    return None if fits else f"expected at most {_MAX_WORDS} words of at most {_MAX_WORD_LENGTH} characters"


def _length_error(name: str) -> str | None:
    return None if len(name) <= _MAX_NAME_LENGTH else f"expected at most {_MAX_NAME_LENGTH} characters"
