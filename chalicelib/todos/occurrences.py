"""The dates that a rule falls on (RFC 5545, section 3.3.10), on the wall clock of the date that it is counted from."""

from __future__ import annotations

from datetime import datetime

from chalicelib.todos import earlier_ids
from chalicelib.todos.rules import Rule


def first_after(rule: Rule, start: datetime, after: datetime) -> datetime | None:
    """The first date of a rule, counted from `start`, that is later than both.

    Parameters
    ----------
    rule : Rule
        Its COUNT and UNTIL do not matter.
    start, after : datetime
        Without a time zone: what a clock on the wall shows.

    Returns
    -------
    datetime or None
        Without a time zone; None where there is none within reach.
    """
    parts = dict(part.split("=", 1) for part in rule.dates.split(";"))
    try:
        found: datetime | None = earlier_ids.dates(parts, rule.interval, start).after(max(start, after))
    except Exception:
        # Out of steps, or out of the calendar, or a combination of parts that dateutil finds empty only on its way.
        return None
    return found
