"""One run: deploy the failing copy, append events, wait until everything has arrived, and gather the counts."""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.experiment import counting, faulty, writers
from bench.experiment.counting import Appended, LogEntry, Stage
from bench.experiment.faults import JOURNAL_NAME
from bench.experiment.receiver import Receiver
from chalicelib.aws import dynamodb
from chalicelib.ledger import scan
from chalicelib.todos import ids, instants
from chalicelib.views import pointer, schema
from chalicelib.webhooks import subscriptions
from stack.errors import StackError
from stack.local.local_stack import LocalStack
from stack.operate import audit, redrive
from stack.progress import Progress
from stack.settings import LOCAL
from tests.support.reset import forget_everything
from tests.support.webhooks import put_in_force

# How long the messages of a killed invocation are hidden; on AWS it is six minutes.
HIDDEN_AFTER_A_CRASH_SECONDS: Final = 15
# A run is over when no handler has been called for this long.
QUIET_SECONDS: Final = 5.0
# A run is stuck when nothing has happened for this long: longer than any message is hidden.
STUCK_SECONDS: Final = 180.0
POLL_SECONDS: Final = 0.5

DEAD_LETTERS: Final = f"todo-ledger-{LOCAL}-deliver-dead-letters"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run.

    Attributes
    ----------
    faults : Counter of (str, str)
        How often each fault (who, how) happened.
    invocations : Counter of str
        By handler.
    seconds : float
        From the first append until everything was quiet.
    dead_letters : int
        Messages that reached the dead-letter queue, from which they were redriven as an operator would do.
    differences : list of str
        The findings of the audit of ledger and views.
    """

    stages: dict[str, Stage]
    faults: Counter[tuple[str, str]]
    invocations: Counter[str]
    started: float
    seconds: float
    dead_letters: int
    differences: list[str]
    machine: str

    @property
    def events(self) -> int:
        return len(self.stages["project"].handed)

    @property
    def failures(self) -> list[str]:
        """Contradictions of the claims that nothing is lost, and nothing takes effect twice in the views."""
        found = [
            f"{name}: {len(stage.lost):,} events without effect" for name, stage in self.stages.items() if stage.lost
        ]
        if any(times > 1 for times in self.stages["project"].effects.values()):
            found.append("project: events that took effect twice in the views")
        return found + [f"audit: {difference}" for difference in self.differences]


def run_experiment(events: int, seed: int, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Run the experiment on an engine of its own, and keep nothing of that engine.

    Raises
    ------
    StackError
        The stack cannot be deployed, or events do not arrive.
    """
    with tempfile.TemporaryDirectory(prefix="todo-ledger-experiment-") as temporary:
        source = Path(temporary, "app")
        faulty.copy_faulty_app(source)
        own = LocalStack(Path(temporary, "state"), persist=False, checkout=source, say=say)
        with own as stack, Receiver() as receiver, _service_of(stack):
            return _observe(stack, receiver, events, seed, say)


def _observe(stack: LocalStack, receiver: Receiver, events: int, seed: int, say: Callable[[str], None]) -> Outcome:
    journal = stack.state.temporary / JOURNAL_NAME
    deployment = stack.deployment
    sqs, outputs = deployment.client("sqs"), stack.deployed()
    hidden = {"VisibilityTimeout": str(HIDDEN_AFTER_A_CRASH_SECONDS)}
    sqs.set_queue_attributes(QueueUrl=outputs["DeliverQueueUrl"], Attributes=hidden)
    for owner in writers.OWNERS:
        put_in_force(subscriptions.create(ids.Owner(owner), subscriptions.new_id(), receiver.url))
    started = time.time()
    with Progress("appending") as bar:
        writers.write(events, seed, lambda done: bar.show(f"{done:,} events", done=done, total=events))
    say("waiting until everything has arrived")
    dead_letters = 0
    while True:
        _wait_until_quiet(journal, receiver, events, lambda: _waiting(sqs, outputs["DeliverQueueUrl"]))
        if not _waiting(sqs, outputs["DeliverDeadLetterQueueUrl"]):
            break
        dead_letters += redrive.redrive(DEAD_LETTERS, say).done
    seconds = time.time() - started
    say("auditing")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    found = audit.audit_views()
    return Outcome(
        stages=counting.stages(_appended(), lines, _log(), receiver.delivered),
        faults=counting.faults(lines) + Counter(("receiver", how) for how in receiver.faults),
        invocations=Counter(line["handler"] for line in lines if "records" in line),
        started=started,
        seconds=seconds,
        dead_letters=dead_letters,
        differences=[audit.describe_difference(each) for each in found.differences],
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    )


@contextmanager
def _service_of(stack: LocalStack) -> Iterator[None]:
    """Run the body with the stack's settings in this process, so that the service's own code uses the stack."""
    before = dict(os.environ)
    os.environ.update(stack.environment() | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"})
    forget_everything()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        forget_everything()


def _wait_until_quiet(journal: Path, receiver: Receiver, events: int, waiting: Callable[[], int]) -> None:
    """Wait until every event was delivered, the queue is empty, and no handler has been called for a while.

    Raises
    ------
    StackError
        Messages are left, and nothing happens any more.
    """
    size, last_change = -1, time.monotonic()
    with Progress("waiting") as bar:
        while True:
            now = time.monotonic()
            if journal.exists() and journal.stat().st_size != size:
                size, last_change = journal.stat().st_size, now
            left = waiting()
            delivered = len({event_id for event_id, _ in receiver.delivered})
            if left == 0 and now - last_change > (QUIET_SECONDS if delivered == events else STUCK_SECONDS):
                return
            if now - last_change > STUCK_SECONDS:
                raise StackError(f"{left:,} messages are left in the queue, and nothing happens any more")
            bar.show(f"{delivered:,} events delivered, {left:,} messages left", done=delivered, total=events)
            time.sleep(POLL_SECONDS)


def _waiting(sqs: Any, queue: str) -> int:
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(found.get(name, 0)) for name in names)


def _appended() -> Iterator[Appended]:
    for page in scan.scan(attributes=("stream_id", "version", "event_id", "occurred_at")):
        for item in page:
            at = instants.milliseconds_of(item["occurred_at"]["S"]) / 1000
            yield Appended(item["event_id"]["S"], item["stream_id"]["S"], int(item["version"]["N"]), at)


def _log() -> Iterator[LogEntry]:
    """Every version in the views' log."""
    (table,) = pointer.pointer().tables
    for page in dynamodb.pages(
        "scan",
        TableName=table,
        ConsistentRead=True,
        FilterExpression="begins_with(sk, :log)",
        ExpressionAttributeValues={":log": {"S": schema.LOG_PREFIX}},
    ):
        for item in page:
            at = instants.milliseconds_of(item["at"]["S"]) / 1000
            for todo_id, version in json.loads(item["changes"]["S"]):
                yield LogEntry(ids.stream_id(item["owner"]["S"], todo_id), version, at)
