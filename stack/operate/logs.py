"""The newest log lines of a stage's functions from CloudWatch Logs, and new lines as they arrive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from stack.deploy.stages import Stage
from stack.errors import StackError

POLL_SECONDS: Final = 2.0
# CloudWatch Logs can receive lines late: each request begins this long before the last, and known lines are skipped.
OVERLAP_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a function's log; `at` is in milliseconds since 1970."""

    at: int
    function: str
    text: str


def tail(
    client: Any, stage: str, function: str | None = None, *, since_seconds: float = 600, follow: bool = False
) -> Iterator[Line]:
    """The lines of the last `since_seconds`, oldest first; with `follow` also new ones, endlessly.

    Parameters
    ----------
    client : CloudWatch Logs client
    function : str, optional
        Its name in the app; by default all of the stage's functions.

    Raises
    ------
    StackError
        There is no such stage or function.
    """
    groups = {one.name: f"/aws/lambda/{one.deployed_name}" for one in Stage(stage).functions()}
    if function is not None and function not in groups:
        raise StackError(f"there is no function {function!r}; there are {', '.join(groups)}")
    chosen = groups if function is None else {function: groups[function]}
    start = time.time() - since_seconds
    seen: set[tuple[str, str]] = set()
    while True:
        requested_at = time.time()
        found = _lines(client, chosen, round(start * 1000))
        fresh = {key: line for key, line in found.items() if key not in seen}
        yield from sorted(fresh.values(), key=lambda line: line.at)
        if not follow:
            return
        seen = set(found)
        start = max(start, requested_at - OVERLAP_SECONDS)
        time.sleep(POLL_SECONDS)


def _lines(client: Any, groups: dict[str, str], since: int) -> dict[tuple[str, str], Line]:
    """The lines since an instant (milliseconds since 1970), by function and an id of the line."""
    found = {}
    for function, group in groups.items():
        for event in _events(client.get_paginator("filter_log_events").paginate, group, since):
            line = Line(event["timestamp"], function, event["message"].rstrip("\n"))
            # The local engine's lines have no id.
            found[function, event.get("eventId") or f"{line.at} {line.text}"] = line
    return found


def _events(paginate: Callable[..., Any], group: str, since: int) -> Iterator[dict[str, Any]]:
    try:
        for page in paginate(logGroupName=group, startTime=since):
            yield from page["events"]
    except ClientError as error:
        # A function that was never called may have no log group yet.
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
