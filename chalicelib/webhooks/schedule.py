"""When a delivery is tried again, and how often: pure."""

from __future__ import annotations

from typing import Final

# After the first failed try, the second, and so on: the schedule that Standard Webhooks suggests. Eight tries, the last
# 28 hours after the first.
PAUSES_SECONDS: Final = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
MAX_JITTER: Final = 0.1

MAX_TRIES: Final = len(PAUSES_SECONDS) + 1
# Until the receiver has accepted its first event: 35 minutes.
MAX_TRIES_BEFORE_THE_FIRST_SUCCESS: Final = 4
# A challenge that is lost is repeated by a ping; so only a receiver that is just starting is waited for.
MAX_CHALLENGES: Final = 2

# SQS delays a message by at most 15 minutes; a longer wait consists of several. A message that is hidden instead would
# count as in flight, of which a queue may have 120,000.
MAX_DELAY_SECONDS: Final = 900


def pause_seconds(tries: int, jitter: float) -> int:
    """For how many seconds to wait after so many failed tries.

    Parameters
    ----------
    jitter : float
        From 0 to 1: how much of the spread to add, so that messages that failed together do not come back together.
    """
    return round(PAUSES_SECONDS[min(tries, len(PAUSES_SECONDS)) - 1] * (1 + MAX_JITTER * jitter))


def max_tries(*, has_accepted: bool) -> int:
    """How often a delivery is tried; fewer times for a receiver that has not accepted any event yet."""
    return MAX_TRIES if has_accepted else MAX_TRIES_BEFORE_THE_FIRST_SUCCESS
