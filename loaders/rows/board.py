"""What the boards of several apps have in common: cards in lists, with labels, checklists, comments and an archive.

The parts of a board refer to each other and come in any order, so a file is read whole before its first card is loaded:
a file that breaks off loads nothing. What was read is kept in a temporary file (`Spool`), so memory does not grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from chalicelib.todos.content import is_acceptable
from loaders.reading.input import MAX_ROW_BYTES
from loaders.rows.json_stream import JsonReader
from loaders.rows.record import Record
from loaders.rows.row import BadRow
from loaders.rows.spool import Spool

# What is looked at of the parts of one card that are joined to its row.
_MAX_JOINED: Final = 1_000
_ARCHIVED: Final = "what is archived or in the trash was loaded as completed"
_COMMENTS_LEFT_OUT: Final = "comments that the notes have no room for were left out"


class Part(NamedTuple):
    """An array of a board's parts.

    Attributes
    ----------
    kind : str
        Their kind in the spool.
    below : str
        The member with the id of what each is a part of.
    or_below : str
        The member that has it where that is missing.
    place : str
        The member with its place among those.
    key : str
        The member with its id.
    are_rows : bool
        They are todos, so that a bad one is a bad row.
    """

    kind: str
    below: str = ""
    place: str = "position"
    key: str = "id"
    or_below: str = ""
    are_rows: bool = False


def gather(
    reader: JsonReader, spool: Spool, parts: Mapping[str, Part], values: dict[str, Any] | None = None
) -> Iterator[BadRow]:
    """Keep the parts of the object that the reader is at; yields those rows that are bad.

    Parameters
    ----------
    parts : mapping
        By the object's names.
    values : dict, optional
        Gets the values of the names that it has.
    """
    for name in reader.object():
        if name in parts and reader.peek() == "[":
            yield from gather_array(reader, spool, parts[name])
        elif values is not None and name in values and reader.peek() not in ("[", "{"):
            values[name] = reader.value()[2]
        else:
            reader.skip()


def gather_array(reader: JsonReader, spool: Spool, part: Part) -> Iterator[BadRow]:
    """Keep the parts of the array that the reader is at; yields those rows that are bad."""
    for _ in reader.array():
        found = reader.record()
        if isinstance(found, BadRow):
            if part.are_rows:
                yield found
            continue
        line, value = found
        below = value.get(part.below) or value.get(part.or_below)
        spool.put(part.kind, value.get(part.key), value, below=below, place=value.get(part.place), line=line)


def joined(spool: Spool, kind: str, below: object) -> list[dict[str, Any]]:
    """The first parts of a card, for its row."""
    return [value for _, value in islice(spool.parts(kind, below, MAX_ROW_BYTES), _MAX_JOINED)]


def names_of(spool: Spool, kind: str, keys: Iterable[Any], *names: str) -> list[str]:
    """The names of the values with these keys, each the first text among its members `names`; else the key."""
    found = []
    for key in islice(keys, _MAX_JOINED):
        value = spool.get(kind, key) or {}
        texts = (value.get(name) for name in names)
        found.append(next((text for text in texts if isinstance(text, str) and text), str(key)))
    return found


def array_of(value: Any) -> list[Any]:
    """An array, or an empty one in the place of anything else."""
    return value if isinstance(value, list) else []


def objects_of(value: Any) -> list[dict[str, Any]]:
    """The objects in a value that should be an array of them."""
    return [each for each in array_of(value) if isinstance(each, dict)]


def text_of(value: Any, default: str | None = None) -> str | None:
    """A text that is not empty, or the default in the place of anything else."""
    return value if isinstance(value, str) and value else default


def take_archived(record: Record, name: str) -> None:
    """Count a card with this flag as completed: nobody is to do it any more. The flag stays in the rest."""
    if record.rest.get(name):
        if record.fields.get("completed") is not True:
            record.fields["completed"] = True
            record.notices.append(_ARCHIVED)
    else:
        record.rest.pop(name, None)


def add_comments(record: Record, comments: Iterable[Mapping[str, Any]]) -> None:
    """Append comments (`by`, `date`, `text`) to the notes, each as a paragraph, as far as there is room."""
    if not isinstance(record.fields.get("notes"), str | None):
        return
    for comment in comments:
        if not (text := text_of(comment.get("text"))):
            continue
        about = ", ".join(
            each for each in (text_of(comment.get("by")), (text_of(comment.get("date")) or "")[:10]) if each
        )
        before = record.fields.get("notes") or ""
        notes = f"{before}\n\n{about}: {text}".strip() if about else f"{before}\n\n{text}".strip()
        if not is_acceptable("notes", notes):
            record.notices.append(_COMMENTS_LEFT_OUT)
            return
        record.fields["notes"] = notes
