"""As much of HTTP/1.1 as a request to DynamoDB needs: POST, answers of a stated length or in chunks, kept connections.

Whatever is not such an answer ends its connection and raises: nothing is guessed about a stream of bytes.
"""

from __future__ import annotations

import re
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chalicelib.aws import tuning
from chalicelib.aws.errors import NoAnswer, TimedOut

if TYPE_CHECKING:
    import ssl

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?")
_MAX_LINE_BYTES: Final = 65_536
_MAX_HEADERS: Final = 200
# What a service may say before its answer (100 Continue, 103 Early Hints).
_FIRST_FINAL_STATUS: Final = 200
_NO_CONTENT: Final = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, read to its end.

    Attributes
    ----------
    status : int
    headers : dict of bytes to bytes
        By their names in small letters.
    body : bytes
    """

    status: int
    headers: dict[bytes, bytes]
    body: bytes


@dataclass(frozen=True, slots=True)
class Address:
    """Where connections lead.

    Attributes
    ----------
    tls : callable, optional
        Makes the context of TLS; None for plain HTTP.
    """

    host: str
    port: int
    tls: Callable[[], ssl.SSLContext] | None = None

    def __str__(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://{self.host}:{self.port}"


class Pool:
    """Connections to one address, kept for the next request. Safe to share between threads."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._context: ssl.SSLContext | None = None
        self._idle: list[_Connection] = []

    def exchange(self, request: bytes) -> Response:
        """Send a request, and read its answer.

        Raises
        ------
        TimedOut, NoAnswer
        """
        try:
            connection = self._take()
            try:
                response = connection.exchange(request)
            except BaseException:
                connection.close()
                raise
        except TimeoutError as error:
            raise TimedOut(f"{self.address}: {error}") from error
        # An answer that is no HTTP is a ValueError.
        except (OSError, ValueError) as error:
            raise NoAnswer(f"{self.address}: {type(error).__name__}: {error}") from error
        if connection.is_kept and len(self._idle) < tuning.CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()
        return response

    def close(self) -> None:
        """Close what is kept."""
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> _Connection:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._connect()
            if not connection.is_dropped():
                return connection
            connection.close()

    def _connect(self) -> _Connection:
        address = self.address
        found = socket.create_connection((address.host, address.port), tuning.CONNECT_TIMEOUT_SECONDS)
        try:
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if address.tls is not None:
                if self._context is None:
                    self._context = address.tls()
                found = self._context.wrap_socket(found, server_hostname=address.host)
            found.settimeout(tuning.READ_TIMEOUT_SECONDS)
        except BaseException:
            found.close()
            raise
        return _Connection(found)


class _Connection:
    """One connection, for one request after the other."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._file = connected.makefile("rb")
        self.is_kept = True

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def is_dropped(self) -> bool:
        """Whether something arrived since the last answer: the other side's end, or what nobody asked for."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def exchange(self, request: bytes) -> Response:
        self._socket.sendall(request)
        while True:
            match = _STATUS_LINE.fullmatch(self._line())
            if match is None:
                raise ValueError("this is no answer of HTTP/1")
            headers = self._headers()
            status = int(match[2])
            if status >= _FIRST_FINAL_STATUS:
                break
        body = b"" if status in _NO_CONTENT else self._body(headers)
        if match[1] == b"0" or headers.get(b"connection", b"").lower() == b"close":
            self.is_kept = False
        return Response(status, headers, body)

    def _line(self) -> bytes:
        line = self._file.readline(_MAX_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise ConnectionError("the connection ended within an answer")
        return line.rstrip(b"\r\n")

    def _headers(self) -> dict[bytes, bytes]:
        headers: dict[bytes, bytes] = {}
        while line := self._line():
            name, colon, value = line.partition(b":")
            name, value = name.lower(), value.strip()
            is_another_length = name == b"content-length" and headers.get(name, value) != value
            if not colon or is_another_length or len(headers) == _MAX_HEADERS:
                raise ValueError("an answer with malformed headers")
            headers[name] = value
        return headers

    def _body(self, headers: dict[bytes, bytes]) -> bytes:
        coding = headers.get(b"transfer-encoding")
        if coding is not None:
            if coding.lower() != b"chunked":
                raise ValueError("an answer in an unknown coding")
            return b"".join(iter(self._chunk, b""))
        stated = headers.get(b"content-length")
        if stated is None:
            # It ends with the connection. Whether it is whole, its checksum and its JSON tell.
            self.is_kept = False
            return self._file.read()
        return self._exactly(_number(stated, 10))

    def _chunk(self) -> bytes:
        chunk = self._exactly(_number(self._line().partition(b";")[0].strip(), 16))
        if not chunk:
            # What follows the last chunk are headers.
            self._headers()
        elif self._line():
            raise ValueError("a chunk is longer than it says")
        return chunk

    def _exactly(self, count: int) -> bytes:
        found = self._file.read(count)
        if len(found) != count:
            raise ConnectionError("the connection ended within an answer")
        return found


def _number(text: bytes, base: int) -> int:
    if not text.isalnum():
        raise ValueError("an answer of unknown length")
    return int(text, base)
