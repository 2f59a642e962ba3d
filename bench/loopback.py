"""A DynamoDB in a process of its own that gives each operation its answer: `python -m bench.loopback`.

So the CPU time of whoever asks it has the sockets in it, and nothing of the engine.
"""

from __future__ import annotations

import argparse
import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any
from zlib import crc32


@contextmanager
def answering(answers: Mapping[str, Any], tls: Path | None = None) -> Iterator[str]:
    """A server with an answer (JSON) for each operation, or a list of answers for one after the other; yields its URL.

    Parameters
    ----------
    tls : Path, optional
        A certificate with its key; without one it speaks plain HTTP.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(answers, file)
        file.flush()
        command = [sys.executable, "-m", "bench.loopback", file.name, *(["--tls", str(tls)] if tls else [])]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()


def main() -> None:
    """Serve until the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("answers", type=Path)
    parser.add_argument("--tls", type=Path)
    asked = parser.parse_args()
    wholes = {
        name.encode(): cycle([_whole(each) for each in (answers if isinstance(answers, list) else [answers])])
        for name, answers in json.loads(asked.answers.read_text()).items()
    }
    context: ssl.SSLContext | None = None
    if asked.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(asked.tls)

    class Handler(StreamRequestHandler):
        def setup(self) -> None:
            self.request.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            if context is not None:
                self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def handle(self) -> None:
            while self.rfile.readline():
                operation, length = b"", 0
                while (line := self.rfile.readline()) != b"\r\n":
                    name, _, value = line.partition(b":")
                    if name.lower() == b"x-amz-target":
                        operation = value.strip().rpartition(b".")[2]
                    elif name.lower() == b"content-length":
                        length = int(value)
                self.rfile.read(length)
                self.wfile.write(next(wholes[operation]))

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        print(f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()


def _whole(answer: Any) -> bytes:
    """An answer with the headers that DynamoDB gives it."""
    body = json.dumps(answer).encode()
    lines = (
        "HTTP/1.1 200 OK",
        "Server: Server",
        "Date: Mon, 30 Nov 2026 22:00:00 GMT",
        "Content-Type: application/x-amz-json-1.0",
        f"Content-Length: {len(body)}",
        "Connection: keep-alive",
        "x-amzn-RequestId: VR1QIKCQ1B3QN4H4V1LVCQ0H3FVV4KQNSO5AEMVJF66Q9ASUAAJG",
        f"x-amz-crc32: {crc32(body)}",
        "",
        "",
    )
    return "\r\n".join(lines).encode() + body


if __name__ == "__main__":
    main()
