"""What the beginning of a JSON file shows of the whole: how it is laid out, and what its objects hold."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass, field
from enum import Enum
from io import BytesIO
from typing import Any, Final

from loaders.errors import UnreadableFile
from loaders.reading.input import HEAD_BYTES, Input
from loaders.rows.json_stream import JsonReader

# Arrays in objects in arrays; what is deeper is not looked at.
_MAX_DEPTH: Final = 4
_MAX_NAMES: Final = 1_000
# How a line ends whose object or array goes on in the next line.
_GOES_ON: Final = (b"{", b"[", b",", b":")


class Layout(Enum):
    """How the objects of a file are written."""

    NOT_JSON = "not JSON"
    ARRAY = "an array"
    LINES = "an object a line"
    OBJECTS = "objects on several lines"


@dataclass(slots=True)
class Outline:
    """The members of an object, as far as the beginning of a file has them.

    Attributes
    ----------
    values : dict
        The members by their names; None stands for one that is cut off, an array or an object.
    arrays : dict
        By the name of each member that is an array: its first object, or None if it holds none.
    objects : dict
        The members that are objects.
    """

    values: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Outline | None] = field(default_factory=dict)
    objects: dict[str, Outline] = field(default_factory=dict)


@dataclass(slots=True)
class Shape:
    """What the beginning of a file shows.

    Attributes
    ----------
    first : Outline, optional
        The first object, in the array or alone.
    kinds : set of str
        What the array's elements are: `object`, `array`, `text`, or `value`.
    is_alone : bool
        Nothing follows the first object.
    is_cut : bool
        The first object does not end in the beginning of the file.
    """

    layout: Layout
    first: Outline | None = None
    kinds: set[str] = field(default_factory=set)
    is_alone: bool = False
    is_cut: bool = False


def layout_of(head: bytes) -> Layout:
    """How the objects of a file with this beginning are written."""
    return shape_of(head).layout


def shape_of(head: bytes) -> Shape:
    """What the beginning of a file shows."""
    text = head.lstrip()
    if text[:1] == b"[":
        shape = Shape(Layout.ARRAY)
        _walk_elements(JsonReader(Input(BytesIO(text))), shape)
        return shape
    if text[:1] != b"{":
        return Shape(Layout.NOT_JSON)
    reader = JsonReader(Input(BytesIO(text)))
    first = Outline()
    is_whole = _walk(reader, first, 1)
    line, _, rest = text.partition(b"\n")
    layout = _layout(line, rest, is_whole=is_whole, ends_in=reader.line)
    is_alone = is_whole and not reader.peek() and len(head) < HEAD_BYTES - len(BOM_UTF8)
    return Shape(layout, first, is_alone=is_alone, is_cut=not is_whole)


def _layout(line: bytes, rest: bytes, *, is_whole: bool, ends_in: int) -> Layout:
    """How objects are written of which the first begins with a line."""
    if is_whole:
        return Layout.LINES if ends_in == 1 else Layout.OBJECTS
    goes_on = bool(rest.strip()) and line.rstrip().endswith(_GOES_ON)
    return Layout.OBJECTS if goes_on else Layout.LINES


def _walk_elements(reader: JsonReader, shape: Shape) -> None:
    try:
        for _ in reader.array():
            shape.kinds.add(_KINDS.get(reader.peek(), "value"))
            if reader.peek() == "{" and shape.first is None:
                shape.first = Outline()
                if not _walk(reader, shape.first, 1):
                    return
            else:
                reader.value()
    except UnreadableFile:
        # Cut off, or broken: its reader will say.
        return


_KINDS: Final = {"{": "object", "[": "array", '"': "text"}


def _walk(reader: JsonReader, outline: Outline, depth: int) -> bool:
    """Note the members of the object that the reader is at; whether it is whole."""
    try:
        for name in reader.object():
            if len(outline.values) < _MAX_NAMES:
                outline.values[name] = None
            kind = reader.peek()
            if kind == "{" and depth < _MAX_DEPTH:
                inner = outline.objects.setdefault(name, Outline())
                if not _walk(reader, inner, depth + 1):
                    return False
            elif kind == "[" and depth < _MAX_DEPTH:
                if not _walk_array(reader, outline, name, depth + 1):
                    return False
            else:
                value = reader.value()[2]
                if name in outline.values:
                    outline.values[name] = value
    except UnreadableFile:
        return False
    return True


def _walk_array(reader: JsonReader, outline: Outline, name: str, depth: int) -> bool:
    outline.arrays.setdefault(name, None)
    for _ in reader.array():
        if reader.peek() == "{" and outline.arrays[name] is None:
            outline.arrays[name] = first = Outline()
            if not _walk(reader, first, depth):
                return False
        else:
            reader.value()
    return True
