"""Sending goes to an address that was checked, by the name that was given, and nowhere else."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.webhooks import http_post, subscriptions
from chalicelib.webhooks.errors import AddressRefused, DeliveryFailed
from tests.support.receiver import Receiver
from tests.triggers.delivery.test_webhook_destinations import INSIDE

Names = dict[str, list[list[str]]]


@pytest.fixture(autouse=True)
def on_a_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOKS_ALLOW_PRIVATE", "1")


@pytest.fixture
def in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEBHOOKS_ALLOW_PRIVATE")


class Resolver:
    """A resolver that gives each name the next of its answers, and counts how often it was asked."""

    def __init__(self) -> None:
        self.answers: Names = {}
        self.asked: list[str] = []
        self._real = socket.getaddrinfo

    def __call__(self, host: str, port: int, *rest: Any, **named: Any) -> Any:
        try:
            ip_address(host)
        except ValueError:
            pass
        else:
            return self._real(host, port, *rest, **named)
        self.asked.append(host)
        if not self.answers.get(host):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        addresses = self.answers[host].pop(0) if len(self.answers[host]) > 1 else self.answers[host][0]
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    resolver = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    return resolver


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where connections were tried to; none succeeds."""
    tried: list[Any] = []

    def connect(_: socket.socket, address: Any) -> None:
        tried.append(address[0])
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


def tell(url: str) -> int:
    return http_post.send(url, subscriptions.new_secret(), "message-1", '{"id":"message-1"}')


@pytest.mark.parametrize(("what", "address"), INSIDE)
def test_a_name_that_leads_inside_is_refused_before_any_connection(
    in_production: None, resolver: Resolver, connections: list[Any], what: str, address: str
) -> None:
    resolver.answers["hooks.example"] = [[address]]
    with pytest.raises(AddressRefused, match="not public"):
        tell("https://hooks.example/")
    assert connections == []


@pytest.mark.parametrize(
    "addresses",
    [["93.184.216.34", "127.0.0.1"], ["2606:4700::1", "169.254.169.254"], ["1.1.1.1", "1.0.0.1", "::ffff:10.0.0.1"]],
)
def test_every_address_of_a_name_is_checked_not_only_the_first(
    in_production: None, resolver: Resolver, connections: list[Any], addresses: list[str]
) -> None:
    resolver.answers["hooks.example"] = [addresses]
    with pytest.raises(AddressRefused):
        tell("https://hooks.example/")
    assert connections == []


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "http://1.1.1.1/"])
def test_a_webhook_that_was_stored_with_such_an_address_is_refused_too(
    in_production: None, connections: list[Any], url: str
) -> None:
    with pytest.raises(AddressRefused):
        tell(url)
    assert connections == []


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1"])
def test_the_connection_goes_to_the_checked_address_when_the_name_leads_elsewhere_the_next_time(
    in_production: None, resolver: Resolver, connections: list[Any], address: str
) -> None:
    resolver.answers["rebinding.example"] = [[address], ["127.0.0.1"]]
    with pytest.raises(DeliveryFailed):
        tell("https://rebinding.example/")
    assert connections == [address]
    assert resolver.asked == ["rebinding.example"]


def test_of_several_addresses_the_next_is_tried_when_one_cannot_be_reached(
    in_production: None, resolver: Resolver, connections: list[Any]
) -> None:
    many = [f"93.184.216.{n}" for n in range(1, 10)]
    resolver.answers["hooks.example"] = [many]
    with pytest.raises(DeliveryFailed):
        tell("https://hooks.example/")
    assert connections == many[: http_post.MAX_ADDRESSES]


