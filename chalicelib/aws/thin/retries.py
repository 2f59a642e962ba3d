"""When a request is sent again, and when: botocore's retry mode "standard", for one client.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

import random
import threading
import time
from typing import Final

from chalicelib.aws.errors import AWSError, NoAnswer, Refusal, TimedOut, Unconfigured

# The codes of botocore.retries.standard; ReplicatedWriteConflictException is marked in DynamoDB's model.
RETRIED_CODES: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
RETRIED_STATUSES: Final = frozenset({500, 502, 503, 504})

CEILING_SECONDS: Final = 20.0

CAPACITY: Final = 500
COST: Final = 5
COST_AFTER_A_TIMEOUT: Final = 10
# What a request gives back that needed no retry.
RETURN: Final = 1


def is_retried(error: AWSError) -> bool:
    """Whether a request that ended in this error is sent again, as far as there are attempts and capacity."""
    if isinstance(error, Refusal):
        return error.code in RETRIED_CODES or error.status in RETRIED_STATUSES
    return isinstance(error, NoAnswer) and not isinstance(error, Unconfigured)


def cost_of(error: AWSError) -> int:
    """What a retry takes from the capacity."""
    return COST_AFTER_A_TIMEOUT if isinstance(error, TimedOut) else COST


def pause(attempt: int) -> None:
    """Wait after the attempt with this number, from 1 on: a random part of a ceiling that doubles (full jitter)."""
    time.sleep(random.random() * min(2 ** (attempt - 1), CEILING_SECONDS))  # noqa: S311 - nothing to keep secret


class Quota:
    """What all requests of a client may spend on retries: if a service is down, they end with the first attempt."""

    def __init__(self) -> None:
        self._left = CAPACITY
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """The capacity that is left."""
        return self._left

    def take(self, cost: int) -> bool:
        """Take from the capacity; False if there is too little."""
        with self._lock:
            if cost > self._left:
                return False
            self._left -= cost
            return True

    def give_back(self, amount: int) -> None:
        """Return some, up to the whole capacity."""
        # Without the lock where there is nothing to do, which is nearly always.
        if self._left != CAPACITY:
            with self._lock:
                self._left = min(CAPACITY, self._left + amount)
