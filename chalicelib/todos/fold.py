"""The fold: what an event makes of a todo."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

from chalicelib.todos import instants
from chalicelib.todos.events import (
    CREATED,
    DEFAULTS,
    DELETED,
    REMINDED,
    RESTORED,
    REVERTED,
    Change,
    Event,
    Todo,
)

# Grows when `evolve` would make another state of events that exist; the views are then rebuilt. What it learns of new
# fields does not count: an older reader takes the state that an event carries, and continues from it as this one does.
STATE_SCHEMA = 1

_DATE_LENGTH: Final = len("2026-12-01")
# The last place on Earth where a day begins is so many hours behind UTC.
_LATEST_HOURS: Final = 12


def evolve(
    todo: Todo | None, event_type: str, change: Change, occurred_at: str, imported_at: str | None = None
) -> Todo:
    """The todo after one more event; `todo` is None before the first.

    `created_at` in the change of a first event and `completed_at` in one that completes the todo win over the event's
    own instant. In any other change they have no effect.

    Parameters
    ----------
    imported_at : str, optional
        When the event was brought here from another deployment: what was to be reminded of until then counts as
        reminded of.
    """
    before: dict[str, Any] = DEFAULTS if todo is None else cast("dict[str, Any]", todo)
    after = {**before, **change, "updated_at": occurred_at}
    # What a load knows of the todo's time before it came here (`SOURCE_TIMES`); nothing else can say it.
    after["created_at"] = change.get("created_at", occurred_at) if todo is None else before["created_at"]
    if after["completed"] == before["completed"]:
        after["completed_at"] = before["completed_at"]
    else:
        after["completed_at"] = change.get("completed_at", occurred_at) if after["completed"] else None
    if event_type == DELETED:
        after["deleted"] = True
    elif event_type in (CREATED, RESTORED, REVERTED):
        after["deleted"] = False
    elif event_type == REMINDED:
        # Decided on this very state, so the reminder is the one that it names.
        after["reminded"] = reminded_form(after["remind_at"])
    if imported_at is not None and _is_past(after["remind_at"], after["time_zone"], imported_at):
        after["reminded"] = reminded_form(after["remind_at"])
    return cast("Todo", after)


def follow(todo: Todo | None, event: Event) -> Todo:
    """The todo after an event that is stored, or is about to be."""
    return evolve(todo, event.type, event.change, event.occurred_at, event.imported_at)


def _is_past(remind_at: str | None, time_zone: str | None, now: str) -> bool:
    """Whether a reminder's time has come.

    What the fold makes may not depend on the database of time zones, which changes. A bare date in a time zone has come
    once its first moment is past wherever on Earth that may be.
    """
    if remind_at is None:
        return False
    is_somewhere = time_zone is not None and len(remind_at) == _DATE_LENGTH
    latest = instants.shifted(remind_at, _LATEST_HOURS if is_somewhere else 0)
    # It is empty beyond the last year.
    return "" < latest <= instants.sortable(now)


def reminded_form(remind_at: str | None) -> str | None:
    """How `reminded` names an instant: as `remind_at` does, unless that is longer than it may be stated today."""
    if remind_at is None or len(remind_at) <= instants.MAX_LENGTH:
        return remind_at
    return instants.sortable(remind_at)


def fold(events: Iterable[Event]) -> Todo | None:
    """The state after `events`, a whole history in order; None where there are none.

    Raises
    ------
    ValueError
        When a version is missing, repeated or out of order.
    """
    todo: Todo | None = None
    for expected, event in enumerate(events, start=1):
        if event.version != expected:
            raise ValueError(f"{event.stream_id}: version {event.version} stands where {expected} belongs")
        todo = follow(todo, event)
    return todo
