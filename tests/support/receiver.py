"""A webhook's receiver that remembers what came."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable

from tests.support.server import Received, Reply, Server
from tests.support.waiting import PATIENCE_SECONDS


class Receiver(Server):
    """Answers each request with `answer`'s status (200), after which `requests` has it.

    A challenge is repeated, as a receiver that wants the events does, and is in `pings` instead.

    Parameters
    ----------
    answer : callable, optional
        Sees the request before it is answered.
    headers : dict, optional
        Of every answer.
    tls : SSLContext, optional
        Serve https.
    repeat : callable, optional
        The reply to a challenge.
    """

    def __init__(
        self,
        answer: Callable[[Received], int] = lambda _: 200,
        *,
        headers: dict[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        repeat: Callable[[str], Reply | None] = lambda challenge: Reply(200, challenge.encode()),
    ) -> None:
        super().__init__(self._remember, tls=tls)
        self.url += "/hook?of=mine"
        self.requests: list[Received] = []
        self.pings: list[Received] = []
        self.repeat = repeat
        self.answer = answer
        self.headers = headers or {}
        self._arrived = threading.Condition()

    def wait_for(self, count: int) -> list[Received]:
        """The requests, once there are so many."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self._arrived:
            while len(self.requests) < count:
                assert self._arrived.wait(max(0.0, deadline - time.monotonic())), f"only {len(self.requests)} came"
        return self.requests

    def _remember(self, request: Received) -> Reply | None:
        challenge = challenge_of(request)
        if challenge is not None:
            with self._arrived:
                self.pings.append(request)
                self._arrived.notify_all()
            return self.repeat(challenge)
        status = self.answer(request)
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        return Reply(status, b"ok", self.headers)


def challenge_of(request: Received) -> str | None:
    """The challenge that a ping has; None for any other request."""
    try:
        message = json.loads(request.content)
    except ValueError:
        return None
    if not isinstance(message, dict) or message.get("type") != "todo-ledger.webhook.ping":
        return None
    challenge: str = message["data"]["challenge"]
    return challenge
