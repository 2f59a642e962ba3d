"""JSON: an array of objects, or objects that hold one, read piece by piece: memory does not grow with the file.

A single object on several lines is a todo if it has a title. An object with an array of todos (`todos`, `tasks`,
`items`, `value`, `data` and the like) is a list or a page; its title or name is the list of its todos. Such lists may
be in an array or an object again. Objects may also follow one another, as `jq` writes them. What is none of these is
refused with the names of what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from loaders.errors import UnreadableFile
from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.fields import Interpreter
from loaders.rows.json_containers import check_alone, holder_of, read_held
from loaders.rows.json_looks import looks_like
from loaders.rows.json_objects import read_array, read_sequence
from loaders.rows.json_shape import Layout, Shape, shape_of
from loaders.rows.row import BadRow, Row

NAME = "json"
IS_GENERIC = True
ROWS_ARE_IN_ORDER = True


def recognise(head: bytes) -> Certainty:
    shape = shape_of(head)
    if shape.layout is Layout.NOT_JSON:
        return Certainty.NO
    is_ours = shape.layout is not Layout.LINES or is_more_than_rows(shape)
    return Certainty.LIKELY if is_ours else Certainty.NO


def is_more_than_rows(shape: Shape) -> bool:
    """Whether the objects of a file with one a line are not plain rows, but hold them, or are something else."""
    if shape.first is None:
        return False
    if holder_of(shape.first, {}) is not None:
        return True
    try:
        if shape.is_alone:
            check_alone(shape.first, {})
    except UnreadableFile:
        return True
    return shape.is_alone and looks_like(shape.first) is not None


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    shape, names = shape_of(file.head), how.names
    interpret = Interpreter(how).interpret
    if shape.first is not None and holder_of(shape.first, names) is not None:
        yield from read_held(file, shape, interpret, names)
        return
    if shape.layout is Layout.ARRAY:
        _check_elements(shape)
        yield from read_array(file, interpret)
        return
    if shape.first is not None and (shape.is_alone or shape.layout is Layout.OBJECTS):
        if (looks := looks_like(shape.first)) is not None:
            raise UnreadableFile(f"it looks like {looks}, which has no todos")
        if shape.is_alone or shape.is_cut:
            check_alone(shape.first, names)
    yield from read_sequence(file, interpret)


def _check_elements(shape: Shape) -> None:
    """See that an array has objects, as far as its beginning is known.

    Raises
    ------
    UnreadableFile
    """
    if not shape.kinds or "object" in shape.kinds:
        return
    if shape.kinds == {"text"}:
        raise UnreadableFile(
            'its elements are texts, not objects: write each as {"title": …}, or save them one a line and use'
            " --format todo.txt"
        )
    if shape.kinds == {"array"}:
        raise UnreadableFile("its elements are arrays, not objects: save the table as CSV, with its columns' names")
    raise UnreadableFile("its elements are not objects: expected one for each todo")
