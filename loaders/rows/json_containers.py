"""JSON objects that hold todos: lists with a name, and pages of an API.

An object is read as one if its meaning is plain: it has one array of objects, under a name such as `todos`, and no
field of a todo of its own, apart from a name, which is the list of its todos. Others are refused by a sentence that
says what they hold, since none of them is a todo itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from loaders.errors import UnreadableFile
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.rows.json_shape import Layout, Outline, Shape
from loaders.rows.json_stream import MAX_HELD, JsonReader
from loaders.rows.loss import Loss, shown
from loaders.rows.names import match, normalise_name
from loaders.rows.row import BadRow, Row, bad_row

Interpret = Callable[[int, dict[str, Any]], Row | BadRow]

# What names a list of todos, and what holds them.
_HOLDERS: Final = ("todos", "tasks", "todoitems", "items", "value", "data", "results", "records", "entries")
# Arrays of objects that a todo may have: they are not todos.
_PARTS: Final = frozenset(
    {"attachments", "comments", "annotations", "links", "linkedresources", "reminders", "alarms", "assignees",
     "members", "labels", "tags", "history", "notes", "customfields"}
)  # fmt: skip
_NAMES: Final = ("title", "name", "displayname", "list", "listname")
# A row with one of these is a todo, whatever it holds besides.
_OF_TODOS: Final = frozenset({"completed", "priority", "due", "remind_at", "repeat", "parent"})
# What an API says of the next page, here or in one of the objects below.
_NEXT: Final = frozenset(
    {"nextlink", "@odata.nextlink", "nextpagetoken", "nextpage", "nextpageurl", "nextcursor", "nexturl", "next",
     "hasmore", "hasnextpage", "continuationtoken"}
)  # fmt: skip
_ABOUT_PAGES: Final = frozenset({"links", "_links", "pagination", "paging", "pageinfo", "meta", "page"})

_OF_LISTS: Final = frozenset({"list", "listname", "project", "category", "folder"})
_MAX_MEMBERS: Final = 10_000
LATE_NAME: Final = "the name of a list comes after its todos, and was not taken: write it before them"


def holder_of(outline: Outline, called: Mapping[str, str]) -> str | None:
    """The name of the one array that holds an object's todos; None if the object is none that plainly holds some."""
    holders = [name for name in outline.arrays if normalise_name(name) in _HOLDERS]
    others = [name for name in arrays_of_objects(outline) if name not in holders and not _is_about_pages(name)]
    if len(holders) != 1 or others or (is_todo(outline, called) and _has_fields_of_todos(outline, called)):
        return None
    first = outline.arrays[holders[0]]
    holds_todos = first is None or is_todo(first, called) or holder_of(first, called) is not None
    return holders[0] if holds_todos else None


def is_todo(outline: Outline, called: Mapping[str, str]) -> bool:
    """Whether an object can be a todo: it has a title."""
    return "title" in match(outline.values, called)[0]


def arrays_of_objects(outline: Outline) -> list[str]:
    """The arrays that an object has and that hold objects, also one level deeper."""
    own = [name for name, first in outline.arrays.items() if first is not None]
    inner = [
        f"{name}.{each}"
        for name, member in outline.objects.items()
        for each, first in member.arrays.items()
        if first is not None
    ]
    return own + inner


def check_alone(outline: Outline, called: Mapping[str, str]) -> None:
    """See that an object which is a whole file, and holds nothing plainly, is a todo.

    Raises
    ------
    UnreadableFile
    """
    held = [name for name in arrays_of_objects(outline) if normalise_name(name) not in _PARTS]
    if held:
        raise UnreadableFile(
            f"it is not a todo itself: it holds objects in {_quoted(held)}. Save the array that has the todos as a"
            " file of its own. If the object is one todo after all, put it into an array: [ … ]"
        )
    if not is_todo(outline, called):
        objects = f", and holds objects in {_quoted(list(outline.objects))}" if outline.objects else ""
        raise UnreadableFile(
            f"it is one object, and no todo: none of its members is a title. It has {_quoted(list(outline.values))}"
            f"{objects}. Expected an array of objects, or an object that has one in `todos`"
        )


def read_held(file: Input, shape: Shape, interpret: Interpret, called: Mapping[str, str]) -> Iterator[Row | BadRow]:
    """The rows that the objects of a file hold, of which `shape` has the first."""
    assert shape.first is not None
    container = _Container.of(shape.first, interpret, called)
    assert container is not None
    reader = JsonReader(file)
    if shape.layout is Layout.ARRAY:
        for _ in reader.array():
            yield from container.read(reader)
        reader.finish()
        return
    while reader.peek():
        yield from container.read(reader)


