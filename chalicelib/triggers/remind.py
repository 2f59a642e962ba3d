"""The clock's handler that finds due reminders and fans them out."""

from __future__ import annotations

from typing import Any, Final

from chalicelib import logs
from chalicelib.commands import reminders

# What one more page may take: a read that times out and is repeated, and a message.
RESERVED_MILLISECONDS: Final = 20_000


def handle(event: dict[str, Any], context: Any = None) -> None:
    """Fan out what is due, as far as this invocation's time reaches; the next minute goes on.

    Parameters
    ----------
    event : dict
        EventBridge's; what it says does not matter, since the clock does.
    context : LambdaContext, optional
        Tells the remaining time; without it there is no limit.

    Raises
    ------
    ViewsUnavailable, AWSError
        When some of it could not be found or handed on.
    """

    def has_time() -> bool:
        return context is None or context.get_remaining_time_in_millis() > RESERVED_MILLISECONDS

    found, messages = reminders.fan_out(has_time)
    logs.write("remind", found=found, messages=messages)
