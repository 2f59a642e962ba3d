"""The parameter `at` of lists and counts, and what an answer for an instant says of itself."""

from __future__ import annotations

from typing import Final

from chalicelib.todos import instants
from chalicelib.views.as_of import reading

# An answer for an instant so old that deleted todos may be missing says from when on none is.
COMPLETE_SINCE: Final = "Complete-Since"


def parse_past(given: str) -> int:
    """A query parameter that is an RFC 3339 date or date-time of the past, in milliseconds since 1970.

    Raises
    ------
    ValueError
        It is neither, or is further in the future than the clocks of two machines differ.
    """
    instant = instants.milliseconds_of(instants.canonical(instants.parse_stated(given)))
    if instant > instants.now_milliseconds() + instants.MORE_THAN_CLOCKS_DIFFER:
        raise ValueError("is in the future")
    return instant


def headers(instant: int) -> dict[str, str]:
    """The header that says from when on an answer lacks nothing, if the instant (milliseconds since 1970) is older."""
    since = reading.complete_since()
    return {COMPLETE_SINCE: instants.format_milliseconds(since)} if instant < since else {}
