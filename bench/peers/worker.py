"""One contender in a process of its own: `python -m bench.peers.worker NAME`, told what to do line by line.

Each line is a JSON array, of a word and what it needs, and is answered by one line: the microseconds of CPU time that
each command or batch took.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any, Final

# The module of each contender, and what its class is made with.
CONTENDERS: Final[dict[str, tuple[str, str, dict[str, bool]]]] = {
    "ours": ("ours", "Commands", {}),
    "ours, warm": ("ours", "Commands", {"is_warm": True}),
    "ours, with a key": ("ours", "Commands", {"has_key": True}),
    "raw boto3": ("raw_boto3", "Commands", {}),
    "PynamoDB": ("pynamodb_version", "Commands", {}),
    "Powertools idempotency": ("powertools_idempotency", "Commands", {}),
    "eventsourcing": ("eventsourced", "Commands", {}),
    "project": ("ours", "Batches", {}),
    "Powertools batch": ("powertools_batch", "Batches", {}),
}


def main() -> None:
    """Do what standard input says until it ends."""
    module, name, stated = CONTENDERS[sys.argv[1]]
    contender = getattr(import_module(f"bench.peers.{module}"), name)(**stated)
    titles = _titles()
    for line in sys.stdin:
        word, *needs = json.loads(line)
        match word:
            case "prepare":
                took = _timed(partial(contender.prepare, *needs), 1)
            case "update":
                took = _timed(lambda: contender.update(next(titles)), *needs)
            case "handle":
                took = _timed(partial(contender.handle, *needs), 1)
            case _:
                raise ValueError(word)
        print(json.dumps(took), flush=True)


def _timed(act: Callable[[], Any], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - start) / times * 1e6


def _titles() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"Ask again {number}"


if __name__ == "__main__":
    main()
