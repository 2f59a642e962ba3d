"""A webhook's receiver that remembers what came."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable

from tests.support.server import Received, Reply, Server
from tests.support.waiting import PATIENCE_SECONDS


class Receiver(Server):
    """Answers each request with `answer`'s status (200), after which `requests` has it.

    Parameters
    ----------
    answer : callable, optional
        Sees the request before it is answered.
    headers : dict, optional
        Of every answer.
    tls : SSLContext, optional
        Serve https.
    """

    def __init__(
        self,
        answer: Callable[[Received], int] = lambda _: 200,
        *,
        headers: dict[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(self._remember, tls=tls)
        self.url += "/hook?of=mine"
        self.requests: list[Received] = []
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

    def _remember(self, request: Received) -> Reply:
        status = self.answer(request)
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        return Reply(status, b"ok", self.headers)
