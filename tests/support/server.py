"""A real HTTP server on the loopback interface, whose answers are given by a function."""

from __future__ import annotations

import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> str:
        return self.content.decode()

    def verified(self, secret: str) -> Any:
        """The body, its signature checked by the library that receivers of webhooks use."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass(frozen=True)
class Reply:
    status: int = 200
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Server:
    """Serves in threads of its own, from `with` on.

    Parameters
    ----------
    answer : callable
        Gives the reply to a request, or None: the connection is then closed without one.
    tls : SSLContext, optional
        Serve https.

    Attributes
    ----------
    port : int
    url : str
        Without a path.
    """

    def __init__(self, answer: Callable[[Received], Reply | None], *, tls: ssl.SSLContext | None = None) -> None:
        self._server = _Server(("127.0.0.1", 0), _handler(answer))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.port: int = self._server.server_port
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Several Lambdas can connect at the same moment.
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may leave before it has its answer; anything else is printed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler(answer: Callable[[Received], Reply | None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = answer(Received(self.command, self.path, dict(self.headers.items()), content))
            if reply is None:
                self.close_connection = True
                return
            self.send_response(reply.status)
            # An answer of 204 has no such header (RFC 9110, section 8.6).
            length = {} if reply.status == 204 else {"Content-Length": str(len(reply.content))}
            for name, value in {**reply.headers, **length}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.content)

        # The names that http.server looks for.
        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler
