"""What happens between the service and DynamoDB: counted, or made to go wrong. With either client it is the same."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from chalicelib.aws import dynamodb
from chalicelib.aws.errors import TimedOut
from chalicelib.aws.thin.client import ThinClient
from chalicelib.aws.thin.http import Response

ALWAYS = 1_000_000

# What sends an attempt; and what makes a call of a request.
Send = Callable[[], object]
Call = Callable[[Mapping[str, Any]], Any]
Look = Callable[[str, Mapping[str, Any], Call], Any]


def without_pauses(patch: pytest.MonkeyPatch) -> None:
    """Let the retries of the clients and of the service follow each other at once."""
    patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    patch.setattr("chalicelib.aws.thin.retries.pause", lambda attempt: None)
    patch.setattr("chalicelib.aws.retry.FIRST_SECONDS", 0.0)


@dataclass
class Attempt:
    """One request on its way to DynamoDB: each retry is another.

    Attributes
    ----------
    operation : str
    body : str
        Its JSON, written as `json.dumps` does.
    """

    operation: str
    body: str


class AnswerLost(Exception):
    """For `around`: the request was done, and its answer did not arrive."""


@dataclass
class Refused(Exception):
    """For `around`: DynamoDB answers with this error."""

    code: str
    status: int = 400

    @property
    def body(self) -> bytes:
        """The answer's."""
        stated = {"__type": f"com.amazonaws.dynamodb.v20120810#{self.code}", "message": "injected"}
        return json.dumps(stated).encode()


@contextmanager
def around(act: Callable[[Attempt, Send], object]) -> Iterator[None]:
    """Let `act` stand around each attempt to send a request: it sends it by calling its second argument, or raises.

    It may raise `AnswerLost` or `Refused`, by which the client learns what it would learn from the network.
    """
    client = dynamodb.client()
    if isinstance(client, ThinClient):
        target: Any = client.sender.pool
        name = "exchange"
    else:
        target = client._endpoint.http_session
        name = "send"
    send = getattr(target, name)

    def watched(request: Any) -> Any:
        sent: list[Any] = []
        attempt = _attempt(request)
        try:
            act(attempt, lambda: sent.append(send(request)))
        except AnswerLost as error:
            if name == "exchange":
                raise TimedOut(attempt.operation) from error
            raise ReadTimeoutError(endpoint_url=request.url) from error
        except Refused as refused:
            return _answer(request, refused)
        return sent[0]

    setattr(target, name, watched)
    try:
        yield
    finally:
        setattr(target, name, send)


@contextmanager
def calls_watched(look: Look) -> Iterator[None]:
    """Let `look` make each call of a client: it gets the operation, the request, and what makes the call.

    Retries are within one call.
    """
    with pytest.MonkeyPatch.context() as patch:
        for client, name in ((ThinClient, "_call"), (BaseClient, "_make_api_call")):
            patch.setattr(client, name, _looked_at(getattr(client, name), look))
        yield


def _looked_at(call: Callable[..., Any], look: Look) -> Callable[..., Any]:
    def make(client: Any, operation: str, request: Mapping[str, Any]) -> Any:
        if not isinstance(client, ThinClient) and client.meta.service_model.service_name != "dynamodb":
            return call(client, operation, request)
        return look(operation, request, lambda asked: call(client, operation, asked))

    return make


def _attempt(request: Any) -> Attempt:
    if isinstance(request, bytes):
        head, _, body = request.partition(b"\r\n\r\n")
        target = next(line for line in head.split(b"\r\n") if line.startswith(b"x-amz-target:")).decode()
    else:
        target, body = request.headers["X-Amz-Target"], request.body
        target = target.decode() if isinstance(target, bytes) else target
    return Attempt(target.rpartition(".")[2], json.dumps(json.loads(body), ensure_ascii=False))


def _answer(request: Any, refused: Refused) -> Any:
    if isinstance(request, bytes):
        return Response(refused.status, {}, refused.body)
    headers = HTTPHeaders.from_dict({"Content-Type": "application/x-amz-json-1.0"})
    return AWSResponse(request.url, refused.status, headers, _Raw(refused.body))


@dataclass
class Traffic:
    """What went to DynamoDB: how many requests of each operation, and the write units that the engine counted."""

    requests: Counter[str] = field(default_factory=Counter)
    write_units: float = 0.0
    transaction_units: float = 0.0


@contextmanager
def counted() -> Iterator[Traffic]:
    """Count every request that leaves this process for DynamoDB, retries too."""
    traffic = Traffic()
    counting = threading.Lock()

    def count(attempt: Attempt, send: Send) -> None:
        with counting:
            traffic.requests[attempt.operation] += 1
        send()

    def add(operation: str, request: Mapping[str, Any], call: Call) -> Any:
        answer = call({**request, "ReturnConsumedCapacity": "TOTAL"})
        if operation in ("PutItem", "UpdateItem", "DeleteItem"):
            # Of a put whose condition failed the engine says nothing; AWS takes its unit all the same.
            with counting:
                traffic.write_units += answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0)
        if operation == "TransactWriteItems":
            with counting:
                traffic.transaction_units += sum(each["CapacityUnits"] for each in answer.get("ConsumedCapacity", []))
        return answer

    with around(count), calls_watched(add):
        yield traffic


@contextmanager
def lost_answers(operation: str, times: int, *, body_contains: str = "") -> Iterator[Counter[str]]:
    """The next `times` requests of this operation are done, and their answers lost on the way back.

    Only those whose body holds `body_contains`. Yields a counter with the operations that met with it.
    """
    done: Counter[str] = Counter()

    def lose(attempt: Attempt, send: Send) -> None:
        send()
        if attempt.operation == operation and body_contains in attempt.body and done[operation] < times:
            done[operation] += 1
            raise AnswerLost

    with around(lose):
        yield done


@contextmanager
def refusals(
    operation: str, code: str, times: int = ALWAYS, *, status: int = 400, body_contains: str = ""
) -> Iterator[Counter[str]]:
    """DynamoDB refuses the next `times` requests of this operation with an error code, without doing them.

    Only those whose body holds `body_contains`. Yields a counter of what was refused.
    """
    refused: Counter[str] = Counter()

    def refuse(attempt: Attempt, send: Send) -> None:
        if attempt.operation == operation and body_contains in attempt.body and refused[operation] < times:
            refused[operation] += 1
            raise Refused(code, status)
        send()

    with around(refuse):
        yield refused


@contextmanager
def just_before(operation: str, act: Callable[[], object], *, after: int = 0) -> Iterator[None]:
    """Something happens once, at the last moment before a request of this operation is sent: the next, or a later one.

    Parameters
    ----------
    after : int
        How many requests of the operation are sent before.
    """
    waiting: list[Callable[[], object]] = [act, *[lambda: None] * after]

    def step_in(attempt: Attempt, send: Send) -> None:
        if waiting and attempt.operation == operation:
            waiting.pop()()
        send()

    with around(step_in):
        yield
        assert not waiting, f"no {operation} was sent"


class _Raw:
    """As much of a raw HTTP response as botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content
