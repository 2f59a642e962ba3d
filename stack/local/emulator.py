"""ministack as an ASGI application, with corrections.

Of its restart, of the functions' processes after errors, and of the time that a query of a large partition takes.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hypercorn.typing import ASGIFramework

from stack.local.function_code import unpack_once
from stack.local.gateway import FUNCTION_PATH
from stack.local.journal.journal import Journal
from stack.local.journal.writer import NotKept

# Saves what is deployed, as a stop does; the journal has everything else.
CHECKPOINT_PATH: Final = "/_todo-ledger/checkpoint"

# The condition of the service's own queries (`dynamodb.between`).
_BETWEEN: Final = re.compile(r"(#\w+) = (:\w+) AND (#\w+) BETWEEN (:\w+) AND (:\w+)")


def application(journal: Journal | None = None, on_start: Callable[[], None] = lambda: None) -> ASGIFramework:
    """The emulator; it reads its settings from the environment when this is called.

    Parameters
    ----------
    journal : Journal, optional
        Has what the emulator acknowledges, before it does.
    on_start : callable
        Called when the emulator has its state.
    """
    from ministack import app
    from ministack.core.hypercorn_compat import install

    install()
    _keep_processes_after_errors()
    _compare_keys_without_parsing()
    unpack_once()
    _sync_what_is_saved(app)
    if journal is not None:
        journal.attach()

    async def emulator(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await app.app(scope, receive, _watch_lifespan(send, journal, on_start))
        elif scope["path"] == CHECKPOINT_PATH:
            if journal is not None:
                app.save_all(app._build_persistence_save_dict())
            await _answer(send, 200, {})
        elif journal is None or FUNCTION_PATH in scope["path"]:
            # What a function answers, it has from answers that were kept.
            await app.app(scope, receive, send)
        else:
            await _answer_once_kept(journal, app.app, scope, receive, send)

    return emulator


def _watch_lifespan(send: Any, journal: Journal | None, on_start: Callable[[], None]) -> Any:
    async def send_on(message: Any) -> None:
        if message["type"] == "lifespan.startup.complete":
            if journal is None or not journal.has_positions:
                _forget_stream_positions()
            on_start()
        elif message["type"] == "lifespan.shutdown.complete" and journal is not None:
            journal.close()
        await send(message)

    return send_on


async def _answer_once_kept(journal: Journal, app: ASGIFramework, scope: Any, receive: Any, send: Any) -> None:
    """Let the emulator handle a request, and send its answer when all that it may tell is on disk."""
    if journal.failure is not None:
        await _refuse(send, journal.failure)
        return
    refused = False

    async def send_when_kept(message: Any) -> None:
        nonlocal refused
        if message["type"] == "http.response.start":
            try:
                await journal.keep()
            except NotKept as error:
                refused = True
                await _refuse(send, str(error))
        if not refused:
            await send(message)

    await app(scope, receive, send_when_kept)


async def _refuse(send: Any, reason: str) -> None:
    # DynamoDB's error that its SDKs try again.
    await _answer(send, 500, {"__type": "InternalServerError", "message": reason})


async def _answer(send: Any, status: int, content: dict[str, str]) -> None:
    body = json.dumps(content).encode()
    headers = ((b"content-type", b"application/x-amz-json-1.0"), (b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _sync_what_is_saved(app: Any) -> None:
    """Bring the files that the emulator saves to disk, before anything relies on them."""
    from ministack.core import persistence

    save_all = app.save_all

    def save_and_sync(services: dict[str, Any]) -> None:
        save_all(services)
        for path in Path(persistence.STATE_DIR).glob("*.json"):
            with path.open("rb") as file:
                os.fsync(file.fileno())

    app.save_all = save_and_sync


def _forget_stream_positions() -> None:
    """Make each stream mapping begin at its starting position again.

    Over a restart the emulator keeps how many records a mapping has read, but loses the records: the mapping would skip
    as many new ones as it had read before.
    """
    from ministack.services import lambda_svc

    with lambda_svc._dynamodb_stream_positions_lock:
        lambda_svc._dynamodb_stream_positions.clear()


def _keep_processes_after_errors() -> None:
    """Let a function's process serve on after its handler raised an error, as Lambda does.

    The emulator ends it, and the next invocation starts another: with the authorizer's errors, each request with a bad
    token, which anybody can send, would take a second of CPU.
    """
    from ministack.core import lambda_runtime

    worker_class: Any = lambda_runtime.Worker
    original, signal, collect = worker_class.invoke, lambda_runtime._signal, lambda_runtime._collect
    # What `invoke` would end on this thread, until its answer tells why.
    spared = threading.local()

    def invoke(self: Any, *arguments: Any, **options: Any) -> Any:
        spared.processes = []
        try:
            answer = original(self, *arguments, **options)
        finally:
            processes, spared.processes = spared.processes, None
        for process in processes:
            # A timeout and a process that died have no trace.
            if "trace" in answer and process.poll() is None:
                self._proc = process
            else:
                signal(process)
                collect(process, lambda_runtime.time.monotonic() + lambda_runtime._REAP_GRACE)
        return answer

    def signal_later(process: Any) -> None:
        if getattr(spared, "processes", None) is None:
            signal(process)
        elif process is not None:
            spared.processes.append(process)

    def collect_later(process: Any, deadline: float) -> None:
        if getattr(spared, "processes", None) is None:
            collect(process, deadline)

    worker_class.invoke = invoke
    lambda_runtime._signal, lambda_runtime._collect = signal_later, collect_later


def _compare_keys_without_parsing() -> None:
    from ministack.services import dynamodb

    dynamodb._evaluate_condition = comparing_keys(dynamodb._evaluate_condition)


def comparing_keys(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    """The emulator's evaluation of conditions, but for that of the service's own queries.

    The emulator parses a query's condition for each item of the partition: with 5,000 todos, a quarter of a second of
    CPU time for every query of their owner. It has checked the condition and its bounds before that.
    """

    def holds(expr: Any, item: Any, attr_values: Any, attr_names: Any, slot: str = "ConditionExpression") -> Any:
        form = _BETWEEN.fullmatch(expr) if expr and slot == "KeyConditionExpression" else None
        if form is None:
            return evaluate(expr, item, attr_values, attr_names, slot)
        partition, of, sort, low, high = form.groups()
        try:
            keys = [item[attr_names[name]]["S"] for name in (partition, sort)]
            texts = [attr_values[name]["S"] for name in (of, low, high)]
        except (KeyError, TypeError):
            return evaluate(expr, item, attr_values, attr_names, slot)
        # Code points are in the order of their UTF-8.
        return keys[0] == texts[0] and texts[1] <= keys[1] <= texts[2]

    return holds
