"""A proxy before an engine that remembers what each request asked, and how it was answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

# The headers of an answer that the proxy writes itself.
_ITS_OWN: Final = {"content-length", "transfer-encoding", "connection", "date", "server"}


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    operation: str
    request: dict[str, Any]
    answer: dict[str, Any]


@dataclass
class Recorder:
    """What went through the proxy.

    Attributes
    ----------
    url : str
        Where it listens.
    exchanges : list of Exchange
    """

    url: str
    exchanges: list[Exchange] = field(default_factory=list)


@contextmanager
def recording(engine: str) -> Iterator[Recorder]:
    """Listen before the engine at this URL."""
    address = urlsplit(engine).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            connection = HTTPConnection(address)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            recorder.exchanges.append(Exchange(operation, json.loads(body), json.loads(content)))
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _ITS_OWN:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorder = Recorder(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()
