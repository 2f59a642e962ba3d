"""JSON (RFC 8259) read by the standard library, and what is wrong with a text that it reads all the same."""

from __future__ import annotations

import json
import math
from typing import Any, Final

TOO_DEEP: Final = "nested too deeply"
_SPACE: Final = " \t\r\n"


class NotJson(ValueError):
    """A text that no reader takes for JSON."""


class StrictDecoder:
    """Decodes values as they are, and notices what readers would not understand alike."""

    def __init__(self) -> None:
        self._complaint: str | None = None
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._members,
            parse_constant=self._constant,
            parse_float=self._float,
            parse_int=self._whole,
        )

    def decode(self, text: str, position: int = 0) -> tuple[Any, int, str | None]:
        """The value that begins at a position, where it ends, and what is wrong with it although it can be read.

        Raises
        ------
        json.JSONDecodeError, RecursionError
        """
        self._complaint = None
        value, end = self._decoder.raw_decode(text, position)
        return value, end, self._complaint

    def _members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            self._complaint = f"the member {twice!r} is given twice"
        return members

    def _constant(self, word: str) -> None:
        self._complaint = f"{word} is no JSON value"

    def _float(self, digits: str) -> float:
        number = float(digits)
        if math.isinf(number):
            self._complaint = _too_large(digits)
        return number

    def _whole(self, digits: str) -> int:
        try:
            return int(digits)
        except ValueError:  # Python reads no more than 4,300 digits
            self._complaint = _too_large(digits)
            return 0


def parsed(text: str) -> Any:
    """The value of a text.

    Raises
    ------
    ValueError
        Says what is wrong with the text.
    """
    begin = len(text) - len(text.lstrip(_SPACE))
    try:
        value, end, complaint = StrictDecoder().decode(text, begin)
        if text[end:].strip(_SPACE):
            raise json.JSONDecodeError("Extra data", text, end)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON: {error.msg} (character {error.pos + 1})") from None
    if complaint is not None:
        raise ValueError(complaint)
    return value


def _too_large(digits: str) -> str:
    shown = digits if len(digits) <= 20 else f"{digits[:20]}…"
    return f"{shown} is larger than a double can hold"
