"""What X-Ray learns of a request: the trace's header, and a subsegment if this invocation is sampled.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Final

from msgspec import json

from chalicelib import settings
from chalicelib.aws.errors import Refusal

_HEADER: Final = "X-Amzn-Trace-Id"
_PREAMBLE: Final = b'{"format":"json","version":1}\n'
_NOTHING: Final = nullcontext()


def header() -> str:
    """The header line by which a service continues this invocation's trace; empty outside of a Lambda."""
    trace = settings.trace()
    return f"{_HEADER}:{trace}\r\n" if trace and trace.isprintable() and trace.isascii() else ""


def subsegment(service: str, operation: str, request: Mapping[str, Any]) -> Any:
    """A context in which a request is made; it is reported to X-Ray's daemon if this invocation is sampled."""
    trace, daemon = settings.trace(), os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "")
    if "Sampled=1" not in trace or not daemon:
        return _NOTHING
    return _reported(dict(part.partition("=")[::2] for part in trace.split(";")), daemon, service, operation, request)


@contextmanager
def _reported(
    trace: Mapping[str, str], daemon: str, service: str, operation: str, request: Mapping[str, Any]
) -> Iterator[None]:
    start = time.time()
    told: dict[str, Any] = {}
    try:
        yield
    except Refusal as error:
        told = {"error": True, "throttle": "Throttl" in error.code or "Throughput" in error.code}
        raise
    except Exception:
        told = {"fault": True}
        raise
    finally:
        _send(
            daemon,
            {
                "name": service,
                "id": uuid.uuid4().hex[:16],
                "trace_id": trace.get("Root"),
                "parent_id": trace.get("Parent"),
                "type": "subsegment",
                "namespace": "aws",
                "start_time": start,
                "end_time": time.time(),
                "aws": {"operation": operation, **_table_of(request)},
                **told,
            },
        )


def _table_of(request: Mapping[str, Any]) -> dict[str, str]:
    return {"table_name": request["TableName"]} if "TableName" in request else {}


def _send(daemon: str, document: Mapping[str, Any]) -> None:
    """Send a datagram to the daemon. What goes wrong is nobody's business but X-Ray's."""
    host, _, port = daemon.rpartition(":")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(_PREAMBLE + json.encode(document), (host, int(port)))
    except (OSError, ValueError):
        pass
