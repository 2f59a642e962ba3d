"""What a format reads from a file: rows that describe a todo, and rows that cannot be read."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from chalicelib.todos.content import FieldError
from loaders.reading.options import ReadOptions
from loaders.rows.loss import Loss

_NOT_UTF8: Final = "not UTF-8: save the file in that encoding"


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a row comes from and how it was read, so that it can be read again when it is corrected.

    Attributes
    ----------
    format : str
        The name of its format.
    system : str
        The list that its id belongs to (``--source``).
    how : ReadOptions
    """

    format: str
    system: str
    how: ReadOptions


class Row(msgspec.Struct, frozen=True, gc=False):
    """A row and the todo that it describes, not yet validated.

    Attributes
    ----------
    line : int
        The line that the row begins in, counted from 1.
    original : object
        The row as its file has it.
    fields : dict
        The todo's fields, by the names of `chalicelib.todos.fields.Content`; also `created_at` and `completed_at`, an
        RFC 3339 date-time or date each (`loaders.rows.times`).
    names : mapping
        The file's names of fields that it calls differently.
    own_id : str, optional
        The row's id in its source.
    parent : str, optional
        The id of the row's parent in its source.
    key : str, optional
        Identifies a row without an id instead of its content: for a corrected row, what it was before.
    content : object, optional
        Identifies a row without an id instead of its original, as it did before that also had what surrounds it.
    keeps_id : bool
        The row is a todo of this service: `own_id` is its id here too, and `fields` has everything else.
    former_ids : tuple of str
        The ids that earlier versions of the loader gave the row; a todo that was loaded under one of them keeps its id.
    former_system : str, optional
        Another system that they may belong to, where the row was read by another format.
    former_parents : tuple of str
        The ids that earlier versions gave the row's parent.
    former_unset : tuple of str
        The fields that earlier versions did not set, such as an order that is read from the row's place. A todo that
        lacks them, and is as its row otherwise, is not a change.
    former_in_list : bool
        A todo under a former id is the row's only if it was loaded into the row's list: others may have had that id.
    loss : Loss, optional
        What no field of a todo holds.
    origin : Origin, optional
        Where the row comes from if not from this file, as a row that was rejected before.
    written : mapping
        What the file says for those times in `fields` (`SOURCE_TIMES`) that it does not write as they are there.
    errors : sequence of FieldError
        What is wrong with values that are therefore not in `fields`; with any, the row is rejected.
    """

    line: int
    original: Any
    fields: dict[str, Any]
    names: Mapping[str, str] = {}
    own_id: str | None = None
    parent: str | None = None
    keeps_id: bool = False
    key: str | None = None
    content: Any = None
    former_ids: tuple[str, ...] = ()
    former_system: str | None = None
    former_parents: tuple[str, ...] = ()
    former_unset: tuple[str, ...] = ()
    former_in_list: bool = False
    loss: Loss | None = None
    origin: Origin | None = None
    unstated: tuple[str, ...] = ()
    written: Mapping[str, Any] = {}
    errors: Sequence[FieldError] = ()


class BadRow(msgspec.Struct, frozen=True, gc=False):
    """A row that cannot be loaded, with the reasons.

    Attributes
    ----------
    key : str, optional
        Identifies the row if it has no id (`Row.key`).
    origin : Origin, optional
        As `Row.origin`.
    contested : tuple, optional
        ``id`` or ``parent``, and the value for which the row is refused beside the file's other rows: with it, it is
        refused without them, too.
    """

    line: int
    original: Any
    errors: list[FieldError]
    key: str | None = None
    origin: Origin | None = None
    contested: tuple[str, str] | None = None


def bad_row(line: int, original: Any, reason: str) -> BadRow:
    """A row that is refused as a whole, for one reason."""
    return BadRow(line, original, [FieldError("#", reason)])


def not_utf8(line: int, content: bytes) -> BadRow:
    """A row that is not UTF-8; its bytes are kept in Base64 beside the text that can be read."""
    readable = content.decode("utf-8", "replace")
    kept = {"text": readable, "base64": base64.b64encode(content).decode()}
    return bad_row(line, kept, _NOT_UTF8)


def text_in(original: Any) -> str | None:
    """The text of a row that is kept as `not_utf8` keeps it, if somebody has corrected it; None if not.

    Raises
    ------
    ValueError
        It is not corrected.
    """
    if not isinstance(original, dict) or original.keys() != {"text", "base64"}:
        return None
    text, kept = original["text"], original["base64"]
    try:
        content = base64.b64decode(kept, validate=True)
    except (TypeError, ValueError):
        return None
    readable = content.decode("utf-8", "replace")
    if not isinstance(text, str) or readable.encode() == content:
        return None
    if text == readable:
        raise ValueError(_NOT_UTF8)
    return text
