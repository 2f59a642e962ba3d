"""CPU time of one command through the service, beside the two boto3 calls that it needs at least.

HTTP is stubbed where a signed request would be sent, so building, signing and parsing are counted on both sides; or it
goes over loopback connections to another process.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

import app
from bench.loopback import answering
from bench.todo import CONTENT, TODO_ID
from chalicelib.aws import dynamodb, memory
from chalicelib.aws.thin.client import VERSION, ThinClient
from chalicelib.aws.thin.http import Response
from chalicelib.commands import execute
from chalicelib.ledger import codec
from chalicelib.todos import ids
from chalicelib.todos.decide import Patch
from chalicelib.todos.events import CREATED, Event
from chalicelib.todos.ids import Owner
from tests.support.certificates import write_certificate
from tests.support.events import following
from tests.support.gateway import api_event

ROUNDS: Final = 40
CALLS: Final = 25

SETTINGS: Final = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
    "EVENTS_TABLE": "bench-events",
    # As in a Lambda: no proxy or profile of this machine counts.
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
}
OWNER: Final = Owner("bench")


class _Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Any:
        yield self._body


class Store:
    """Gives each operation its one answer."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._bodies = {operation: json.dumps(answer).encode() for operation, answer in answers.items()}

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        """To botocore."""
        body = self._bodies[request.headers["X-Amz-Target"].decode().partition(".")[2]]
        headers = HTTPHeaders()
        headers["content-type"] = "application/x-amz-json-1.0"
        return AWSResponse(request.url, 200, headers, _Raw(body))

    def exchange(self, request: bytes) -> Response:
        """To the thin client."""
        start = request.index(_TARGET) + len(_TARGET)
        body = self._bodies[request[start : request.index(b"\r", start)].decode()]
        return Response(200, {b"content-type": b"application/x-amz-json-1.0"}, body)


_TARGET: Final = f"x-amz-target:{VERSION}.".encode()


def answers_of(item: dict[str, Any]) -> dict[str, Any]:
    """The answers to each operation, of a stream that has this one event."""
    found = {"Count": 1, "ScannedCount": 1, "Items": [item], "ConsumedCapacity": {"CapacityUnits": 0.5}}
    return {"Query": found, "PutItem": {}}


def stub(client: Any, store: Store) -> None:
    """Let the store answer what a client would send."""
    if isinstance(client, ThinClient):
        client.sender.pool = store  # type: ignore[assignment]
    else:
        client.meta.events.register_last("before-send.dynamodb", store.answer)


def commands() -> list[tuple[str, float, float]]:
    """Rows of (what, microseconds of CPU, ratio to raw boto3), medians of interleaved rounds."""
    with environment():
        store = Store(answers_of(codec.encode(an_event())))
        raw = boto3.client("dynamodb")
        for client in (raw, dynamodb.client()):
            stub(client, store)
        return _compare(contenders(raw))


def over_loopback() -> list[tuple[str, float, float]]:
    """The same rows, over real connections to a process that only answers."""
    with answering(answers_of(codec.encode(an_event()))) as url, environment(AWS_ENDPOINT_URL_DYNAMODB=url):
        return _compare(contenders(boto3.client("dynamodb")))


def over_tls() -> list[tuple[str, float, float]]:
    """The same rows, over TLS with a certificate that is made for that."""
    with tempfile.TemporaryDirectory(prefix="todo-ledger-bench-") as directory:
        certificate = write_certificate(Path(directory, "certificate.pem"))
        with (
            answering(answers_of(codec.encode(an_event())), certificate) as url,
            environment(AWS_ENDPOINT_URL_DYNAMODB=url, AWS_CA_BUNDLE=str(certificate)),
        ):
            return _compare(contenders(boto3.client("dynamodb")))


@contextmanager
def environment(**more: str) -> Iterator[None]:
    """This process as a Lambda of the service, before and after which it remembers nothing."""
    with patch.dict(os.environ, SETTINGS | more):
        memory.forget()
        yield
    memory.forget()


def contenders(raw: Any) -> dict[str, Callable[[], None]]:
    """What is compared, by name; the first is the yardstick, by a boto3 client."""
    item = codec.encode(an_event())

    def raw_boto3() -> None:
        found = raw.query(
            TableName="bench-events",
            KeyConditionExpression="stream_id = :stream",
            ExpressionAttributeValues={":stream": item["stream_id"]},
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )["Items"][0]
        version = int(found["version"]["N"]) + 1
        raw.put_item(
            TableName="bench-events",
            Item={**found, "version": {"N": str(version)}},
            ConditionExpression="attribute_not_exists(stream_id)",
        )

    title = 0

    def command(*, is_warm: bool) -> None:
        nonlocal title
        title += 1
        if not is_warm:
            execute.forget()
        execute.execute(execute.CommandRequest(OWNER, TODO_ID, Patch({"title": f"Ask {title}"}), actor=OWNER))

    def whole_request() -> None:
        nonlocal title
        title += 1
        execute.forget()
        with redirect_stdout(log):
            answer = app.app(a_patch(f"Ask {title}"), None)
        assert answer["statusCode"] == 200, answer
        log.seek(0)

    log = io.StringIO()
    return {
        "raw boto3: query + conditional put_item": raw_boto3,
        "a command through the service layer": lambda: command(is_warm=False),
        "the same from warm memory (one request)": lambda: command(is_warm=True),
        "PATCH through the whole handler, cold memory": whole_request,
    }


def a_patch(title: str) -> dict[str, Any]:
    """A PATCH as API Gateway hands it to the Lambda (REST API, proxy integration)."""
    return {**_patch_without_body(), "body": json.dumps({"title": title})}


@cache
def _patch_without_body() -> dict[str, Any]:
    headers = {
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate, br",
        "Authorization": "Bearer " + "x" * 600,
        "Content-Type": "application/merge-patch+json",
        "Host": "abc123.execute-api.us-east-1.amazonaws.com",
        "User-Agent": "bench",
        "X-Forwarded-For": "192.0.2.1, 192.0.2.2",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    return api_event("PATCH", f"/todos/{TODO_ID}", None, headers, owner=OWNER, expires_in=3600)


def _compare(contenders: dict[str, Callable[[], None]]) -> list[tuple[str, float, float]]:
    for contender in contenders.values():
        for _ in range(CALLS):
            contender()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, contender in contenders.items():
            start = time.process_time()
            for _ in range(CALLS):
                contender()
            times[name].append((time.process_time() - start) / CALLS * 1e6)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    base = next(iter(medians.values()))
    return [(name, median, median / base) for name, median in medians.items()]


def an_event() -> Event:
    stream = ids.stream_id(ids.partition_of(OWNER), TODO_ID)
    occurred_at = "2026-11-20T22:00:00.000Z"
    event_id = "01a1fb26-8a02-701c-bba7-6cf776a3f9ac"
    return following(None, stream, CREATED, CONTENT, at=occurred_at, event_id=event_id, actor=OWNER)
