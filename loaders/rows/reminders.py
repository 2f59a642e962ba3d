"""Reminders that were to go off before the load: a todo has them, but nobody is reminded of what is long past.

The event that a load writes says that the owner was reminded of it (`reminded`, which no client can set). Over HTTP
nothing can say so: there the todo is written without the reminder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.todos import fold, instants, zones
from loaders.rows.loss import Loss

PAST: Final = "a reminder that lies in the past was kept, and does not go off"
LEFT_OUT: Final = "a reminder that lies in the past was left out, because the API would send it at once"

_REMINDED: Final = "reminded"


def reminded_before(todo: Mapping[str, Any], now: str) -> dict[str, str]:
    """What a change says besides if the reminder of a new todo is past; nothing if it is to come.

    A completed todo reminds nobody in any case.

    Parameters
    ----------
    todo : mapping
        Its content, validated.
    now : str
        Canonical.
    """
    remind_at = todo.get("remind_at")
    if (
        remind_at is None
        or todo.get("completed")
        or zones.instant_of(remind_at, todo.get("time_zone")) > instants.parse(now)
    ):
        return {}
    return {_REMINDED: fold.reminded_form(remind_at) or remind_at}


def is_silent(change: Mapping[str, Any]) -> bool:
    """Whether a change says that its reminder is past."""
    return _REMINDED in change


def without_silent(change: dict[str, Any]) -> dict[str, Any]:
    """A change without a reminder that is past."""
    if not is_silent(change):
        return change
    return {name: value for name, value in change.items() if name not in (_REMINDED, "remind_at")}


def with_notice(loss: Loss | None, change: Mapping[str, Any]) -> Loss | None:
    """A row's loss, and that the reminder in its change is past, if it is."""
    if not is_silent(change):
        return loss
    before = loss or Loss()
    return Loss(before.kept, (*before.notices, PAST))
