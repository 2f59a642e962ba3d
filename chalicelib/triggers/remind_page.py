"""The queue's worker that appends reminders."""

from __future__ import annotations

from typing import Any

from chalicelib import logs
from chalicelib.aws import errors, quarantine
from chalicelib.commands import reminders

HANDLER = "remind_page"


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Work through a batch of SQS messages; returns those to be handed over again (ReportBatchItemFailures)."""
    logs.write(HANDLER, records=len(event["Records"]))
    failed = []
    for record in event["Records"]:
        try:
            _give(record)
        except Exception as error:
            logs.fail("a page of reminders will be tried again", error)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _give(record: dict[str, Any]) -> None:
    """Give a message's reminders; what no retry can help goes into the quarantine.

    Raises
    ------
    Exception
        The first of those that pass by themselves, after every other reminder was given.
    """
    try:
        page = reminders.decode(record["body"])
    except errors.Poison as poison:
        quarantine.put(HANDLER, poison, record=record)
        return
    transient = None
    for reminder, error in reminders.give(page):
        if errors.is_transient(error):
            transient = transient or error
        else:
            # Alone, in a message of its own, so that redriving it does not try the others again.
            alone = {**record, "body": reminders.encode([reminder])}
            keys = {"owner": reminder.partition, "todo_id": reminder.todo_id}
            quarantine.put(HANDLER, error, record=alone, keys=keys)
    if transient is not None:
        raise transient
