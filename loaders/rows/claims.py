"""Which file of a run has which todo, because two files must not give one todo two contents."""

from __future__ import annotations

import hashlib
from types import TracebackType
from typing import Any, Final

import msgspec

from loaders.rows.seen import Seen

_LINE_BITS: Final = 40

_encode = msgspec.json.Encoder(order="deterministic").encode


class Claims:
    """The todos that the files of a run have, with their contents; its memory does not grow with them."""

    def __init__(self) -> None:
        self._ids = Seen()
        self._contents = Seen()
        self._files: list[str] = []

    def begin_file(self, name: str) -> None:
        """Say that the rows from here on are in this file."""
        self._files.append(name)

    def claim(self, todo_id: str, line: int) -> str | None:
        """Note that a row has this todo; returns where an earlier file has it, in words."""
        current = len(self._files) - 1
        place, _ = self._ids.note(todo_id, (current << _LINE_BITS) | line)
        number, first_line = place >> _LINE_BITS, place & ((1 << _LINE_BITS) - 1)
        return f"line {first_line} of {self._files[number]}" if number != current else None

    def note_content(self, todo_id: str, fields: dict[str, Any]) -> bool:
        """Note what a row says of a todo; whether a row said the same before."""
        digest = hashlib.sha256(todo_id.encode() + _encode(fields)).digest()
        _, times = self._contents.note_digest(digest, 0)
        return times > 1

    def __enter__(self) -> Claims:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ids.close()
        self._contents.close()
