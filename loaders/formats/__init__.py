"""The formats that the loader reads: every module in this folder is one.

A format's module has:

- ``NAME``: its name for ``--format``;
- ``recognise(head: bytes) -> Certainty``: whether a file with this beginning has this format;
- ``read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]``: its rows. A bad row is a
  `BadRow`; a file that cannot be read raises `UnreadableFile`;
- ``IS_GENERIC``, if its rows have whatever names and words somebody chose: only then can ``--map``, ``--date-format``
  and ``--done-values`` be given;
- ``SYSTEM``: the system that its ids come from, which is the default of ``--source``; or
  ``system_of(head: bytes)``, if the file names it;
- ``check_recognised(head: bytes)``, if a file that is recognised may still be another's: it raises `UnreadableFile`
  with what the user has to decide;
- ``row_of(line: int, original: dict, how: ReadOptions) -> Row | BadRow``, unless `fields.Interpreter` reads its rows:
  reads one row again from its `Row.original`, as it is needed for corrected rejected rows. With ``ROWS_ARE_TEXTS``,
  `Row.original` is a text.
- ``ROWS_ARE_IN_ORDER``, if its rows have a sequence that somebody chose, and no order: then the place of each in the
  file becomes the order of its todo when that is created (`loaders.rows.places`);
- ``row_of_text(line: int, text: str, how: ReadOptions) -> Row | BadRow``, if its rows are objects, and one that is
  written as its line is read otherwise than JSON or a table.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from enum import IntEnum
from functools import cache
from typing import Final, Protocol, cast

from loaders.errors import CannotLoad, UnreadableFile
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow, Row

# A format says how todos are written, not which system they come from: the same rows as JSON, JSON Lines or CSV, or at
# another path, are the same todos. So these formats share one name; --source tells systems apart.
GENERIC_SYSTEM: Final = "file"


_FOREIGN: Final = {
    b"<!doctype html": "it is a web page (HTML), perhaps one that wants you to log in",
    b"<html": "it is a web page (HTML), perhaps one that wants you to log in",
    b"<?xml": "it is XML, and no format of todos in XML is known",
    b"%pdf-": "it is a PDF: save the todos as text or CSV",
    b"{\\rtf": "it is rich text (RTF): save it as plain text",
}


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

    def read_rows(self, file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
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
    if (foreign := _foreign_kind(head)) is not None:
        raise UnreadableFile(foreign)
    surest = max(formats().values(), key=lambda candidate: candidate.recognise(head))
    if surest.recognise(head) is Certainty.NO:
        raise UnreadableFile(f"its format is not one of {', '.join(formats())}")
    if hasattr(surest, "check_recognised"):
        surest.check_recognised(head)
    return surest


def _foreign_kind(head: bytes) -> str | None:
    """What a file with this beginning is, if no format has todos in such a file."""
    begins = head.lstrip()[:20].lower()
    return next((explanation for mark, explanation in _FOREIGN.items() if begins.startswith(mark)), None)


def other_formats(chosen: Format, head: bytes) -> list[str]:
    """The names of the other formats that a file with this beginning may have, the likeliest first."""
    found = {name: each.recognise(head) for name, each in formats().items() if name != chosen.NAME}
    return sorted((name for name in found if found[name] is not Certainty.NO), key=lambda name: -found[name])


def check_options(chosen: Format, how: ReadOptions) -> None:
    """Refuse what the user says of names and words, if the format has fixed ones.

    Raises
    ------
    CannotLoad
    """
    if getattr(chosen, "IS_GENERIC", False):
        return
    given = {"--map": how.names, "--date-format": how.date_format, "--done-values": how.done_values}
    for option, value in given.items():
        if value:
            raise CannotLoad(f"{option} is for CSV and JSON; the format {chosen.NAME} has names and words of its own")


def system_of(chosen: Format, head: bytes) -> str:
    """The system that the ids of a file's rows belong to, unless the user names it."""
    if hasattr(chosen, "system_of"):
        return cast("str", chosen.system_of(head))
    return cast("str", getattr(chosen, "SYSTEM", GENERIC_SYSTEM))
