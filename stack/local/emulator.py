"""ministack as an ASGI application, with corrections of its restart, and of the functions' processes after errors."""

from __future__ import annotations

import threading
from typing import Any

from hypercorn.typing import ASGIFramework


def application() -> ASGIFramework:
    """The emulator; it reads its settings from the environment when this is called."""
    from ministack.app import app
    from ministack.core.hypercorn_compat import install

    install()
    _keep_processes_after_errors()

    async def emulator(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return

        async def send_when_ready(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                _forget_stream_positions()
            await send(message)

        await app(scope, receive, send_when_ready)

    return emulator


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
