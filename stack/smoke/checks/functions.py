"""The functions' logs and metrics."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from chalicelib import metrics
from chalicelib.todos import instants
from stack.smoke.checks import webhooks
from stack.smoke.outcome import expect
from stack.smoke.run import Run

# Which function a run must have called, if the checks of that area were made; the others by any write.
_CALLED_BY: Final = {
    "remind": "reminders",
    "remind_page": "reminders",
    "clear": "long list",
    "rebuild": "rebuild",
    "mcp": "assistants",
}
# CloudWatch shows a line some seconds after it was written, and a metric a minute or two.
_LOG_SECONDS: Final = 60
_METRIC_SECONDS: Final = 240
_MEASURED: Final = {"api_handler": metrics.COMMANDS, "project": metrics.PROJECTION_LAG}


def begin(run: Run) -> None:
    """Call the functions that any write calls, also if these checks are the only ones."""
    # The gateway remembers for a minute what a token opens, but not that it refused one.
    run.anybody.get("/todos", authorization="Bearer of-nobody").expect(401)
    run.create("to be logged")


def logged(run: Run) -> str:
    """Every function that this run has called has lines in its log."""
    # Its clock and this machine's need not agree to the second.
    since = round((run.started_at - 5) * 1000)
    for name in _called(run):
        run.wait_for(f"a line in the log of {name}", partial(_lines, run, name, since), seconds=_LOG_SECONDS)
    return ", ".join(_called(run))


def measured(run: Run) -> str:
    """The API and `project` write their metrics in the embedded metric format, with the stage."""
    # By the service's clock: a line before it is of another run, or of the function as it was then.
    since = instants.milliseconds_of(run.create("to be measured").json()["created_at"])
    for function, metric in _MEASURED.items():
        line = run.wait_for(
            f"{metric} in the log of {function}",
            partial(_metric_line, run, function, metric, since),
            seconds=_LOG_SECONDS,
        )
        described = line["_aws"]["CloudWatchMetrics"][0]
        found = (described["Namespace"], described["Dimensions"], line.get(metrics.DIMENSION))
        wanted = (metrics.NAMESPACE, [[metrics.DIMENSION]], run.deployment.stage.name)
        expect(found == wanted, f"the metrics of {function} are of {found}, and should be of {wanted}")
    return ", ".join(_MEASURED.values())


def in_cloudwatch(run: Run) -> str:
    """CloudWatch has made metrics of these lines, and has the calls of every function."""
    run.skip_if_emulated("makes no metrics")
    for name in _called(run):
        calls = partial(_points, run, "AWS/Lambda", "Invocations", "FunctionName", run.functions[name])
        run.wait_for(f"Invocations of {name}", calls, seconds=_METRIC_SECONDS, poll=5)
    commands = partial(_points, run, metrics.NAMESPACE, metrics.COMMANDS, metrics.DIMENSION, run.deployment.stage.name)
    found = run.wait_for(metrics.COMMANDS, commands, seconds=_METRIC_SECONDS, poll=5)
    return f"{metrics.COMMANDS}: {sum(point['Sum'] for point in found):,.0f}"


def _called(run: Run) -> list[str]:
    """The functions that this run must have called."""
    return [
        name
        for name in run.functions
        if _CALLED_BY.get(name) in (None, *run.areas) and (name != "deliver" or webhooks.is_made(run))
    ]


def _points(run: Run, namespace: str, metric: str, dimension: str, value: str) -> Any:
    """What CloudWatch has of a metric since the run began."""
    return run.aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": dimension, "Value": value}],
        StartTime=datetime.fromtimestamp(run.started_at, UTC) - timedelta(minutes=1),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]


def _lines(run: Run, function: str, since: int, pattern: str | None = None) -> list[str]:
    """Some lines of a function's log since an instant (milliseconds since 1970)."""
    client = run.aws("logs")
    query: dict[str, Any] = {"filterPattern": pattern} if pattern else {}
    pages = client.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{run.functions[function]}",
        startTime=since,
        endTime=round((time.time() + 60) * 1000),
        **query,
    )
    try:
        # A page may be empty and not the last.
        return next(([one["message"] for one in page["events"]] for page in pages if page["events"]), [])
    except client.exceptions.ResourceNotFoundException:
        return []


def _metric_line(run: Run, function: str, metric: str, since: int) -> Any:
    for text in _lines(run, function, since, '"CloudWatchMetrics"'):
        if text.startswith("{") and metric in (line := json.loads(text)):
            return line
    return None
