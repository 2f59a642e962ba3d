"""What an app allows and a todo does not: long titles, odd names of lists, many labels, numbers beyond all order.

Such a value does not lose the row: as much as fits is taken, the whole is kept elsewhere, and a notice says so. A value
that fits nowhere is left as it is, and the row is rejected for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from chalicelib.todos.content import is_acceptable
from chalicelib.todos.events import dump_json
from chalicelib.todos.fields import MAX_LIST_BYTES, MAX_LIST_LENGTH, MAX_METADATA_BYTES, MAX_ORDER
from loaders.rows.record import Record

MAX_TITLE: Final = 500
_MAX_TAGS: Final = 32
_MAX_TAG: Final = 64
_DOTS: Final = (".", "..")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_TITLE_CUT: Final = f"a title of more than {MAX_TITLE} characters was cut; the notes have it whole"
_LIST_CUT: Final = "a list's name that a list cannot have was shortened; the metadata has it whole"
_TAGS_KEPT: Final = "labels that cannot be tags were kept as metadata"


def take_order(record: Record, name: str) -> None:
    """Make a number the todo's `order`; one that is too large, or none at all, stays in the rest."""
    value = record.rest.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_ORDER:
        record.take("order", name)


def make_room(record: Record, *, labels: str = "labels", list_name: str = "list", spare: Sequence[str] = ()) -> None:
    """Fit the fields of a record that is complete into a todo's bounds.

    Parameters
    ----------
    labels : str
        The name in the metadata of tags that cannot be tags.
    list_name : str
        The name in the metadata of a list's name that is shortened.
    spare : sequence of str
        Names of values that are left out, the largest first, if the metadata has no room for them.
    """
    _fit_title(record)
    _fit_list(record, list_name)
    _fit_tags(record, labels)
    present = [name for name in spare if name in record.rest]
    while present and _size(record.rest) > MAX_METADATA_BYTES:
        largest = max(present, key=lambda name: _size(record.rest[name]))
        present.remove(largest)
        del record.rest[largest]
        record.notices.append(f"left out, as metadata has room for {MAX_METADATA_BYTES} bytes: {largest}")


def cut_title(title: str) -> str:
    """As much of a title as a todo can have, with a mark where it was cut."""
    return f"{title[: MAX_TITLE - 1]}…" if len(title) > MAX_TITLE else title


def _fit_title(record: Record) -> None:
    title, notes = record.fields.get("title"), record.fields.get("notes")
    if not isinstance(title, str) or len(title) <= MAX_TITLE or not isinstance(notes, str | None):
        return
    whole = f"{title}\n\n{notes}" if notes else title
    if is_acceptable("notes", whole):
        record.fields.update(title=cut_title(title), notes=whole)
        record.notices.append(_TITLE_CUT)


def shorten_list(name: str) -> str:
    """As much of a list's name as a list can have, without control characters."""
    encoded = _CONTROLS.sub(" ", name[:MAX_LIST_LENGTH]).encode("utf-8", "replace")[:MAX_LIST_BYTES]
    return encoded.decode("utf-8", "ignore").strip()


def _fit_list(record: Record, list_name: str) -> None:
    name = record.fields.get("list")
    if not isinstance(name, str) or _is_plain(name, MAX_LIST_LENGTH) or is_acceptable("list", name):
        return
    shortened = shorten_list(name)
    if is_acceptable("list", shortened):
        record.fields["list"] = shortened
        record.rest[list_name] = name
        record.notices.append(_LIST_CUT)


def _fit_tags(record: Record, labels: str) -> None:
    tags = record.fields.get("tags")
    if not isinstance(tags, list) or (
        len(tags) <= _MAX_TAGS and all(isinstance(tag, str) and _is_plain(tag, _MAX_TAG) for tag in tags)
    ):
        return
    if is_acceptable("tags", tags) or not all(isinstance(tag, str) for tag in tags):
        return
    unique = list(dict.fromkeys(tag for tag in tags if tag))
    taken = [tag for tag in unique if is_acceptable("tags", [tag])][:_MAX_TAGS]
    record.fields["tags"] = taken
    if left := [tag for tag in unique if tag not in taken]:
        record.rest[labels] = left
        record.notices.append(_TAGS_KEPT)


def _is_plain(name: str, length: int) -> bool:
    """Whether a name is like nearly all of them, which need no closer look."""
    return 0 < len(name) <= length and name.isascii() and name.isprintable() and name not in _DOTS


def _size(value: Any) -> int:
    return len(dump_json(value).encode("utf-8", "replace"))
