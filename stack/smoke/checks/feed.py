"""The sync feed: what changed since a cursor, and waiting for it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from stack.smoke.client import Answer
from stack.smoke.outcome import Skipped, expect
from stack.smoke.run import Run, timed

# API Gateway gives up after so long.
GATEWAY_SECONDS: Final = 29
# How many requests of an owner may wait at the same time (docs/operate/limits.md).
WAITING: Final = 4
_MAX_PAGES: Final = 250
_FEED: Final = "feed"


def synced(run: Run) -> str:
    """The feed brings a change after a cursor, and a deletion as a tombstone."""
    since = _cursor(run)
    made = run.create("synced", headers={"prefer": "wait=10"}).json()
    run.api.delete(f"/todos/{made['id']}", prefer="wait=10").expect(204)
    wanted = {"id": made["id"], "version": 2, "deleted": True}
    run.wait_for(
        "the tombstone in the feed", lambda: any(wanted in page["changes"] for page in _pages(run, since)), seconds=30
    )
    return ""


def waited(run: Run) -> str:
    """Requests that wait for changes are answered before the gateway gives up; of too many, one is refused at once.

    A function has one request at a time, so only what functions share can count them.
    """
    since = _cursor(run)

    def wait(_: int) -> tuple[Answer, float]:
        with timed() as seconds:
            return run.api.quiet.get(f"/changes?since={since}", prefer="wait=10"), seconds()

    with ThreadPoolExecutor(WAITING + 1) as pool:
        answers = list(pool.map(wait, range(WAITING + 1)))
    longest = max(seconds for _, seconds in answers)
    expect(longest < GATEWAY_SECONDS, f"it took {longest:.1f} s")
    refused = [answer for answer, _ in answers if answer.expect(200, 429).status == 429]
    for answer in refused:
        answer.expect_problem(429)
        expect(answer.headers.get("retry-after"), f"{answer} has no Retry-After")
    # Half of the stage's places, as chalicelib/api/waits.py has it.
    places = min(WAITING, max(1, int(run.deployment.parameters()["WaitsAtOnce"]) // 2))
    wanted = len(answers) - places
    # Where functions share two cores, the first may be answered before the last one is looked at.
    expect(
        run.is_emulated or len(refused) == wanted,
        f"{len(refused)} of {len(answers)} requests that wait were refused, and should be {wanted}",
    )
    return f"{longest:.1f} s, {len(refused)} refused"


def _cursor(run: Run) -> str:
    """The end of the feed. It is reached from the last one that this run has seen, at first from the beginning."""
    for page in _pages(run, run.begun.get(_FEED, "")):
        run.begun[_FEED] = page["cursor"]
    return str(run.begun[_FEED])


def _pages(run: Run, since: str) -> Iterator[Any]:
    """The feed page by page."""
    for _ in range(_MAX_PAGES):
        page = run.api.quiet.get(f"/changes?limit=200{f'&since={since}' if since else ''}").expect(200).json()
        yield page
        if not page["more"]:
            return
        since = page["cursor"]
    raise Skipped(f"the owner has more than {200 * _MAX_PAGES:,} todos, deleted ones included: use another owner")
