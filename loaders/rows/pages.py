"""Tasks in lists and pages, as APIs write them: objects that hold tasks, or lists of them, in a member of theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chalicelib.todos.strict_json import AmbiguousJson, duplicate
from loaders.errors import UnreadableFile
from loaders.reading.input import MAX_ROW_BYTES
from loaders.rows.json_stream import JsonReader, bad_value
from loaders.rows.loss import Loss
from loaders.rows.row import BadRow, Row

Members = dict[str, Any]
Found = tuple[int, Members] | BadRow

ONE_OF_SEVERAL: Final = "the file is one page of several; load the next pages, too"


@dataclass(frozen=True, slots=True)
class Layout:
    """How an API writes lists and pages.

    Attributes
    ----------
    holders : tuple of str
        The members that hold tasks or lists.
    list_name : str
        The member with a list's name.
    next_page : str
        The member that a page has if it is not the last.
    is_list : callable
        Whether an object without a holder is a list that has no tasks, by its members and its depth.
    holds_tasks : callable
        Whether a holder's elements are known to be tasks, by its name, the members before it and the depth.
    may_be_named : callable
        Whether the name of a holder's list may come after it, by the holder's name and the depth.
    """

    holders: tuple[str, ...]
    list_name: str
    next_page: str
    is_list: Callable[[Members, int], bool]
    holds_tasks: Callable[[str, Members, int], bool]
    may_be_named: Callable[[str, int], bool]


class Pages:
    """Reads the tasks of a file.

    Attributes
    ----------
    has_next : bool
        A page said that it is not the last.
    """

    def __init__(self, reader: JsonReader, layout: Layout) -> None:
        self._reader = reader
        self._layout = layout
        self.has_next = False

    def tasks(self, depth: int = 0, *, are_tasks: bool = False) -> Iterator[tuple[Found, str | None]]:
        """The tasks of the array or object that the reader is at, each with its list's name."""
        if self._reader.peek() != "[":
            yield from self._member(depth)
            return
        for _ in self._reader.array():
            if are_tasks:
                yield self._reader.record(), None
            else:
                yield from self._member(depth + 1)

    def finish(self) -> None:
        """Check that nothing follows."""
        self._reader.finish()

    def _member(self, depth: int) -> Iterator[tuple[Found, str | None]]:
        """A task, or the tasks of a list or page, with the list's name."""
        reader, layout = self._reader, self._layout
        if reader.peek() != "{":
            yield reader.record(), None
            return
        line, begins, size = reader.line, reader.consumed, 0
        members: Members = {}
        texts: list[str] = []
        error: AmbiguousJson | None = None
        holds = False
        held: list[Found] = []
        for name in reader.object():
            if name in layout.holders and reader.peek() in ("[", "{"):
                holds = True
                are_tasks = layout.holds_tasks(name, members, depth)
                for found, inner_name in self.tasks(depth, are_tasks=are_tasks):
                    known = inner_name or self._name_in(members)
                    if known is None and layout.may_be_named(name, depth):
                        reader.check_held(begins)
                        held.append(found)
                    else:
                        yield found, known
                continue
            _, written, value, error_within = reader.value()
            size += len(name) + len(written)
            if size > MAX_ROW_BYTES:
                raise UnreadableFile(f"line {line}: an object has more than {MAX_ROW_BYTES} characters")
            error = error or error_within or (AmbiguousJson([duplicate(name)]) if name in members else None)
            texts.append(f"{json.dumps(name)}: {written}")
            members[name] = value
        for found in held:
            yield found, self._name_in(members)
        self.has_next |= bool(members.get(layout.next_page))
        if not holds and not layout.is_list(members, depth):
            yield bad_value(line, f"{{{', '.join(texts)}}}", error) or (line, members), None

    def _name_in(self, members: Members) -> str | None:
        name = members.get(self._layout.list_name)
        return name if isinstance(name, str) and name else None


def say_at_the_end(rows: Iterable[Row | BadRow], notice: Callable[[], str | None]) -> Iterator[Row | BadRow]:
    """The rows, the last one with what is known of the file at its end."""
    last: Row | None = None
    try:
        for row in rows:
            if isinstance(row, Row):
                if last is not None:
                    yield last
                last = row
            else:
                yield row
    except UnreadableFile:
        if last is not None:
            yield last
        raise
    said = notice()
    if last is not None:
        yield last if said is None else _with_notice(last, said)


def _with_notice(row: Row, notice: str) -> Row:
    loss = row.loss or Loss()
    return msgspec.structs.replace(row, loss=Loss(loss.kept, (*loss.notices, notice)))
