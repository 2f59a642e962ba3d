"""The webhooks' receiver: notes which event it was told of when, and fails at random itself."""

from __future__ import annotations

import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final

REFUSED: Final = 0.01
UNANSWERED: Final = 0.005

ANSWERS_503: Final = "the receiver answers 503"
ANSWER_LOST: Final = "the receiver's answer lost"


class Receiver:
    """A server on the loopback interface.

    Attributes
    ----------
    told : list of (str, float)
        The events that took effect here, in the order of arrival, and when (seconds since 1970).
    faults : list of str
        How it failed, each time.
    """

    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []
        self.faults: list[str] = []
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event_id = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["id"]
                chance = random.random()
                if chance < REFUSED:
                    receiver.faults.append(ANSWERS_503)
                    self.send_error(503)
                    return
                receiver.told.append((event_id, time.time()))
                if chance < REFUSED + UNANSWERED:
                    receiver.faults.append(ANSWER_LOST)
                    return
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Five invocations tell ten messages at once.
    request_queue_size = 128
