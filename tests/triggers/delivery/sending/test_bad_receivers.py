"""A receiver that does not finish, or does not speak HTTP, costs no more than the timeout."""

from __future__ import annotations

import socket
from queue import Queue
from typing import Any

import pytest
from urllib3.response import HTTPResponse

from chalicelib.webhooks.errors import DeliveryFailed
from tests.support.waiting import PATIENCE_SECONDS
from tests.triggers.delivery.conftest import Alarm
from tests.triggers.delivery.sending.raw_server import RawServer, until_the_client_is_gone
from tests.triggers.delivery.sending.sending import tell


@pytest.mark.parametrize(
    "begun",
    [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nX-Long: x"],
    ids=["silent", "a status line that never ends", "headers that never end"],
)
def test_a_receiver_that_does_not_finish_is_given_up_in_time(alarms: list[Alarm], begun: bytes) -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(1 << 20)
        connection.sendall(begun)
        alarms[0].go_off()
        until_the_client_is_gone(connection)

    with RawServer(behave) as server, pytest.raises(DeliveryFailed, match=r"no answer within 10 s"):
        tell(server.url)
    assert [alarm.seconds for alarm in alarms] == [10]


def test_a_status_of_success_is_enough_though_the_body_never_ends(
    alarms: list[Alarm], monkeypatch: pytest.MonkeyPatch
) -> None:
    def behave(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nx")
        until_the_client_is_gone(connection)

    read = HTTPResponse.read

    def read_until_the_time_is_over(response: HTTPResponse, *args: Any, **options: Any) -> bytes:
        whole, after_the_status = alarms
        assert after_the_status.seconds < whole.seconds
        after_the_status.go_off()
        return read(response, *args, **options)

    monkeypatch.setattr(HTTPResponse, "read", read_until_the_time_is_over)
    with RawServer(behave) as server:
        assert tell(server.url) == 200


def test_a_status_of_success_is_enough_and_a_huge_body_is_not_read(alarms: list[Alarm]) -> None:
    chunk, chunks = b"x" * 100_000, 1_000
    sent: Queue[int] = Queue()

    def behave(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for number in range(chunks):
            try:
                connection.sendall(chunk)
            except OSError:
                sent.put(number)
                return
        sent.put(chunks)

    with RawServer(behave) as server:
        assert tell(server.url) == 200
        # Some megabytes are taken by the sockets between the two.
        assert sent.get(timeout=PATIENCE_SECONDS) < chunks


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip at all"],
    ids=["no body", "a body that cannot be decoded"],
)
def test_a_status_of_success_is_enough_whatever_the_body_is(alarms: list[Alarm], answer: bytes) -> None:
    with RawServer(lambda connection: connection.sendall(answer)) as server:
        assert 200 <= tell(server.url) < 300


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 " + b"A" * 65_000 + b"\r\n\r\n",
        b"\x1b[2J" + b"\x1b]0;title\x07" * 1_000 + b"\r\n\r\n",
        b"\xe2\x80\xae\xff\x00" * 100 + b"\r\n\r\n",
    ],
    ids=["a long status line", "terminal sequences", "no ASCII"],
)
def test_what_a_receiver_answers_gets_into_the_reason_only_short_and_printable(answer: bytes) -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(1 << 20)
        connection.sendall(answer)

    with RawServer(behave) as server, pytest.raises(DeliveryFailed) as failed:
        tell(server.url)
    reason = str(failed.value)
    assert len(reason) <= 200
    assert reason.isascii()
    assert reason.isprintable()
    assert reason.split(":")[0].isidentifier(), "the type of the error comes first"


@pytest.mark.parametrize("garbage", [b"", b"\x00\xff\r\n\r\n", b"HTTP/1.1 99999 no\r\n\r\n", b"SSH-2.0-OpenSSH_9\r\n"])
def test_what_does_not_answer_in_http_is_a_failure(garbage: bytes) -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(1 << 20)
        connection.sendall(garbage)

    with RawServer(behave) as server, pytest.raises(DeliveryFailed):
        tell(server.url)