def test_a_rebound_name_reaches_the_receiver_that_was_checked(resolver: Resolver, receiver: Receiver) -> None:
    resolver.answers["rebinding.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    assert tell(f"http://rebinding.example:{receiver.port}/hook") == 200
    (request,) = receiver.requests
    assert request.headers["Host"] == f"rebinding.example:{receiver.port}"


def test_a_name_that_leads_nowhere_is_a_failure(resolver: Resolver) -> None:
    with pytest.raises(DeliveryFailed, match="leads nowhere"):
        tell("https://nowhere.example/")


def test_redirects_are_not_followed() -> None:
    with Receiver() as other, Receiver(lambda _: 302, headers={"Location": other.url}) as receiver:
        with pytest.raises(DeliveryFailed, match="answered 302"):
            tell(receiver.url)
        assert len(receiver.requests) == 1
        assert other.requests == []


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert tell(receiver.url) == 200
        assert len(receiver.requests) == 1
        assert proxy.requests == []


class RawServer:
    """Accepts connections and lets `behave` do with each what it likes."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __enter__(self) -> RawServer:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        try:
            self._behave(connection)
        except OSError:
            pass
        finally:
            connection.close()


def trickle(start: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    return behave


def say_nothing(connection: socket.socket) -> None:
    connection.recv(1 << 20)
    time.sleep(30)


@pytest.mark.parametrize(
    "behave",
    [
        say_nothing,
        trickle(b""),
        trickle(b"HTTP/1.1 200 OK\r\nX-Long: "),
    ],
    ids=["silent", "a status line that never ends", "headers that never end"],
)
def test_a_receiver_that_does_not_finish_is_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch, behave: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(http_post, "TIMEOUT_SECONDS", 0.5)
    with RawServer(behave) as server:
        started = time.monotonic()
        with pytest.raises(DeliveryFailed):
            tell(server.url)
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "behave",
    [
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 50_000_000),
        lambda connection: connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip at all"),
    ],
    ids=["a body that never ends", "a huge body", "no body", "a body that cannot be decoded"],
)
def test_a_status_of_success_is_enough_whatever_the_body_is(
    monkeypatch: pytest.MonkeyPatch, behave: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(http_post, "TIMEOUT_SECONDS", 0.5)
    with RawServer(behave) as server:
        started = time.monotonic()
        assert 200 <= tell(server.url) < 300
        assert time.monotonic() - started < 5


@pytest.mark.parametrize("garbage", [b"", b"\x00\xff\r\n\r\n", b"HTTP/1.1 99999 no\r\n\r\n", b"SSH-2.0-OpenSSH_9\r\n"])
def test_what_does_not_answer_in_http_is_a_failure(garbage: bytes) -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(1 << 20)
        connection.sendall(garbage)

    with RawServer(behave) as server, pytest.raises(DeliveryFailed):
        tell(server.url)


KEY_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


class Authority:
    """A certificate authority of this test's own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])
        self.certificate = self._sign(self._name, self._key.public_key(), x509.BasicConstraints(True, None), None)

    def server(self, name: str, seen: list[str | None]) -> ssl.SSLContext:
        """A server's TLS with a certificate for `name`; the names that clients ask for (SNI) are added to `seen`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key.public_key(), x509.BasicConstraints(False, None), name)
        chain = self._directory / "server.pem"
        chain.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        context.sni_callback = lambda _, asked, __: seen.append(asked)
        return context

    def trusted(self) -> ssl.SSLContext:
        """What `delivery` makes of the system's authorities, but of this one."""
        pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)

    def _sign(
        self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey, basic: x509.BasicConstraints, host: str | None
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(basic, critical=True)
            # Python 3.13 checks certificates strictly (RFC 5280): they name the keys that they are of and signed by.
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if basic.ca:
            usages = dict.fromkeys(KEY_USAGES, False) | {"key_cert_sign": True, "crl_sign": True}
            builder = builder.add_extension(x509.KeyUsage(**usages), critical=True)
        if host is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def seen() -> list[str | None]:
    """The names that clients asked for."""
    return []


@pytest.fixture
def secure(authority: Authority, seen: list[str | None], resolver: Resolver) -> Iterator[Receiver]:
    """A receiver with a certificate for hooks.example, to which two names lead."""
    resolver.answers = {"hooks.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]}
    with Receiver(tls=authority.server("hooks.example", seen)) as receiver:
        yield receiver


def test_the_name_stands_in_sni_and_host_and_the_certificate_is_checked_against_it(
    authority: Authority, secure: Receiver, seen: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_post, "tls_context", authority.trusted)
    assert tell(f"https://hooks.example:{secure.port}/hook?a=b") == 200
    assert seen == ["hooks.example"]
    (request,) = secure.requests
    assert request.headers["Host"] == f"hooks.example:{secure.port}"
    assert request.target == "/hook?a=b"


def test_a_certificate_for_another_name_is_refused(
    authority: Authority, secure: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_post, "tls_context", authority.trusted)
    for url in (f"https://other.example:{secure.port}/", f"https://127.0.0.1:{secure.port}/"):
        with pytest.raises(DeliveryFailed, match="SSL"):
            tell(url)
    assert secure.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused(secure: Receiver) -> None:
    with pytest.raises(DeliveryFailed, match="SSL"):
        tell(f"https://hooks.example:{secure.port}/")
    assert secure.requests == []


def test_the_systems_authorities_are_verified_with_the_name() -> None:
    context = http_post.tls_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_tls_receiver_that_never_shakes_hands_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_post, "TIMEOUT_SECONDS", 0.5)
    with RawServer(lambda connection: time.sleep(30)) as server:
        started = time.monotonic()
        with pytest.raises(DeliveryFailed, match="no answer within"):
            tell(server.url.replace("http:", "https:"))
        assert time.monotonic() - started < 3
