"""What a format makes of a file: rows that state a todo, and rows that cannot be read."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.todos.content import FieldError


class Row(msgspec.Struct, frozen=True, gc=False):
    """A row of the source and the todo that it states, not yet validated.

    Attributes
    ----------
    line : int
        Where the row begins, counted from 1.
    source : object
        The row as the source has it.
    fields : dict
        The todo's fields, by the names of `chalicelib.todos.fields.Content`.
    names : mapping
        What the source calls those fields that it calls otherwise.
    own_id : str, optional
        The id that the row has at its source.
    parent : str, optional
        The id that the row's parent has at its source.
    key : str, optional
        What stands for a row without an id in place of its content: of a mended row, what it was before.
    keeps_id : bool
        The row is a todo of this service: `own_id` is its id here too, and all else stands in `fields`.
    format : str, optional
        What the row is read as, where that is not the format of its file: of a row that was rejected before.
    """

    line: int
    source: Any
    fields: dict[str, Any]
    names: Mapping[str, str] = {}
    own_id: str | None = None
    parent: str | None = None
    keeps_id: bool = False
    key: str | None = None
    format: str | None = None


class BadRow(msgspec.Struct, frozen=True, gc=False):
    """A row that cannot be loaded, and why.

    Attributes
    ----------
    key : str, optional
        What stands for the row where it has no id (`Row.key`).
    format : str, optional
        As of a `Row`.
    """

    line: int
    source: Any
    errors: list[FieldError]
    key: str | None = None
    format: str | None = None


def unreadable(line: int, source: Any, reason: str) -> BadRow:
    """A row that is wrong as a whole."""
    return BadRow(line, source, [FieldError("#", reason)])


def not_utf8(line: int, content: bytes) -> BadRow:
    """A row whose bytes are no text; they are kept as they are, in Base64, beside what can be read of them."""
    readable = content.decode("utf-8", "replace")
    kept = {"text": readable, "base64": base64.b64encode(content).decode()}
    return unreadable(line, kept, "not UTF-8: save the file in that encoding")
