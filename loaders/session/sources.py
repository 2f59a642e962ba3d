"""What one name on the command line stands for: a file, or the files in a ZIP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from typing import Final, Protocol

from loaders.errors import UnreadableFile
from loaders.formats import Certainty, Format, choose_format, formats
from loaders.reading.archive import NO_FORMAT, Archive, ArchivedFile, open_archive
from loaders.reading.input import HEAD_BYTES, Input
from loaders.reading.open_stream import Measured, OpenStream, open_stream
from loaders.reading.options import name_of_file

# Files with other endings, such as the photos in a takeout, are not even looked into.
_ENDINGS: Final = frozenset(
    {"", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".ics", ".vcs", ".md", ".markdown"}
)
# Why a file that has a list's format is left out.
NOTHING_IN_IT: Final = "no todo in it"
_NESTED: Final = "a ZIP in a ZIP"
_BESIDE_OTHERS: Final = "read only with --format"


@dataclass(frozen=True, slots=True)
class Part:
    """One file with rows.

    Attributes
    ----------
    file_name : str
        As `loaders.reading.options.ReadOptions.file_name`.
    member : str, optional
        Its name in the archive; None if it is not in one.
    is_certain : bool
        Its content shows that it has this format.
    """

    file_name: str
    member: str | None
    content: Input
    chosen: Format
    is_certain: bool


class Source(Measured, Protocol):
    """What is behind a name.

    Attributes
    ----------
    formats : list of Format
        Of all parts.
    left_out : dict
        Why the other files in an archive are not read, by their names; it is filled until the last part is read.
    errors : list of str
        Why files in an archive that should be read cannot be.
    """

    is_archive: bool
    formats: list[Format]
    left_out: dict[str, str]
    errors: list[str]

    def parts(self) -> Iterator[Part]:
        """The files, one after the other; each is read before the next one is asked for."""
        ...


@contextmanager
def open_source(name: str, format_name: str | None, *, is_of_names: bool) -> Iterator[Source]:
    """Open a path, ``-`` or ``s3://bucket/key``.

    Parameters
    ----------
    format_name : str, optional
        The format, if the user names it.
    is_of_names : bool
        The user says what the file's names mean (``--map``): so it is of a format without names of its own.

    Raises
    ------
    CannotLoad
    UnreadableFile
        Not even its beginning can be read.
    """
    with ExitStack() as stack:
        opened = stack.enter_context(open_stream(name))
        if opened.is_zip:
            yield _Files(stack.enter_context(open_archive(opened)), format_name, is_of_names=is_of_names)
        else:
            yield _File(name, opened, format_name)


def may_have_todos(name: str, why: str) -> bool:
    """Whether a file that is left out for this reason may nevertheless be a list."""
    return why != NOTHING_IN_IT and PurePosixPath(name).suffix.casefold() in _ENDINGS


class _File:
    is_archive = False

    def __init__(self, name: str, opened: OpenStream, format_name: str | None) -> None:
        content = Input(opened.stream)
        chosen = formats()[format_name] if format_name else choose_format(content.head)
        self._part = Part(name_of_file(name), None, content, chosen, is_certain=True)
        self._opened = opened
        self.formats = [chosen]
        self.left_out: dict[str, str] = {}
        self.errors: list[str] = []

    @property
    def consumed(self) -> int:
        return self._opened.consumed

    @property
    def total(self) -> int | None:
        return self._opened.total

    @property
    def share(self) -> float | None:
        return self._opened.share

    def parts(self) -> Iterator[Part]:
        yield self._part


class _Files:
    """The files of an archive that have rows.

    Any text may be CSV, and any object of JSON a row: a file that is only that is read if it has only such files beside
    it, or if the user says so. So the sidecar of a photo does not become a todo.
    """

    is_archive = True

    def __init__(self, archive: Archive, format_name: str | None, *, is_of_names: bool) -> None:
        self._archive = archive
        self._format = format_name
        self.left_out: dict[str, str] = dict.fromkeys(archive.replaced, "another file of this name replaces it")
        self.errors: list[str] = []
        chosen = ((file, self._choose(file)) for file in archive.files if not file.is_hidden)
        found = [(file, *one) for file, one in chosen if one is not None]
        are_all_read = is_of_names or format_name is not None or NO_FORMAT not in self.left_out.values()
        self._found: list[tuple[ArchivedFile, Format, bool]] = []
        for file, one, certainty in found:
            if are_all_read or not getattr(one, "IS_GENERIC", False) or certainty is Certainty.CERTAIN:
                self._found.append((file, one, certainty is Certainty.CERTAIN))
            else:
                self.left_out[file.name] = _BESIDE_OTHERS
        self.formats = [one for _, one, _ in self._found]
        archive.total = sum(file.entry.file_size for file, _, _ in self._found)

    @property
    def consumed(self) -> int:
        return self._archive.consumed

    @property
    def total(self) -> int | None:
        return self._archive.total

    @property
    def share(self) -> float | None:
        return self._archive.share

    def parts(self) -> Iterator[Part]:
        for file, chosen, is_certain in self._found:
            name = name_of_file(file.name)
            try:
                with self._archive.open(file) as stream:
                    yield Part(name, file.name, Input(stream), chosen, is_certain=is_certain)
            except UnreadableFile as error:
                self.errors.append(f"{file.name}: {error}")

    def _choose(self, file: ArchivedFile) -> tuple[Format, Certainty] | None:
        """The format of a file, from its head; None if it is left out."""
        if self._format is None and file.ending not in _ENDINGS:
            self.left_out[file.name] = _NESTED if file.ending == ".zip" else NO_FORMAT
            return None
        if file.is_link:
            self.left_out[file.name] = "a link to another file"
            return None
        try:
            with self._archive.open(file, counts=False) as stream:
                beginning = stream.read(HEAD_BYTES)
        except UnreadableFile as error:
            self.errors.append(f"{file.name}: {error}")
            return None
        try:
            head = Input(BytesIO(beginning)).head
        except UnreadableFile as error:
            self.left_out[file.name] = str(error)
            return None
        named = formats()[self._format] if self._format else None
        try:
            chosen = named or choose_format(head)
        except UnreadableFile:
            chosen = None
        certainty = chosen.recognise(head) if chosen else Certainty.NO
        if chosen is None or certainty is Certainty.NO:
            self.left_out[file.name] = NO_FORMAT
            return None
        return chosen, certainty
