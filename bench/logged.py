"""What a command leaves in the logs, in kilobytes: the service's own lines, as it writes them, and Lambda's beside."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Final
from unittest.mock import patch

from chalicelib import logs, metrics, settings

ID: Final = "0197e1f0-0000-7000-8000-00000000000a"
# Each line is an event, for which CloudWatch Logs counts so many bytes more.
EVENT_BYTES: Final = 26
# Lambda's own lines of an invocation.
PLATFORM: Final = (
    f"START RequestId: {ID} Version: $LATEST",
    f"END RequestId: {ID}",
    f"REPORT RequestId: {ID}\tDuration: 24.31 ms\tBilled Duration: 25 ms\tMemory Size: 1024 MB\t"
    "Max Memory Used: 130 MB\t",
)


def of_request() -> float:
    """Kilobytes that a command leaves in the log of `api_handler`."""

    def serve() -> None:
        logs.write(
            "request", correlation_id=ID, method="PATCH", route="/todos/{todo_id}", status=200, milliseconds=24.3
        )
        metrics.count(metrics.COMMANDS)

    return _kilobytes(serve)


def of_authorize() -> float:
    """Kilobytes of one call of `authorize`."""
    return _kilobytes(lambda: logs.write("authorize", allowed=True))


def of_workers(batch: int) -> float:
    """Kilobytes that an event of an owner without webhooks leaves in the logs of `project` and `publish`."""

    def project() -> None:
        logs.write("project", records=batch, owners=1)
        for _ in range(batch):
            metrics.observe(metrics.PROJECTION_LAG, 812)

    published = _kilobytes(lambda: logs.write("publish", records=batch, messages=batch))
    return (_kilobytes(project) + published) / batch


def _kilobytes(invocation: Callable[[], None]) -> float:
    said = io.StringIO()
    with redirect_stdout(said), patch.object(settings, "stage", lambda: "prod"):
        invocation()
        metrics.write()
    lines = [*PLATFORM, *said.getvalue().splitlines()]
    return sum(len(line.encode()) + 1 + EVENT_BYTES for line in lines) / 1000
