"""Values as people and programs write them: whether it is done, tags, priority, place, id, metadata."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from chalicelib.todos import strict_json

_DONE: Final = frozenset(
    {
        "true",
        "yes",
        "y",
        "t",
        "1",
        "x",
        "[x]",
        "✓",
        "✔",
        "☑",
        "✅",
        "done",
        "completed",
        "complete",
        "closed",
        "finished",
    }
)
_OPEN: Final = frozenset(
    {"false", "no", "n", "f", "0", "[]", "[ ]", "☐", "-", "open", "pending", "todo", "to do", "needs-action"}
)
# Open, and more than that: the word is also kept in `metadata`.
_OPEN_AND_MORE: Final = frozenset({"in progress", "in-progress", "started", "not started", "waiting", "blocked"})
_SHORT_PRIORITIES: Final = {"l": "low", "m": "medium", "med": "medium", "normal": "medium", "h": "high"}

PRIORITIES: Final = frozenset({"none", "low", "medium", "high"})
MAX_ID_LENGTH: Final = 400
_MAX_DIGITS: Final = 40
_LARGEST: Final = 10**40
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_BETWEEN_THOUSANDS: Final = re.compile(r"(?<=\d)['’\s](?=\d{3}(?!\d))")
# With a comma or a full stop between thousands, and the other one before the decimals.
_WITH_COMMAS: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)
_WITH_FULL_STOPS: Final = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d*|[+-]?\d{1,3}(?:\.\d{3}){2,}", re.ASCII)


def done_of_word(value: Any, done_values: tuple[str, ...] = ()) -> tuple[bool, bool] | None:
    """Whether a value means done, and whether it says more than that; None if it is not a word for either.

    Parameters
    ----------
    done_values : tuple of str
        What means done in this file, casefolded (``--done-values``).
    """
    if value is True or value is False:
        return value, False
    if not isinstance(value, str):
        return (bool(value), False) if value in (0, 1) else None
    word = value.strip().casefold()
    if word in done_values or word in _DONE:
        return True, False
    if word in _OPEN:
        return False, False
    return (False, True) if word in _OPEN_AND_MORE else None


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
        raise ValueError(f"has {len(text)} characters; expected an id of at most {MAX_ID_LENGTH} characters")
    return text or None


def tags_of(value: Any) -> Any:
    """The tags that a text names between commas or semicolons, or as a JSON array."""
    if isinstance(value, str):
        if value.startswith("[") and value.rstrip().endswith("]"):
            with suppress(strict_json.JsonError):
                return strict_json.parse(value)
        return [tag for part in re.split("[,;]", value) if (tag := part.strip())] or None
    return value


def priority_of(value: Any) -> Any:
    """A priority's full name."""
    if not isinstance(value, str) or value in PRIORITIES:
        return value
    word = value.strip().casefold()
    return _SHORT_PRIORITIES.get(word, word)


def number_of(value: Any, *, has_decimal_comma: bool = False) -> Any:
    """A number that is written as text, also with a decimal comma and with something between its thousands.

    Parameters
    ----------
    has_decimal_comma : bool
        A comma with three digits after it is one, as in a table that is not separated by commas; otherwise it is
        between thousands.

    Raises
    ------
    ValueError
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if len(text) <= _MAX_DIGITS:
        if text.isascii() and text.isdecimal():
            return int(text)
        text = _BETWEEN_THOUSANDS.sub("", text)
        if _WITH_FULL_STOPS.fullmatch(text):
            text = text.replace(".", "")
        elif _WITH_COMMAS.fullmatch(text) and not (has_decimal_comma and text.count(",") == 1 and "." not in text):
            text = text.replace(",", "")
        if text.count(",") == 1:
            text = text.replace(",", ".")
        if _NUMBER.fullmatch(text):
            number = int(text) if text.lstrip("+-").isdecimal() else float(text)
            if abs(number) <= _LARGEST:
                return number
    raise ValueError(f"expected a number, not {value!r:.80}")


def metadata_of(value: Any) -> Any:
    """The object of a text with JSON."""
    if not isinstance(value, str):
        return value
    try:
        return strict_json.parse(value)
    except strict_json.NotJson:
        raise ValueError("expected a JSON object") from None


def strip(value: Any) -> Any:
    """A text without the space around it."""
    return value.strip() if isinstance(value, str) else value


# By field, how its value is read, where that depends on nothing else. They leave what is no text as it is, except those
# of the fields in `READ_ANY`.
READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "tags": tags_of,
    "priority": priority_of,
    "order": number_of,
    "repeat_from": strip,
    "metadata": metadata_of,
    "parent": own_id_of,
}
READ_ANY: Final = frozenset({"parent"})
