"""The lines of a journal file: each is a batch of records that was written and synced at once.

A line is ``CHECKSUM NUMBER RECORDS``: CRC-32 of the rest in hexadecimal, the batch's number, and a JSON array. A batch
is written only after the one before it is on disk. So a damaged last line was never acknowledged, and a damaged line
before others was.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from stack.errors import StackError

# A record is an array: its kind, then what belongs to that.
Record = list[Any]

_CHECKSUM_DIGITS: Final = 8
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[Record])


class Damaged(StackError):
    """A file of the journal lacks something that was acknowledged."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(
            f"the journal is damaged: {what} of {path}. Nothing was changed. Bring a backup back "
            f"(python -m stack restore-local FILE), or go on without what cannot be read: python -m stack up --salvage"
        )


@dataclass(frozen=True)
class Cut:
    """A last line that was not written as a whole, so that nobody was told it was.

    Attributes
    ----------
    path : Path
    offset : int
        Where it begins.
    """

    path: Path
    offset: int


def encode(record: Any) -> bytes:
    """A record, or a part of one, as JSON."""
    try:
        return _encoder.encode(record)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        # A lone surrogate, which the engine takes.
        return json.dumps(record).encode()


def line(number: int, records: Sequence[bytes]) -> bytes:
    """A line, with its end, of records from `encode`."""
    content = b"%d [%s]" % (number, b",".join(records))
    return b"%08x %s\n" % (zlib.crc32(content), content)


def parse(text: bytes) -> tuple[int, list[Record]] | None:
    """The number and the records of a line without its end; None if it is damaged."""
    checksum, _, content = text.partition(b" ")
    number, _, records = content.partition(b" ")
    if len(checksum) != _CHECKSUM_DIGITS or checksum != b"%08x" % zlib.crc32(content):
        return None
    try:
        return int(number), _decoder.decode(records)
    except msgspec.DecodeError:
        return int(number), json.loads(records)


def read(path: Path, cuts: list[Cut], *, salvage: bool = False) -> Iterator[tuple[int, list[Record]]]:
    """The batches of a file in their order, each with its number.

    Parameters
    ----------
    cuts : list of Cut
        Gets the last line, if that is damaged.
    salvage : bool
        Leave damaged lines out, and add them to ``cuts``, too.

    Raises
    ------
    Damaged
        A line before others is.
    """
    with path.open("rb") as file:
        offset = 0
        # A batch that was cut may have become several lines.
        damaged: tuple[int, int] | None = None
        for count, text in enumerate(file, 1):
            batch = parse(text[:-1]) if text.endswith(b"\n") else None
            if batch is None:
                damaged = damaged or (count, offset)
            elif damaged is None:
                yield batch
            elif salvage:
                cuts.append(Cut(path, damaged[1]))
                damaged = None
                yield batch
            else:
                raise Damaged(path, f"line {damaged[0]}")
            offset += len(text)
        if damaged is not None:
            cuts.append(Cut(path, damaged[1]))
