"""The checkboxes of a Markdown file with their headings, parents and notes, read line by line.

It follows CommonMark and GitHub Flavored Markdown (task lists) where they say what a line is. It is more tolerant where
nothing else could be meant: a list may be nested by two columns, and begin at any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from loaders.reading.input import MAX_ROW_BYTES

Line = tuple[int, str, bool]

_TAB: Final = 4
_NESTED: Final = 2
# Nobody nests so deep; the outermost is forgotten, so that memory does not grow with the file.
_MAX_DEPTH: Final = 1_000
_MAX_NOTES: Final = 20_000

_BULLET: Final = r"(?:[-*+]|\d{1,9}[.)])"
_QUOTE: Final = re.compile(r" {0,3}>(?: {0,3}>)* ?")
_ITEM: Final = re.compile(rf"\s*{_BULLET}(?:\s|\Z)", re.ASCII)
_CHECKBOX: Final = re.compile(rf"\s*{_BULLET}\s+\[(?P<mark>.?)\](?:\s+(?P<text>.*))?", re.DOTALL)
_HEADING: Final = re.compile(r" {0,3}(#{1,6})(?:\s+(.*))?")
_CLOSING: Final = re.compile(r"(?:\A|\s)#+\Z")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-+)\s*")
_BREAK: Final = re.compile(r" {0,3}([-*_])(?:\s*\1){2,}\s*")
_FENCE: Final = re.compile(rf"\s*(?:{_BULLET}\s+)?(`{{3,}}(?=[^`]*\Z)|~{{3,}})", re.ASCII)
_FRONT_MATTER: Final = re.compile(r"---[ \t]*\r?\n(?:(?!---|\.\.\.).*\n)*(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)")


@dataclass(slots=True, eq=False)
class Checkbox:
    """A checkbox.

    Attributes
    ----------
    text : str
        Its line without indentation.
    headings : list of str
        Those that it is below, the highest first.
    parent : Checkbox, optional
    column : int
        Where its line begins.
    notes : list of str
        The lines below it that belong to it.
    is_whole : bool
        Whether all of it fits a row.
    own_id : str, optional
        For the reader's caller, who sees a parent before its subtasks.
    """

    line: int
    text: str
    headings: list[str]
    parent: Checkbox | None
    column: int
    is_whole: bool
    notes: list[str] = field(default_factory=list)
    own_id: str | None = None
    _size: int = 0

    def add_note(self, text: str, *, is_whole: bool) -> None:
        """Add a line to the notes."""
        self._size += len(text) + 1
        self.is_whole &= is_whole and self._size <= MAX_ROW_BYTES and len(self.notes) < _MAX_NOTES
        if self.is_whole:
            self.notes.append(text)


def parse(text: str) -> tuple[str, str] | None:
    """The mark and the text of a line with a checkbox; None if it has none, or one without a text."""
    found = _CHECKBOX.fullmatch(text)
    return (found["mark"], found["text"].strip()) if found and found["text"] and found["text"].strip() else None


def front_matter_lines(head: str) -> int:
    """How many lines of metadata (YAML) a file begins with."""
    found = _FRONT_MATTER.match(head)
    return found[0].count("\n") if found else 0


def read_checkboxes(lines: Iterable[Line]) -> Iterator[Checkbox]:
    """The checkboxes of numbered lines, of which each is whole or not, outside of code and comments."""
    return _Reader().read(lines)


class _Reader:
    def __init__(self) -> None:
        self._headings: dict[int, str] = {}
        self._above: list[Checkbox] = []
        self._last: Checkbox | None = None
        self._fence = ""
        # Whether what is in the fence belongs to the last checkbox.
        self._is_note = False
        self._is_comment = False
        # The line before, if a heading's underline may follow.
        self._paragraph: str | None = None
        # Whether the line before belongs to the last checkbox, so that its text may go on without indentation.
        self._goes_on = False

    def read(self, lines: Iterable[Line]) -> Iterator[Checkbox]:
        for number, line, is_whole in lines:
            text = line.rstrip()
            if quote := _QUOTE.match(text):
                text = text[quote.end() :]
            if self._is_inside(text, is_whole=is_whole):
                continue
            parsed = parse(text)
            if parsed is not None:
                if self._last is not None:
                    yield self._last
                self._begin(number, text, is_whole=is_whole)
            elif self._last is not None and self._belongs(text):
                self._note(text, is_whole=is_whole)
            else:
                if self._last is not None:
                    yield self._last
                self._last = None
                self._other(text)
        if self._last is not None:
            yield self._last

    def _is_inside(self, text: str, *, is_whole: bool) -> bool:
        """Whether a line is in code or a comment, or begins one; code below a checkbox is part of its notes."""
        if self._is_comment or (text.lstrip().startswith("<!--") and not self._fence):
            self._is_comment = "-->" not in text
            return True
        if self._fence:
            closing = text.strip()
            if closing.startswith(self._fence) and not closing.strip(self._fence[0]):
                self._fence = ""
        elif found := _FENCE.match(text):
            self._fence = found[1]
            self._is_note = _column(text) > 0
        else:
            return False
        if self._last is not None and self._is_note:
            self._note(text, is_whole=is_whole)
        return True

    def _begin(self, number: int, text: str, *, is_whole: bool) -> None:
        column = _column(text)
        self._leave(column)
        parent = self._above[-1] if self._above else None
        headings = [self._headings[level] for level in sorted(self._headings)]
        self._last = Checkbox(number, text.strip(), headings, parent, column, is_whole)
        self._above.append(self._last)
        del self._above[:-_MAX_DEPTH]
        self._goes_on, self._paragraph = True, None

    def _leave(self, column: int) -> None:
        """Leave the checkboxes that a list item in this column is not nested in."""
        while self._above and self._above[-1].column + _NESTED > column:
            self._above.pop()

    def _belongs(self, text: str) -> bool:
        """Whether a line without a checkbox belongs to the last one."""
        assert self._last is not None
        if not text:
            return True
        if _ITEM.match(text):
            return _column(text) >= self._last.column + _NESTED
        if _column(text):
            return True
        return self._goes_on and not (_HEADING.fullmatch(text) or _BREAK.fullmatch(text))

    def _note(self, text: str, *, is_whole: bool) -> None:
        assert self._last is not None
        self._goes_on = bool(text)
        content = text.lstrip()
        left = max(0, _column(text) - self._last.column - _NESTED)
        self._last.add_note(" " * left + content if self._last.notes else content, is_whole=is_whole)

    def _other(self, text: str) -> None:
        """A heading, or a line that is not read."""
        paragraph, self._paragraph, self._goes_on = self._paragraph, None, False
        if found := _HEADING.fullmatch(text):
            self._enter(len(found[1]), _CLOSING.sub("", found[2] or "").strip())
        elif paragraph is not None and (found := _UNDERLINE.fullmatch(text)):
            self._enter(1 if found[1].startswith("=") else 2, paragraph)
        elif _ITEM.match(text):
            self._leave(_column(text))
        elif text:
            self._above.clear()
            self._paragraph = text.strip()

    def _enter(self, level: int, heading: str) -> None:
        self._headings = {above: text for above, text in self._headings.items() if above < level}
        if heading:
            self._headings[level] = heading
        self._above.clear()


def _column(text: str) -> int:
    """How many columns a line is indented by."""
    column = 0
    for each in text:
        if each == "\t":
            column += _TAB - column % _TAB
        elif each.isspace():
            column += 1
        else:
            break
    return column
