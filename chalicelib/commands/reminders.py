"""Reminders: what is due is found by the clock, fanned out in pages through a queue, and told by an event of each todo.

Finding one twice, or giving it twice, does no harm: `decide` makes one event of it, or none where it is not wanted any
more.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import quarantine
from chalicelib.aws.sqs import sqs
from chalicelib.commands import execute
from chalicelib.todos import ids, instants
from chalicelib.todos.decide import Refusal, Remind
from chalicelib.todos.errors import Poison
from chalicelib.views import queries, schema
from chalicelib.views.errors import ViewsUnavailable
from chalicelib.views.queries import DueReminder

# One message's work: a second or two of conditional puts, far within the worker's time-out.
PAGE: Final = 100
# SQS takes 256 KB; the longest owner takes 765 bytes (255, percent-encoded).
MAX_PAGE_BYTES: Final = 200_000
AT_THE_SAME_TIME: Final = 8


def fan_out(has_time: Callable[[], bool] = lambda: True) -> tuple[int, int]:
    """Hand everything that is due to the queue, page by page; how many reminders and messages that were.

    Stops once `has_time` says no, with what it has found handed on: the rest is found in a minute.

    Raises
    ------
    ViewsUnavailable
        When some shards could not be read, after the others were handed on.
    """
    found = sent = 0
    failed: list[ViewsUnavailable] = []
    for page in _pages(_due(has_time, failed)):
        sqs().send_message(QueueUrl=settings.remind_queue_url(), MessageBody=encode(page))
        found, sent = found + len(page), sent + 1
        if not has_time():
            break
    if failed:
        raise failed[0]
    return found, sent


def give(page: Iterable[DueReminder]) -> list[tuple[DueReminder, Exception]]:
    """Append `TodoReminded` for each that is still wanted; returns those that failed, and why, after all were tried."""

    def attempt(reminder: DueReminder) -> tuple[DueReminder, Exception] | None:
        try:
            _give(reminder)
        except Exception as error:
            return reminder, error
        return None

    with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
        return [failure for failure in pool.map(attempt, page) if failure is not None]


def give_or_quarantine(handler: str, record: dict[str, Any]) -> None:
    """Give the reminders of an SQS message; those that no retry can help are quarantined.

    Parameters
    ----------
    handler : str
        The name under which to quarantine.
    record : dict
        The message as Lambda hands it over.

    Raises
    ------
    Exception
        The first transient error, after every other reminder was given.
    """
    try:
        page = decode(record["body"])
    except Poison as poison:
        quarantine.put(handler, poison, record=record)
        return
    quarantine.put_each(
        handler,
        (
            (
                error,
                {**record, "body": encode([reminder])},
                {"owner": reminder.partition, "todo_id": reminder.todo_id},
            )
            for reminder, error in give(page)
        ),
    )


def encode(page: Iterable[DueReminder]) -> str:
    """A page as the body of a message."""
    return json.dumps({"reminders": [[each.partition, each.todo_id, each.remind_at] for each in page]})


def decode(body: str) -> list[DueReminder]:
    """The page that a message's body states.

    Raises
    ------
    Poison
        When it is no such message.
    """
    try:
        page = [DueReminder(*_texts(*stated)) for stated in json.loads(body)["reminders"]]
        for reminder in page:
            instants.parse(reminder.remind_at)
    except (ValueError, TypeError, LookupError) as error:
        raise Poison(f"not a page of reminders: {error}") from error
    return page


def _texts(partition: Any, todo_id: Any, remind_at: Any) -> tuple[ids.Partition, str, str]:
    if not (isinstance(partition, str) and isinstance(todo_id, str) and isinstance(remind_at, str)):
        raise TypeError("a reminder is three texts")
    return ids.Partition(partition), todo_id, remind_at


def _give(reminder: DueReminder) -> None:
    request = execute.CommandRequest(
        owner=ids.owner_of(reminder.partition),
        todo_id=reminder.todo_id,
        command=Remind(reminder.remind_at),
        actor=ids.REMIND,
        causation_id=f"remind_at:{reminder.remind_at}",
    )
    try:
        execute.execute(request)
    except Refusal:
        # There is no such todo: the view shows what the ledger, restored to an earlier time, does not have.
        return


def _due(has_time: Callable[[], bool], failed: list[ViewsUnavailable]) -> Iterator[DueReminder]:
    """What is due now, the oldest of a shard first; `failed` gets an error for each shard that could not be read."""
    now = instants.sortable(instants.instant_after(None))
    # In another order each time, so that no shard starves where a minute is too short for all.
    for shard in random.sample(range(schema.REMIND_SHARDS), schema.REMIND_SHARDS):
        if not has_time():
            return
        try:
            yield from queries.due_reminders(shard, now)
        except ViewsUnavailable as error:
            failed.append(error)


def _pages(reminders: Iterable[DueReminder]) -> Iterator[list[DueReminder]]:
    page: list[DueReminder] = []
    size = 0
    for reminder in reminders:
        taken = len(encode([reminder]))
        if len(page) == PAGE or size + taken > MAX_PAGE_BYTES:
            yield page
            page, size = [], 0
        page.append(reminder)
        size += taken
    if page:
        yield page
