"""How the rows of one file are read: what the user says of it, and what the file itself says of all its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from chalicelib.todos import texts

# The name of a copy that a browser or a file manager makes: "Garden (1)".
_COPY: Final = re.compile(r"\s*\(\d{1,3}\)\Z")
_MAX_NAME_LENGTH: Final = 255
_ENDINGS: Final = frozenset({".gz", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".ics", ".md"})


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How the rows of one file are read.

    Attributes
    ----------
    names : mapping
        The file's names for some fields (``--map``).
    list_name : str, optional
        The list of the rows that name none (``--list``).
    time_zone : str, optional
        The IANA zone of times and days without one (``--timezone``); UTC without it.
    date_format : str, optional
        How the file writes its dates, in the codes of `datetime.strptime` (``--date-format``).
    done_values : tuple of str
        Words that mean done, beside the usual ones (``--done-values``).
    file_name : str
        The file's name without its folders and endings; empty if it has none, as standard input.
    context : dict
        What the format found in the file that its rows depend on, such as the header of a table. It is set before the
        first row is read and stays; what changes within a file belongs into each row's `original`.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    list_name: str | None = None
    time_zone: str | None = None
    date_format: str | None = None
    done_values: tuple[str, ...] = ()
    file_name: str = ""
    context: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What is not its default, for a rejected row that is read again."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


def name_of_file(path: str) -> str:
    """The name of a file without its folders, endings and the number of a copy; empty for standard input.

    It is composed: macOS decomposes names, and ids are made of them.
    """
    name = PurePosixPath(path.replace("\\", "/")).name if path != "-" else ""
    while (ending := PurePosixPath(name).suffix) and ending.casefold() in _ENDINGS:
        name = name.removesuffix(ending)
    # A name that is not UTF-8 has surrogates, which no text of a todo may have.
    name = _COPY.sub("", name).strip().encode("utf-8", "backslashreplace").decode()
    with suppress(ValueError):
        name = texts.compose(name, _MAX_NAME_LENGTH)
    return name
