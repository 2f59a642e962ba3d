"""When a row's todo was created and completed at its source, as far as a load can tell the ledger.

A time becomes canonical, and so part of the todo, if it is an instant that is not later than the load; that of the
completion, if the todo is completed. Any other is kept in the metadata under the row's own name for it, and named in a
notice. A date that means that there is none (`is_no_date`) is left out.

Only the event that creates or completes a todo can take its time. So a todo that exists keeps what it has when its row
is loaded again, and a row differs from its todo no more than it did when its times were metadata (`Times.without`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from chalicelib.todos import content, instants, zones
from chalicelib.todos.events import SOURCE_TIMES
from loaders.rows.dates import read_date
from loaders.rows.fields import merge_metadata
from loaders.rows.loss import Loss
from loaders.rows.row import Row

_NOT_COMPLETED: Final = "of a row that is not completed"
_IN_THE_FUTURE: Final = "later than now"
_NO_TIME: Final = "that is no date"


class Times(msgspec.Struct, frozen=True, gc=False):
    """The times of one row.

    Attributes
    ----------
    taken : mapping
        By field (`SOURCE_TIMES`), the canonical instants that the todo can have.
    written : mapping
        By the row's names, what it says for those, and for dates that mean that there is none.
    names : mapping
        The row's names of the fields in `taken`.
    is_own : bool
        The row is a todo of this service, whose times were never metadata.
    """

    taken: Mapping[str, str]
    written: Mapping[str, Any]
    names: Mapping[str, str]
    is_own: bool

    def without(self, metadata: dict[str, Any] | None, wanted: dict[str, Any] | None) -> dict[str, Any] | None:
        """A todo's metadata except the row's times in it, which an earlier load kept there.

        Parameters
        ----------
        wanted : dict, optional
            The metadata of the row.
        """
        if not metadata:
            return metadata
        rest = {
            name: value
            for name, value in metadata.items()
            if name not in self.written or name in (wanted or ()) or value != self.written[name]
        }
        return rest if len(rest) == len(metadata) else rest or None

    def beside(self, metadata: dict[str, Any] | None, has: Mapping[str, Any]) -> dict[str, Any] | None:
        """The row's metadata, and in it the times that the todo does not get.

        Parameters
        ----------
        has : mapping
            By field, the times that it gets or already has.
        """
        left = {name: self.written[name] for field, name in self.names.items() if has.get(field) != self.taken[field]}
        if self.is_own or not left:
            return metadata
        both = {**left, **(metadata or {})}
        return both if content.is_acceptable("metadata", both) else metadata


NO_TIMES: Final = Times({}, {}, {}, is_own=False)


def take_times(row: Row, now: str, time_zone: str | None = None) -> tuple[Times, Loss | None]:
    """Take the times out of a row's fields: those that its todo can have, and the row's loss with the others.

    Parameters
    ----------
    row : Row
        Its fields are changed: what cannot be taken goes to its metadata.
    now : str
        When the todo is loaded.
    time_zone : str, optional
        Of bare days and of times without a zone, where the row has no zone of its own; by default UTC.
    """
    fields = row.fields
    taken: dict[str, str] = {}
    written: dict[str, Any] = {}
    names: dict[str, str] = {}
    kept: list[str] = []
    notices: list[str] = []
    for field in SOURCE_TIMES:
        value = fields.pop(field, None)
        if value is None:
            continue
        name = row.names.get(field, field)
        original = row.written.get(field, value)
        if is_no_date(value):
            written[name] = original
            continue
        instant = _canonical(value, _zone_of(fields, time_zone))
        error = _NO_TIME if instant is None else _IN_THE_FUTURE if instant > now else None
        if error is None and field == "completed_at" and fields.get("completed") is not True:
            error = _NOT_COMPLETED
        if error is None and instant is not None:
            taken[field], written[name], names[field] = instant, original, name
            continue
        if row.keeps_id and error == _NOT_COMPLETED:
            # It belongs to the history that the todo had.
            notices.append(f"a {field} {error} was left out")
            continue
        if (fields.get("metadata") or {}).get(name) != original:
            fields["metadata"] = merge_metadata(fields.get("metadata"), {name: original})
        kept.append(name)
        notices.append(f"a {field} {error} was kept as metadata")
    times = Times(taken, written, names, is_own=row.keeps_id)
    return times, _with_more(row.loss, kept, notices) if notices else row.loss


def _with_more(loss: Loss | None, kept: list[str], notices: list[str]) -> Loss:
    before = loss or Loss()
    return Loss((*before.kept, *kept), (*before.notices, *notices))


def is_no_date(value: object) -> bool:
    """Whether a date is blank, or one of those that programs write for no date."""
    if not isinstance(value, str):
        return False
    try:
        return read_date(value) is None
    except ValueError:
        return False


def _canonical(value: object, time_zone: str | None) -> str | None:
    """A date, or a date and time, as a canonical instant; None if it is not one.

    A bare day is its 00:00, and a time without a zone is one, in the zone.
    """
    if not isinstance(value, str) or len(value) > instants.MAX_LENGTH:
        return None
    return _canonical_text(value, time_zone)


# The same days come again and again.
@lru_cache(maxsize=1024)
def _canonical_text(text: str, time_zone: str | None) -> str | None:
    try:
        date = read_date(text, time_zone)
        return None if date is None else instants.canonical(zones.instant_of(date, time_zone))
    except (ValueError, OverflowError):
        return None


def _zone_of(fields: Mapping[str, Any], time_zone: str | None) -> str | None:
    own = fields.get("time_zone")
    return own if isinstance(own, str) and zones.find(own) else time_zone
