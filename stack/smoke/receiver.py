"""A webhook's receiver on this machine, for a stage whose functions run here, too."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Answers each challenge, and keeps every request, on a free port of the loopback interface.

    Attributes
    ----------
    url : str
    received : list of (dict, bytes)
        The headers and the body of each request.
    """

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.received))
        self.url = f"http://127.0.0.1:{self._server.server_port}/smoke"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _handler(received: list[tuple[dict[str, str], bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            received.append((dict(self.headers.items()), body))
            content = _challenge(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _challenge(body: bytes) -> str:
    """The challenge in a ping; empty in any other message."""
    try:
        message: Any = json.loads(body)
        return str(message["data"].get("challenge", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
