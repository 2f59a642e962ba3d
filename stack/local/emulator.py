"""ministack as an ASGI application, with a correction of its restart."""

from __future__ import annotations

from typing import Any

from hypercorn.typing import ASGIFramework


def application() -> ASGIFramework:
    """The emulator; it reads its settings from the environment when this is called."""
    from ministack.app import app
    from ministack.core.hypercorn_compat import install

    install()

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
