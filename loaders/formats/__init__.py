"""The formats that the loader reads, one module for each, found by being here.

A format's module has:

- ``NAME``: how ``--format`` calls it;
- ``recognise(head: bytes) -> Certainty``: whether a file that begins so is of this format;
- ``read(source: Source) -> Iterator[Row | BadRow]``: its rows. A row's fault is a `BadRow`; a file's is `Unreadable`.
  With a second argument, ``names``, it takes what its rows call a field (``--map``);
- ``SYSTEM``, where its ids come from one known system: the default of ``--source``; or ``system_of(head: bytes)``,
  where the file tells it;
- ``row_of(line: int, source: dict) -> Row | BadRow``, where its rows are not read by `fields.Interpreter`: one of them
  once more, as `Row.source` has it. A rejected row that was mended is read so. With ``ROWS_ARE_TEXTS``, `Row.source` is
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

from loaders.errors import CannotLoad, Unreadable
from loaders.reading.source import Source
from loaders.rows.row import BadRow, Row

# A format says how todos are written down, not whose they are: the same todos as JSON, JSON Lines or CSV are the same
# todos, and so are they from another path. Hence one name for all of them; --source tells systems apart.
GENERIC_SYSTEM: Final = "file"


class Certainty(IntEnum):
    """How surely a beginning tells a format; the surest wins."""

    NO = 0
    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3


class Format(Protocol):
    """What a format's module has at least; the docstring of this package tells it all."""

    NAME: str

    def recognise(self, head: bytes) -> Certainty:
        """How surely a file that begins so is of this format."""

    def read(self, source: Source) -> Iterator[Row | BadRow]:
        """The rows of a file, and what cannot be read as one."""


@cache
def formats() -> dict[str, Format]:
    """Every format by its name."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return {module.NAME: cast("Format", module) for module in modules}


def recognised(head: bytes) -> Format:
    """The format of a file that begins with `head`.

    Raises
    ------
    Unreadable
    """
    surest = max(formats().values(), key=lambda candidate: candidate.recognise(head))
    if surest.recognise(head) is Certainty.NO:
        raise Unreadable(f"its format is none of {', '.join(formats())}")
    return surest


def reader_of(chosen: Format, names: Mapping[str, str]) -> Callable[[Source], Iterator[Row | BadRow]]:
    """The format's `read`, told by which `names` its rows call some of the fields.

    Raises
    ------
    CannotLoad
        When there are such names, and the format's own are known.
    """
    if not names:
        return chosen.read
    if "names" not in inspect.signature(chosen.read).parameters:
        raise CannotLoad(f"--map is for CSV and JSON; what {chosen.NAME} calls its fields is known")
    return partial(cast("Callable[..., Iterator[Row | BadRow]]", chosen.read), names=names)


def system_of(chosen: Format, head: bytes) -> str:
    """What the ids of a file's rows belong to, unless the user names it."""
    if hasattr(chosen, "system_of"):
        return cast("str", chosen.system_of(head))
    return cast("str", getattr(chosen, "SYSTEM", GENERIC_SYSTEM))
