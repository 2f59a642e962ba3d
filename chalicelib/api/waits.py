"""How many requests may wait at once: places in the settings table, for all processes.

A Lambda process has one request at a time, so that a bound of one process would never be reached, and each request that
waits holds a function of which an account may run few. One that waits for a change takes one of its owner's places and
one of the stage's; one that waits for a projection that lags, one of the stage's. It gives them back. A process that
ends before it can do so leaves places that free themselves soon after. ADR 13 says why.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from operator import itemgetter
from typing import Final

from chalicelib import settings
from chalicelib.api import problem_types
from chalicelib.api.problems import Problem
from chalicelib.aws import settings_table
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Owner, Partition, partition_of

MAX_WAITS: Final = 4
RETRY_AFTER_SECONDS: Final = 5
# A place outlives its wait by what else a request may take, up to the gateway's 29 s.
MARGIN_SECONDS: Final = 20
# Each lost race is another's place.
MAX_TRIES: Final = 8

# No owner's partition begins so.
STAGE: Final = Partition("#waits")
_PREFIX: Final = "waits#"

# One of the places that are free.
_Choose = Callable[[Sequence[str]], str]


def waits_of_an_owner() -> int:
    """How many requests of an owner may wait at once: no owner takes all the places of a small stage."""
    return min(MAX_WAITS, max(1, settings.waits_at_once() // 2))


@contextmanager
def one_more(owner: Owner, seconds: int) -> Iterator[int]:
    """Let one more request of the owner wait for so many seconds; yields how many more of the owner may.

    It takes three read units and four write units.

    Raises
    ------
    Problem
        429 if none of the owner may, or none at all.
    Unavailable
        The settings table did not answer.
    """
    # In their order: of two that come at the same time one is too late, looks again, and knows how many are left.
    with _place(partition_of(owner), waits_of_an_owner(), seconds, choose=itemgetter(0)) as left:
        if left is None:
            raise _refusal("As many requests of this owner are waiting as may.", limit_headers(0))
        with place_of_the_stage(seconds) as left_to_all:
            if left_to_all is None:
                raise _refusal("As many requests are waiting as may at the same time.", {})
            yield left


def place_of_the_stage(seconds: int) -> AbstractContextManager[int | None]:
    """One of the places that all owners share, for so many seconds; yields how many are left, None if it got none.

    It takes two read units and two write units.

    Raises
    ------
    Unavailable
        The settings table did not answer.
    """
    # Any of them, so that those who come at the same time rarely want the same.
    return _place(STAGE, settings.waits_at_once(), seconds, choose=random.choice)


def limit_headers(left: int) -> dict[str, str]:
    """The limit on an owner's waits and how many are left (draft-ietf-httpapi-ratelimit-headers-10, sections 3, 4)."""
    return {
        "RateLimit-Policy": f'"waits";q={waits_of_an_owner()};qu="concurrent-requests"',
        "RateLimit": f'"waits";r={left};t={RETRY_AFTER_SECONDS}',
    }


def _refusal(why: str, headers: dict[str, str]) -> Problem:
    return Problem(
        problem_types.TOO_MANY_REQUESTS,
        f"{why} Try again later, or without waiting.",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS), **headers},
    )


@contextmanager
def _place(partition: Partition, count: int, seconds: int, *, choose: _Choose) -> Iterator[int | None]:
    """One of a partition's places, given back at the end; yields how many are left, or None if all are taken."""
    taken = _take(partition, count, seconds, choose)
    if taken is None:
        yield None
        return
    sk, held, left = taken
    try:
        yield left
    finally:
        with suppress(Unavailable):
            settings_table.update(partition, sk, "REMOVE held", {":held": {"S": held}}, condition="held = :held")


def _take(partition: Partition, count: int, seconds: int, choose: _Choose) -> tuple[str, str, int] | None:
    """The key of a place, what it holds while it is taken, and how many are left; None if all are taken."""
    token = uuid.uuid4().hex
    for _ in range(MAX_TRIES):
        now = time.time()
        items = settings_table.beginning_with(partition, _PREFIX)
        found = {item["sk"]["S"]: item["held"]["S"] for item in items if "held" in item}
        places = [f"{_PREFIX}{number}" for number in range(count)]
        free = [place for place in places if place not in found or _held_until(found[place]) <= now]
        for place, held in found.items():
            if held.endswith(token):
                # An earlier try took it, and its answer was lost: botocore asked again, and the place was taken.
                return place, held, len(free)
        if not free:
            return None
        place, held = choose(free), f"{now + seconds + MARGIN_SECONDS:.3f} {token}"
        was_free = {":found": {"S": found[place]}} if place in found else {}
        if settings_table.update(
            partition,
            place,
            "SET held = :held",
            {":held": {"S": held}, **was_free},
            condition="held = :found" if was_free else "attribute_not_exists(held)",
        ):
            return place, held, len(free) - 1
    return None


def _held_until(place: str) -> float:
    """When a place frees itself, in seconds since 1970."""
    return float(place.partition(" ")[0])
