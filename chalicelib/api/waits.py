"""How many requests of an owner may wait for a change at once: places in the settings table, for all processes.

A Lambda process has one request at a time, so that a bound of one process would never be reached. Each waiting request
takes a place, an attribute of one item of its owner, and gives it back. A process that ends before it can do so leaves
a place that frees itself soon after.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from chalicelib.api import problem_types
from chalicelib.api.problems import Problem
from chalicelib.aws import settings_table
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Owner, Partition, partition_of

MAX_WAITS: Final = 4
RETRY_AFTER_SECONDS: Final = 5
# A place outlives its wait by what else a request may take, up to the gateway's 29 s.
MARGIN_SECONDS: Final = 20
# Each lost race is another's place, so more are only lost where places are given back and taken again meanwhile.
MAX_TRIES: Final = 2 * MAX_WAITS

_SORT_KEY: Final = "waits"
_PLACES: Final = tuple(f"place{number}" for number in range(MAX_WAITS))


@contextmanager
def one_more(owner: Owner, seconds: int) -> Iterator[int]:
    """Let one more request of the owner wait for so many seconds; yields how many more may.

    It takes a read unit and two write units.

    Raises
    ------
    Problem
        429 if none may.
    Unavailable
        The settings table did not answer.
    """
    partition = partition_of(owner)
    place, held, left = _take(partition, seconds)
    try:
        yield left
    finally:
        with suppress(Unavailable):
            settings_table.update(
                partition,
                _SORT_KEY,
                "REMOVE #place",
                {":held": {"S": held}},
                condition="#place = :held",
                names={"#place": place},
            )


def limit_headers(left: int) -> dict[str, str]:
    """The limit on waits and how many are left (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4)."""
    return {
        "RateLimit-Policy": f'"waits";q={MAX_WAITS};qu="concurrent-requests"',
        "RateLimit": f'"waits";r={left};t={RETRY_AFTER_SECONDS}',
    }


def _take(partition: Partition, seconds: int) -> tuple[str, str, int]:
    """A place, what it holds while it is taken, and how many are left."""
    for _ in range(MAX_TRIES):
        now = time.time()
        item = settings_table.find(partition, _SORT_KEY) or {}
        found = {place: item[place]["S"] for place in _PLACES if place in item}
        free = [place for place in _PLACES if place not in found or _held_until(found[place]) <= now]
        if not free:
            break
        place, held = free[0], f"{now + seconds + MARGIN_SECONDS:.3f} {uuid.uuid4().hex}"
        was_free = {":found": {"S": found[place]}} if place in found else {}
        if settings_table.update(
            partition,
            _SORT_KEY,
            "SET #place = :held",
            {":held": {"S": held}, **was_free},
            condition="#place = :found" if was_free else "attribute_not_exists(#place)",
            names={"#place": place},
        ):
            return place, held, len(free) - 1
    detail = f"{MAX_WAITS} requests of this owner are waiting already. Try again later, or without waiting."
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS), **limit_headers(0)}
    raise Problem(problem_types.TOO_MANY_REQUESTS, detail, headers=headers)


def _held_until(place: str) -> float:
    """When a place frees itself, in seconds since 1970."""
    return float(place.partition(" ")[0])
