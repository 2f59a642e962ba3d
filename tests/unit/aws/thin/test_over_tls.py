"""The thin client over TLS: it verifies whom it talks to, and outlives connections that end."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws.errors import NoAnswer
from chalicelib.aws.thin.client import ThinClient
from chalicelib.aws.thin.http import Address
from chalicelib.aws.thin.origin import Origin
from chalicelib.aws.thin.signing import Credentials
from tests.support.certificates import write_certificate
from tests.support.faults import without_pauses
from tests.unit.aws.thin import faulty
from tests.unit.aws.thin.faulty import ITEM, OK, Seen, raw

KEY = {"stream_id": {"S": "x"}}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1, with its key."""
    return write_certificate(tmp_path_factory.mktemp("tls") / "both.pem")


@pytest.fixture
def of_server(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def client(port: int, tls: Callable[[], ssl.SSLContext]) -> ThinClient:
    who = Credentials("key", "secret")
    origin = Origin(Address("127.0.0.1", port, tls), f"127.0.0.1:{port}", "dynamodb", "us-east-1", lambda: who)
    return ThinClient(origin, lambda: None)


def test_one_connection_serves_several_requests(
    certificate: Path, of_server: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pauses(monkeypatch)
    with faulty.serving([OK, OK, raw(b""), OK, OK], of_server) as server:
        of_client = client(server.port, lambda: ssl.create_default_context(cafile=certificate))
        for _ in range(4):
            assert of_client.get_item(TableName="x", Key=KEY)["Item"] == ITEM
        assert (server.connections, len(server.seen)) == (2, 5)


def without_goodbye(connection: Any, _: Seen) -> bool:
    """TCP ends in the middle of an answer, without TLS saying so."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n{")
    socket.socket.shutdown(connection, socket.SHUT_RDWR)
    return False


def test_an_answer_cut_off_below_tls_is_not_believed(
    certificate: Path, of_server: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pauses(monkeypatch)
    with faulty.serving([without_goodbye, without_goodbye, OK], of_server) as server:
        of_client = client(server.port, lambda: ssl.create_default_context(cafile=certificate))
        assert of_client.get_item(TableName="x", Key=KEY)["Item"] == ITEM


def test_who_has_no_trusted_certificate_is_told_nothing(
    of_server: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pauses(monkeypatch)
    with faulty.serving([OK], of_server) as server:
        with pytest.raises(NoAnswer, match="CERTIFICATE_VERIFY_FAILED"):
            client(server.port, ssl.create_default_context).get_item(TableName="x", Key=KEY)
        assert server.seen == []


def test_who_has_the_certificate_of_another_name_is_told_nothing(
    certificate: Path, of_server: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pauses(monkeypatch)
    with faulty.serving([OK], of_server) as server:
        of_client = client(server.port, lambda: ssl.create_default_context(cafile=certificate))
        monkeypatch.setattr(
            of_client.sender.pool, "address", Address("localhost", server.port, of_client.sender.pool.address.tls)
        )
        with pytest.raises(NoAnswer, match="CERTIFICATE_VERIFY_FAILED"):
            of_client.get_item(TableName="x", Key=KEY)
        assert server.seen == []
