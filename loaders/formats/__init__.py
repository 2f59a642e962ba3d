"""The formats that the loader reads: every module in this folder is one.

A format's module has:

- ``NAME``: its name for ``--format``;
- ``recognise(head: bytes) -> Certainty``: whether a file with this beginning has this format;
- ``read_rows(file: Input) -> Iterator[Row | BadRow]``: its rows. A bad row is a
  `BadRow`; a file that cannot be read raises `UnreadableFile`. With a second parameter ``names`` it accepts the
  rows' own names of fields (``--map``);
- ``SYSTEM``: the system that its ids come from, which is the default of ``--source``; or
  ``system_of(head: bytes)``, if the file names it;
- ``row_of(line: int, original: dict) -> Row | BadRow``, unless `fields.Interpreter` reads its rows: reads one row
  again from its `Row.original`, as it is needed for corrected rejected rows. With ``ROWS_ARE_TEXTS``, `Row.original` is
  a text.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from functools import cache, partial
from typing import Final, Protocol, cast

from loaders.errors import CannotLoad, UnreadableFile
from loaders.reading.input import Input
from loaders.rows.row import BadRow, Row

# A format says how todos are written, not which system they come from: the same rows as JSON, JSON Lines or CSV, or at
# another path, are the same todos. So these formats share one name; --source tells systems apart.
GENERIC_SYSTEM: Final = "file"


class Certainty(IntEnum):
    """How certain it is that a file has a format; the most certain format is chosen."""

    NO = 0
    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3


class Format(Protocol):
    """A format's module; the head of this package describes its members."""

    NAME: str

    def recognise(self, head: bytes) -> Certainty:
        """Whether a file with this head has this format."""
        ...

    def read_rows(self, file: Input) -> Iterator[Row | BadRow]:
        """The file's rows, in its order.

        Raises
        ------
        UnreadableFile
            The file, or the rest of it, does not have this format.
        """
        ...


@cache
def formats() -> dict[str, Format]:
    """Every format by its name."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return {module.NAME: cast("Format", module) for module in modules}


def choose_format(head: bytes) -> Format:
    """The format of a file that begins with `head`.

    Raises
    ------
    UnreadableFile
    """
    surest = max(formats().values(), key=lambda candidate: candidate.recognise(head))
    if surest.recognise(head) is Certainty.NO:
        raise UnreadableFile(f"its format is not one of {', '.join(formats())}")
    return surest


def reader_of(chosen: Format, names: Mapping[str, str]) -> Callable[[Input], Iterator[Row | BadRow]]:
    """The format's `read_rows`, given the `names` that the rows have for some fields.

    Raises
    ------
    CannotLoad
        There are such names, but the format has fixed names.
    """
    if not names:
        return chosen.read_rows
    if "names" not in inspect.signature(chosen.read_rows).parameters:
        raise CannotLoad(f"--map is for CSV and JSON; the format {chosen.NAME} has fixed names")
    return partial(cast("Callable[..., Iterator[Row | BadRow]]", chosen.read_rows), names=names)


def system_of(chosen: Format, head: bytes) -> str:
    """The system that the ids of a file's rows belong to, unless the user names it."""
    if hasattr(chosen, "system_of"):
        return cast("str", chosen.system_of(head))
    return cast("str", getattr(chosen, "SYSTEM", GENERIC_SYSTEM))
