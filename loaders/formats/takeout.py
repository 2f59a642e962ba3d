"""A takeout of this service (`python -m stack takeout`): every todo with all its events, as JSON Lines.

Events come with their ids, versions and times, into a ledger that does not have their todos; a todo that exists is left
as it is. It needs the ledger itself, since the API has no way to bring events.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from chalicelib.todos import takeout_rows
from loaders.errors import UnreadableFile
from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow, Row, bad_row

NAME = "takeout"
SYSTEM = "todo-ledger"
# It has histories where other formats have rows (`loaders.histories.reader`).
HAS_HISTORIES = True

_BEGINNING: Final = re.compile(rb'\s*\{\s*"%b":\s*"%b"' % (takeout_rows.BEGINS.encode(), takeout_rows.NAME.encode()))


def recognise(head: bytes) -> Certainty:
    return Certainty.CERTAIN if _BEGINNING.match(head) else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    raise UnreadableFile("a takeout has histories, not rows")


def row_of(line: int, original: dict[str, Any], how: ReadOptions) -> BadRow:
    return bad_row(line, original, "a history is not corrected here: load the takeout again")
