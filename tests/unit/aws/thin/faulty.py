"""A DynamoDB on the loopback interface that does with each request what a script says."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

ITEM = {"stream_id": {"S": "ä#1"}, "version": {"N": "1"}, "more": {"BOOL": True}, "of": {"M": {"a": {"L": []}}}}


@dataclass
class Seen:
    """A request as it arrived: its header lines by names in small letters, and its body."""

    headers: dict[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        return self.headers["x-amz-target"].rpartition(".")[2]


Step = Callable[[socket.socket, Seen], bool]


def answer(status: int, body: bytes, *headers: str, crc: int | None = None, close: bool = False) -> Step:
    """A whole answer; the connection stays unless `close`."""
    lines = [
        f"HTTP/1.1 {status} Some Reason",
        "Content-Type: application/x-amz-json-1.0",
        f"x-amz-crc32: {crc32(body) if crc is None else crc}",
        f"Content-Length: {len(body)}",
        *headers,
        *(["Connection: close"] if close else []),
    ]
    whole = "\r\n".join([*lines, "", ""]).encode() + body

    def step(connection: socket.socket, _: Seen) -> bool:
        connection.sendall(whole)
        return not close

    return step


def error(status: int, code: str, **more: Any) -> Step:
    """An error as DynamoDB states it."""
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "Some words", **more}
    return answer(status, json.dumps(body).encode())


def raw(content: bytes, *, close: bool = True) -> Step:
    """These bytes, and the end."""

    def step(connection: socket.socket, _: Seen) -> bool:
        connection.sendall(content)
        return not close

    return step


def reset(connection: socket.socket, _: Seen) -> bool:
    """The connection is reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def never(connection: socket.socket, _: Seen) -> bool:
    """No answer comes, until the client goes."""
    with suppress(OSError):
        connection.recv(1)
    return False


FOUND = json.dumps({"Item": ITEM}, ensure_ascii=False).encode()
OK = answer(200, FOUND)


@dataclass
class Faulty:
    """The server."""

    port: int
    script: list[Step] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0


@contextmanager
def serving(script: Sequence[Step], tls: ssl.SSLContext | None = None) -> Iterator[Faulty]:
    """Serve one step of the script to each request, on whatever connection it comes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Faulty(listening.getsockname()[1], list(script))
        opened: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                server.connections += 1
                opened.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        def serve(connection: socket.socket) -> None:
            with suppress(OSError, StopIteration):
                if tls is not None:
                    connection = tls.wrap_socket(connection, server_side=True)
                incoming = connection.makefile("rb")
                stays = True
                while stays:
                    request = _read(incoming)
                    server.seen.append(request)
                    stays = server.script.pop(0)(connection, request)
                incoming.close()
            connection.close()

        threading.Thread(target=accept, daemon=True).start()
        yield server
        # Wakes `accept`, which closing alone would not.
        listening.shutdown(socket.SHUT_RDWR)
        for each in opened:
            with suppress(OSError):
                each.close()


def _read(incoming: Any) -> Seen:
    first = incoming.readline()
    if not first:
        raise StopIteration
    assert first == b"POST / HTTP/1.1\r\n", first
    headers = {}
    while (line := incoming.readline()) != b"\r\n":
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return Seen(headers, incoming.read(int(headers["content-length"])))
