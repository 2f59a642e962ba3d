"""The local engine, with DynamoDB Local behind its DynamoDB."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

from tests.support.dynamodb_local.database import CONNECTIONS, DYNAMODB, STREAMS, Database, Refused
from tests.support.dynamodb_local.mirror import Mirror
from tests.support.dynamodb_local.stream_feed import StreamFeed

READS: Final = {"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"}
WRITES: Final = {
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
    "ExecuteStatement",
    "BatchExecuteStatement",
    "ExecuteTransaction",
}

Answer = tuple[int, dict[str, str], bytes]


class Forwarding:
    """An ASGI application: what concerns items or streams goes to DynamoDB Local, everything else to the engine.

    Parameters
    ----------
    engine : ASGIFramework
    database : Database
    """

    def __init__(self, engine: ASGIFramework, database: Database) -> None:
        self._engine = engine
        self._database = database
        self._mirror = Mirror(database)
        self._feed = StreamFeed(database, self._mirror)
        self._feed.start()
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="dynamodb-local")

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Handle an ASGI connection."""
        target = _target(scope)
        if target.startswith(STREAMS):
            await self._answer(send, self._from_streams, target, await _body(receive))
        elif not target.startswith(DYNAMODB):
            await self._engine(scope, receive, send)
        elif (operation := target[len(DYNAMODB) :]) in READS | WRITES:
            await self._answer(send, self._from_items, target, await _body(receive))
        else:
            body = await _body(receive)
            if operation == "DescribeTable":
                await self._in_a_thread(self._mirror.count, json.loads(body)["TableName"])
            await self._engine(scope, _replay(body), send)

    async def _in_a_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def _answer(
        self, send: ASGISendCallable, work: Callable[[str, bytes], Answer], target: str, body: bytes
    ) -> None:
        try:
            status, headers, content = await self._in_a_thread(work, target, body)
        except Refused as error:
            status, headers, content = error.status, {"content-type": "application/x-amz-json-1.0"}, error.body
        lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": content, "more_body": False})

    def _from_items(self, target: str, body: bytes) -> Answer:
        self._mirror.reconcile()
        answer = self._database.send(target, body)
        if target[len(DYNAMODB) :] in WRITES:
            self._feed.wake()
        return answer

    def _from_streams(self, target: str, body: bytes) -> Answer:
        """Each stream has another ARN there, which is also part of an iterator."""
        self._mirror.reconcile()
        arns = [(stream.ours.encode(), stream.theirs.encode()) for stream in self._mirror.streams()]
        for ours, theirs in arns:
            body = body.replace(ours, theirs)
        status, headers, content = self._database.send(target, body)
        for ours, theirs in arns:
            content = content.replace(theirs, ours)
        kept = {name: value for name, value in headers.items() if name.lower() == "content-type"}
        return status, kept | {"content-length": str(len(content))}, content


def _target(scope: Any) -> str:
    # Elsewhere than at the root it is a request to the API, whose headers name none of the engine's operations.
    if scope["type"] != "http" or scope["path"] != "/":
        return ""
    return next((value.decode() for name, value in scope["headers"] if name.lower() == b"x-amz-target"), "")


async def _body(receive: ASGIReceiveCallable) -> bytes:
    chunks = []
    while True:
        message: Any = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes) -> Any:
    """The body of a request, which has been read, once more."""

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
