"""What the tests of a rebuild share: its waits, its end at any moment, writers beside it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.aws.errors import Refusal
from chalicelib.rebuild.run import Run
from chalicelib.todos import ids
from chalicelib.views import pointer, queries
from stack.operate import audit
from tests.operate.live.commanding import Owner
from tests.support.faults import Attempt, Send, around
from tests.support.waiting import PATIENCE_SECONDS, eventually

# On AWS these are the timeouts of the Lambdas. Where writes go on meanwhile, a test waits for those under way itself.
SHORT: dict[str, Any] = {"settle_seconds": 1.0, "drain_seconds": 1.0, "patience": PATIENCE_SECONDS}
# Without a lease a run that was killed is taken up at once.
UNLEASED: dict[str, Any] = {**SHORT, "settle_seconds": 0.3, "drain_seconds": 0.3, "lease_seconds": 0.0}


class Killed(BaseException):
    """The process ends here: nothing after it is done."""


def advance_to(run: Run, step: str) -> None:
    eventually(lambda: run.advance().step == step)


class Writer:
    """Creates, edits and deletes todos of an owner of its own, as fast as it can."""

    def __init__(self) -> None:
        self.owner = Owner()
        self.count = 0
        self.expected = 0
        self.failure: BaseException | None = None

    def write(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                todo_id = self.owner.create(f"Todo {self.count}", list=f"list {self.count % 3}")
                self.expected += 1
                self.owner.edit(todo_id, completed=True)
                if self.count % 4 == 0:
                    self.owner.delete(todo_id)
                    self.expected -= 1
                self.count += 1
        except BaseException as error:
            self.failure = error


@contextmanager
def writing(writers: int = 2) -> Iterator[list[Writer]]:
    """Commands go on as long as this lasts."""
    stop = threading.Event()
    all_of_them = [Writer() for _ in range(writers)]
    threads = [threading.Thread(target=writer.write, args=(stop,)) for writer in all_of_them]
    for thread in threads:
        thread.start()
    try:
        yield all_of_them
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert [writer.failure for writer in all_of_them] == [None] * writers


@contextmanager
def killed_after(allowed: int) -> Iterator[None]:
    """So many requests go to DynamoDB, and none after them."""
    sent = itertools.count(1)

    def kill(attempt: Attempt, send: Send) -> None:
        if next(sent) > allowed:
            raise Killed
        send()

    with around(kill):
        yield


def audit_of_readers_is_clean() -> bool:
    """What clients read is right at any moment."""
    return audit.audit_views([pointer.pointer().reader], patience=PATIENCE_SECONDS).is_clean


def counts(owner: Owner) -> tuple[int, int, int]:
    tally = queries.tally(ids.Owner(owner.name))
    return tally.total, tally.open, tally.completed


def exists(table: str) -> bool:
    try:
        dynamodb.client().describe_table(TableName=table)
    except Refusal:
        return False
    return True


def described(table: str) -> Any:
    found = dynamodb.client().describe_table(TableName=table)["Table"]
    local = [
        {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}
        for index in found["LocalSecondaryIndexes"]
    ]
    return found["KeySchema"], local, [index["IndexName"] for index in found["GlobalSecondaryIndexes"]]


def views_tables() -> list[str]:
    prefix = settings.settings_table().removesuffix("settings") + "views-"
    return [name for name in dynamodb.client().list_tables()["TableNames"] if name.startswith(prefix)]
