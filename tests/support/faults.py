"""What happens between the service and DynamoDB: counted, or made to go wrong."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from chalicelib.aws import dynamodb

ALWAYS = 1_000_000


def without_pauses(patch: pytest.MonkeyPatch) -> None:
    """Let the retries of botocore and of the service follow each other at once."""
    patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    patch.setattr("chalicelib.aws.retry.FIRST_SECONDS", 0.0)


@dataclass
class Traffic:
    """What went to DynamoDB: how many requests of each operation, and the write units that the engine counted."""

    requests: Counter[str] = field(default_factory=Counter)
    write_units: float = 0.0


@contextmanager
def counted() -> Iterator[Traffic]:
    """Count every request that leaves this process for DynamoDB, retries too."""
    traffic = Traffic()
    counting = threading.Lock()
    events = dynamodb.client().meta.events

    def ask_for_capacity(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def count(request: Any, **_: Any) -> None:
        with counting:
            traffic.requests[_operation(request)] += 1

    def add(model: Any, parsed: dict[str, Any], **_: Any) -> None:
        if model.name in ("PutItem", "UpdateItem", "DeleteItem"):
            # Of a put whose condition failed the engine says nothing; AWS takes its unit all the same.
            with counting:
                traffic.write_units += parsed.get("ConsumedCapacity", {}).get("CapacityUnits", 0)

    handlers = {"provide-client-params": ask_for_capacity, "before-send": count, "after-call": add}
    for name, handler in handlers.items():
        events.register(f"{name}.dynamodb", handler)
    try:
        yield traffic
    finally:
        for name, handler in handlers.items():
            events.unregister(f"{name}.dynamodb", handler)


@contextmanager
def lost_answers(operation: str, times: int, *, body_contains: str = "") -> Iterator[Counter[str]]:
    """The next `times` requests of this operation are done, and their answers lost on the way back.

    Only those whose body holds `body_contains`. Yields a counter with the operations that met with it.
    """
    session = dynamodb.client()._endpoint.http_session
    done: Counter[str] = Counter()

    def send(request: Any) -> Any:
        answer = type(session).send(session, request)
        is_meant = _operation(request) == operation and body_contains.encode() in request.body
        if is_meant and done[operation] < times:
            done[operation] += 1
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    session.send = send
    try:
        yield done
    finally:
        del session.send


@contextmanager
def refusals(
    operation: str, code: str, times: int = ALWAYS, *, status: int = 400, body_contains: str = ""
) -> Iterator[Counter[str]]:
    """DynamoDB refuses the next `times` requests of this operation with an error code, without doing them.

    Only those whose body holds `body_contains`. Yields a counter of what was refused.
    """
    refused: Counter[str] = Counter()
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "injected"}).encode()
    headers = HTTPHeaders.from_dict({"Content-Type": "application/x-amz-json-1.0"})

    def refuse(request: Any, **_: Any) -> AWSResponse | None:
        if body_contains.encode() not in request.body or refused[operation] >= times:
            return None
        refused[operation] += 1
        return AWSResponse(request.url, status, headers, _Raw(body))

    event = f"before-send.dynamodb.{operation}"
    dynamodb.client().meta.events.register(event, refuse)
    try:
        yield refused
    finally:
        dynamodb.client().meta.events.unregister(event, refuse)


@contextmanager
def just_before(operation: str, act: Callable[[], object]) -> Iterator[None]:
    """Something happens once, at the last moment before the next request of this operation is sent."""
    waiting = [act]

    def step_in(**_: Any) -> None:
        if waiting:
            waiting.pop()()

    event = f"before-send.dynamodb.{operation}"
    dynamodb.client().meta.events.register(event, step_in)
    try:
        yield
        assert not waiting, f"no {operation} was sent"
    finally:
        dynamodb.client().meta.events.unregister(event, step_in)


class _Raw:
    """As much of a raw HTTP response as botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


def _operation(request: Any) -> str:
    target = request.headers["X-Amz-Target"]
    return (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