class _Container:
    """Reads objects that hold todos in one of their members.

    Parameters
    ----------
    name : str
        The member.
    inner : _Container, optional
        The reader of its objects, if these hold the todos.
    """

    def __init__(self, name: str, inner: _Container | None, interpret: Interpret, list_member: str) -> None:
        self._name = name
        self._inner = inner
        self._interpret = interpret
        self._list_member = list_member

    @classmethod
    def of(cls, outline: Outline | None, interpret: Interpret, called: Mapping[str, str]) -> _Container | None:
        """The reader of objects like this one; None if it holds no todos."""
        name = None if outline is None else holder_of(outline, called)
        if outline is None or name is None:
            return None
        inner = cls.of(outline.arrays[name], interpret, called)
        return cls(name, inner, interpret, called.get("list", "list"))

    def read(self, reader: JsonReader) -> Iterator[Row | BadRow]:
        """The rows of the object that the reader is at, or of another value the bad row that it is."""
        if reader.peek() != "{":
            record = reader.record()
            yield record if isinstance(record, BadRow) else _without(self._name, *record)
            return
        notices: list[str] = []
        last: Row | None = None
        for row in self._rows(reader, notices):
            if isinstance(row, BadRow):
                yield row
                continue
            if last is not None:
                yield last
            last = row
        if last is not None:
            yield _with(last, notices)

    def _rows(self, reader: JsonReader, notices: list[str]) -> Iterator[Row | BadRow]:
        list_ = _List(reader, self._list_member, self._interpret, notices)
        is_found = False
        for name in reader.object():
            if name != self._name or reader.peek() != "[":
                _, text, value, _ = reader.value()
                list_.note(name, value, len(name) + len(text))
                is_found = is_found or name == self._name
                continue
            is_found = True
            for _ in reader.array():
                yield from self._inner.read(reader) if self._inner is not None else list_.place(reader.record())
        yield from list_.place_held()
        if not is_found:
            yield _without(self._name, list_.line, list_.members)


class _List:
    """One object that holds todos: its name, which may come after some of them, and its other members.

    Parameters
    ----------
    notices : list of str
        Gets what is to be said of the whole.
    """

    def __init__(self, reader: JsonReader, list_member: str, interpret: Interpret, notices: list[str]) -> None:
        self.line = reader.line
        self.members: dict[str, Any] = {}
        self._reader = reader
        self._begins = reader.consumed
        self._list_member = list_member
        self._interpret = interpret
        self._notices = notices
        self._name: str | None = None
        self._held: list[tuple[int, dict[str, Any]]] | None = []
        self._size = self._count = 0

    def note(self, name: str, value: Any, size: int) -> None:
        """Note a member beside the todos."""
        if normalise_name(name) in _NAMES and isinstance(value, str) and value.strip():
            self._name = self._name or value
            if self._held is None and LATE_NAME not in self._notices:
                self._notices.append(LATE_NAME)
        if (next_page := _next_page(name, value)) is not None:
            self._notices.append(f"the file is one page of several: {next_page} says that there are more todos")
        self._size += size
        self._count += 1
        if self._size > MAX_ROW_BYTES or self._count > _MAX_MEMBERS:
            raise UnreadableFile(
                f"line {self.line}: an object has more than {MAX_ROW_BYTES} characters or {_MAX_MEMBERS} members"
            )
        self.members[name] = value

    def place(self, record: tuple[int, dict[str, Any]] | BadRow) -> Iterator[Row | BadRow]:
        """The rows that can be made now that there is one more; they wait for the list's name, but not for ever."""
        if isinstance(record, BadRow):
            yield record
        elif self._name is not None or self._held is None:
            yield self._row(record)
        else:
            self._held.append(record)
            if self._reader.consumed - self._begins > MAX_HELD:
                yield from self.place_held()
                self._held = None

    def place_held(self) -> Iterator[Row | BadRow]:
        """The rows that were waiting."""
        for record in self._held or ():
            yield self._row(record)

    def _row(self, record: tuple[int, dict[str, Any]]) -> Row | BadRow:
        line, members = record
        if self._name is not None and self._held is not None and not _names_a_list(members):
            members = {**members, self._list_member: self._name}
        return self._interpret(line, members)


def _names_a_list(members: dict[str, Any]) -> bool:
    return any(normalise_name(name) in _OF_LISTS for name in members)


def _with(row: Row, notices: list[str]) -> Row:
    if not notices:
        return row
    loss = row.loss or Loss()
    return msgspec.structs.replace(row, loss=Loss(loss.kept, (*loss.notices, *notices)))


def _without(name: str, line: int, original: dict[str, Any]) -> BadRow:
    return bad_row(line, original, f"expected an object with {name!r}, as the others have it")


def _has_fields_of_todos(outline: Outline, called: Mapping[str, str]) -> bool:
    return any(field in _OF_TODOS for field in match(outline.values, called)[0])


def _is_about_pages(name: str) -> bool:
    return normalise_name(name.partition(".")[0]) in _ABOUT_PAGES


def _next_page(name: str, value: Any) -> str | None:
    """The name of a member that names the next page of several, if it does."""
    if normalise_name(name) in _ABOUT_PAGES and isinstance(value, dict):
        inner = next((each for each in value if _next_page(each, value[each]) is not None), None)
        return None if inner is None else f"{name}.{inner}"
    return name if normalise_name(name) in _NEXT and value else None


def _quoted(names: list[str]) -> str:
    return shown(f"`{name}`" for name in names)
