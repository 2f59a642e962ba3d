"""How often an owner may have us send to an address that nobody has proved to be theirs: challenges and pings."""

from __future__ import annotations

from typing import Final

from chalicelib.aws import settings_table
from chalicelib.todos import instants
from chalicelib.todos.ids import Partition

# Three times as many as an owner may have webhooks.
PINGS_PER_HOUR: Final = 60
_HOUR: Final = 3600
# "2026-11-30T18"
_HOUR_CHARACTERS: Final = 13
_PREFIX: Final = "webhook-pings#"


def take(partition: Partition) -> int:
    """Count a ping; 0 if it is allowed, otherwise the seconds after which the next is.

    Raises
    ------
    Unavailable
    """
    now = instants.now_milliseconds()
    hour = instants.format_milliseconds(now)[:_HOUR_CHARACTERS]
    if settings_table.count_within(partition, _PREFIX + hour, PINGS_PER_HOUR, 2 * _HOUR):
        return 0
    return _HOUR - now // 1000 % _HOUR
