"""Metrics for CloudWatch: at most one line for each invocation, in the embedded metric format (EMF).

CloudWatch Logs turns such a line into metrics, so no function waits for a call. Powertools' Metrics writes the same,
but its import would bring `project` over the limit of its cold start (docs/performance.md).

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from chalicelib import settings

NAMESPACE: Final = "todo-ledger"
# Each combination of values is a metric that costs money: never an owner, a list, a todo.
DIMENSION: Final = "stage"

# Commands on one todo, whatever their result; races for a version that they lost, each of which is retried.
COMMANDS: Final = "Commands"
CONFLICTS: Final = "Conflicts"
# From an event's `occurred_at` to when the views have it.
PROJECTION_LAG: Final = "ProjectionLag"
# Records that no retry can process; webhooks that accepted an event.
QUARANTINED: Final = "Quarantined"
DELIVERED: Final = "Delivered"

UNITS: Final = {
    COMMANDS: "Count",
    CONFLICTS: "Count",
    PROJECTION_LAG: "Milliseconds",
    QUARANTINED: "Count",
    DELIVERED: "Count",
}
# The maximum number of values of one metric in a line.
MAX_VALUES: Final = 100

_counts: dict[str, int] = {}
_values: dict[str, deque[float]] = {}
# Several threads work on a batch's commands and a message's webhooks.
_lock: Final = threading.Lock()


def count(name: str, by: int = 1) -> None:
    """Count something that this invocation did."""
    with _lock:
        _counts[name] = _counts.get(name, 0) + by


def observe(name: str, value: float) -> None:
    """Add a value, for percentiles in CloudWatch; only the last `MAX_VALUES` are kept."""
    with _lock:
        _values.setdefault(name, deque(maxlen=MAX_VALUES)).append(value)


def write_after(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Middleware of the app: write what an invocation counted, however it ends."""
    try:
        return get_response(event)
    finally:
        write()


def forget() -> None:
    """Drop what was counted and observed but not written."""
    with _lock:
        _counts.clear()
        _values.clear()


def write() -> None:
    """Write what this invocation has counted and observed, if anything."""
    with _lock:
        found = {**_counts, **{name: list(values) for name, values in _values.items()}}
        _counts.clear()
        _values.clear()
    if not found:
        return
    described = {
        "Namespace": NAMESPACE,
        "Dimensions": [[DIMENSION]],
        "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in found],
    }
    line = {
        "_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [described]},
        DIMENSION: settings.stage(),
        **found,
    }
    # In one write: another thread's line must not come in between.
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
