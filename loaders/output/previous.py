"""The file of rejected rows that an earlier run has left: replaced, unless somebody has edited it since.

The first entry has a digest of the whole file, by which the next run knows. What it takes away it first moves aside, so
that nothing is lost between looking and removing, whoever writes or runs meanwhile.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from loaders.errors import CannotLoad

_DIGITS: Final = 32
# What stands for the digest while it is unknown.
UNKNOWN: Final = "0" * _DIGITS
_BEGINS: Final = b'{"digest": "'
PLACE: Final = len(_BEGINS)
_CHUNK_BYTES: Final = 256 * 1024
_MAX_SET_ASIDE: Final = 10_000


def new_digest() -> Any:
    """A digest of a file's bytes, to be updated with them."""
    return hashlib.blake2b(digest_size=_DIGITS // 2)


def clear(path: Path) -> Path | None:
    """Take away the file that an earlier run has left; where it is now, if somebody has edited it.

    Raises
    ------
    CannotLoad
    """
    if not path.exists():
        return None
    aside = _reserve(path)
    try:
        path.replace(aside)
    except FileNotFoundError:
        # Another run was faster.
        aside.unlink()
        return None
    if aside.stat().st_size and not _is_untouched(aside):
        return aside
    aside.unlink()
    return None


def _reserve(path: Path) -> Path:
    """An empty file of our own, with a free name."""
    for number in range(1, _MAX_SET_ASIDE):
        aside = path.with_name(f"{path.name.removesuffix('.jsonl')}.edited-{number}.jsonl")
        try:
            aside.open("x").close()
        except FileExistsError:
            continue
        return aside
    raise CannotLoad(f"{path} has been edited, and there are {_MAX_SET_ASIDE - 1} such files beside it: remove some")


def _is_untouched(file: Path) -> bool:
    """Whether the file is as it was written; not known, and so false, if it was written by an earlier version."""
    with file.open("rb") as stream:
        begins, known = stream.read(PLACE), stream.read(_DIGITS)
        if begins != _BEGINS:
            return False
        digest = new_digest()
        digest.update(begins + UNKNOWN.encode())
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return str(digest.hexdigest()).encode() == known
