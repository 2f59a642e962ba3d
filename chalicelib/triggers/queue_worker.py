"""What the workers of queues share: a batch of messages worked through one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib import logs


def work_through(handler: str, event: dict[str, Any], work: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Do a batch of SQS messages; returns those to be handed over again (ReportBatchItemFailures).

    Parameters
    ----------
    handler : str
        The handler's name, for the logs.
    work : callable
        Does one record; raises when another try may succeed.
    """
    logs.write(handler, records=len(event["Records"]))
    failed = []
    for record in event["Records"]:
        try:
            work(record)
        except Exception as error:
            logs.fail(f"a message of {handler} will be tried again", error)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
