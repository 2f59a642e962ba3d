"""JSON (RFC 8259) read strictly: without what some readers accept and others refuse or understand differently.

The standard library's decoder keeps the last of two members with one name, and reads ``NaN`` and ``1e999``. Here all of
these are errors. It is the one reader of JSON that comes from outside: the API's bodies and the loader's files.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from chalicelib.todos.content import MAX_ERRORS, FieldError, pointer

TOO_DEEP: Final = "nested too deeply"

_SPACE: Final = " \t\r\n"
# The largest double has 309 digits, so an integer of this length, sign included, always fits.
_FITTING_DIGITS: Final = 308
_MAY_NOT_FIT: Final = 10**_FITTING_DIGITS
_SPACE_BYTES: Final = _SPACE.encode()
_decode_fast = msgspec.json.Decoder().decode


class JsonError(ValueError):
    """A text that is not read as JSON; its message says why."""


class NotJson(JsonError):
    """The text is not JSON at all."""


class AmbiguousJson(JsonError):
    """The text is JSON that not every reader understands alike.

    Attributes
    ----------
    errors : list of FieldError
        What is wrong and where, in the text's order, at most `MAX_ERRORS`; the message is the first one's.
    """

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(errors[0].detail)
        self.errors = errors


def parse(text: str) -> Any:
    """The value of a text.

    Raises
    ------
    NotJson
    AmbiguousJson
    JsonError
        It is nested more deeply than this process can read.
    """
    begin = len(text) - len(text.lstrip(_SPACE))
    try:
        value, end, error = StrictDecoder().decode(text, begin)
        if text[end:].strip(_SPACE):
            raise json.JSONDecodeError("Extra data", text, end)
    except RecursionError:
        raise JsonError(TOO_DEEP) from None
    except json.JSONDecodeError as refused:
        raise NotJson(f"not JSON: {refused.msg} (character {refused.pos + 1})") from None
    if error is not None:
        raise error
    return value


def parse_bytes(content: bytes) -> Any:
    """As `parse`, but several times as fast.

    It lets an integer of 309 to 4,300 digits pass that no double can hold; storing it as a todo's content fails.

    Raises
    ------
    UnicodeDecodeError
        The bytes are not UTF-8.
    JsonError
        As `parse` does.
    """
    try:
        value = _decode_fast(content)
    except RecursionError:
        raise JsonError(TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Refused with the reason that `parse` gives, or read: msgspec refuses lone surrogates.
        return parse(content.decode())
    # The fast decoder keeps one of two members with one name. As many colons as members mean that there are none.
    members = len(value) if isinstance(value, dict) else 0
    if content.count(b":") != members and not _is_unambiguous(content, value, members):
        parse(content.decode())
    return value


def _is_unambiguous(content: bytes, value: Any, members: int) -> bool:
    """Whether it is seen at once that no name is given twice in a text whose value has so many members.

    Every name ends with a quotation mark, and only space may stand between that and the colon. If there are as many of
    these as members in all objects, no name is given twice. A string may look like the end of a name, too.
    """
    names = content.translate(None, _SPACE_BYTES).count(b'":')
    return names == members or (names > members and _has_members(value, names))


def _has_members(value: Any, number: int) -> bool:
    """Whether there are so many members in all objects of a value, none of them an integer that may be too large."""
    left: list[Any] = [value]
    for each in left:
        if type(each) is dict:
            number -= len(each)
            each = each.values()
        for member in each:
            kind = type(member)
            if kind is dict or kind is list:
                left.append(member)
            elif kind is int and not -_MAY_NOT_FIT < member < _MAY_NOT_FIT:
                return False
    return number == 0


class StrictDecoder:
    """Decodes one value after the other out of longer texts."""

    def __init__(self) -> None:
        self._errors = 0
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_constant=self._constant,
            parse_float=self._float,
            parse_int=self._integer,
        )

    def decode(self, text: str, position: int = 0) -> tuple[Any, int, AmbiguousJson | None]:
        """The value that begins at a position, where it ends, and its errors if it has any.

        A number that is cut off by the end of the text is read as a shorter number.

        Raises
        ------
        json.JSONDecodeError
            No value begins there, or it is cut off.
        RecursionError
        """
        self._errors = 0
        value, end = self._decoder.raw_decode(text, position)
        if not self._errors:
            return value, end, None
        return value, end, AmbiguousJson(list(islice(_errors_in(value), MAX_ERRORS)))

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        self._errors += 1
        return _Duplicated(members, first_duplicate(name for name, _ in pairs)) if self._marks else members

    def _constant(self, word: str) -> float:
        return self._bad_number(f"{word} is not a JSON number")

    def _float(self, digits: str) -> float:
        number = float(digits)
        return self._too_large(digits) if math.isinf(number) else number

    def _integer(self, digits: str) -> float:
        if len(digits) <= _FITTING_DIGITS or not math.isinf(float(digits)):
            return int(digits)
        return self._too_large(digits)

    def _too_large(self, digits: str) -> float:
        shown = digits if len(digits) <= 20 else f"{digits[:20]}…"
        return self._bad_number(f"{shown} is larger than a double can hold")

    def _bad_number(self, detail: str) -> float:
        self._errors += 1
        return _BadNumber(detail) if self._marks else math.nan

    @property
    def _marks(self) -> bool:
        """Whether the error is one of those that will be shown: a mark takes a hundred times what it marks."""
        return self._errors <= MAX_ERRORS


def first_duplicate(names: Iterable[str]) -> str:
    """The first name that occurs a second time, found in one pass because the sender chooses how many there are."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    raise ValueError("no name occurs twice")


def duplicate(*path: str | int) -> FieldError:
    """The error of a member whose name its object has given before."""
    return FieldError(pointer(*path), f"the member {path[-1]!r} is given twice")


class _Duplicated(dict[str, Any]):
    """An object in which a name occurs twice. The parser does not know where the object is, so it marks it."""

    def __init__(self, members: dict[str, Any], name: str) -> None:
        super().__init__(members)
        self.name = name


class _BadNumber(float):
    """Takes the place of a number that is not one, with the reason."""

    detail: str

    def __new__(cls, detail: str) -> _BadNumber:
        number = super().__new__(cls, math.nan)
        number.detail = detail
        return number


def _errors_in(value: Any) -> Iterator[FieldError]:
    """The marks within a value, each with its place; without recursion, because the sender chooses the depth."""
    yield from _errors_at(value, [])
    path: list[str | int] = []
    levels = [_members(value)]
    while levels:
        for step, member in levels[-1]:
            # Only the path to an error is made: made for each member, its length would count for each.
            if isinstance(member, _BadNumber | _Duplicated):
                yield from _errors_at(member, [*path, step])
            if isinstance(member, dict | list):
                path.append(step)
                levels.append(_members(member))
                break
        else:
            levels.pop()
            del path[-1:]


def _errors_at(value: Any, path: list[str | int]) -> Iterator[FieldError]:
    if isinstance(value, _BadNumber):
        yield FieldError(pointer(*path), value.detail)
    elif isinstance(value, _Duplicated):
        yield duplicate(*path, value.name)


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return iter(value.items())
    return iter(enumerate(value)) if isinstance(value, list) else iter(())
