"""A webhook's receiver: a real HTTP server on the loopback interface that remembers what came."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from standardwebhooks import Webhook

WAIT_SECONDS = 30


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: str

    def verified(self, secret: str) -> Any:
        """The body, its signature checked by the library that receivers use."""
        return Webhook(secret).verify(self.body, self.headers)


Answer = Callable[[Received], int]


class Receiver:
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
        answer: Answer = lambda _: 200,
        *,
        headers: dict[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[Received] = []
        self.answer = answer
        self.headers = headers or {}
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self._scheme = "https" if tls else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/hook?of=mine"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, count: int) -> list[Received]:
        """The requests, once there are so many."""
        deadline = time.monotonic() + WAIT_SECONDS
        with self._arrived:
            while len(self.requests) < count:
                assert self._arrived.wait(max(0.0, deadline - time.monotonic())), f"only {len(self.requests)} came"
        return self.requests

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                received = Received(self.command, self.path, dict(self.headers.items()), body)
                status = receiver.answer(received)
                with receiver._arrived:
                    receiver.requests.append(received)
                    receiver._arrived.notify_all()
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_GET = do_CONNECT = do_POST  # noqa: N815 (the names that http.server looks for)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
