"""TLS is checked by the name that was given, though the connection goes to an address."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.webhooks import http_post
from chalicelib.webhooks.errors import DeliveryFailed
from tests.support.receiver import Receiver
from tests.triggers.delivery.conftest import Alarm
from tests.triggers.delivery.sending.raw_server import RawServer, until_the_client_is_gone
from tests.triggers.delivery.sending.sending import Resolver, tell

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

    def server(self, name: str, seen: list[str | None], *, alternative: bool = True) -> ssl.SSLContext:
        """A server's TLS with a certificate for `name`; the names that clients ask for (SNI) are added to `seen`.

        With ``alternative=False`` only its common name says so.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(
            subject, key.public_key(), x509.BasicConstraints(False, None), name if alternative else None
        )
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

    def be_trusted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be one of the system's authorities."""
        file = self._directory / "authorities.pem"
        file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        http_post.tls_context.cache_clear()

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
def authority(tmp_path: Path) -> Iterator[Authority]:
    yield Authority(tmp_path)
    http_post.tls_context.cache_clear()


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
    authority.be_trusted(monkeypatch)
    assert tell(f"https://hooks.example:{secure.port}/hook?a=b") == 200
    assert seen == ["hooks.example"]
    (request,) = secure.requests
    assert request.headers["Host"] == f"hooks.example:{secure.port}"
    assert request.target == "/hook?a=b"


def test_a_certificate_for_another_name_is_refused(
    authority: Authority, secure: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.be_trusted(monkeypatch)
    for url in (f"https://other.example:{secure.port}/", f"https://127.0.0.1:{secure.port}/"):
        with pytest.raises(DeliveryFailed, match="SSL"):
            tell(url)
    assert secure.requests == []


def test_a_certificate_that_has_the_name_as_its_common_name_only_is_refused(
    authority: Authority, seen: list[str | None], resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.be_trusted(monkeypatch)
    resolver.answers = {"hooks.example": [["127.0.0.1"]]}
    with Receiver(tls=authority.server("hooks.example", seen, alternative=False)) as receiver:
        with pytest.raises(DeliveryFailed, match="SSL"):
            tell(f"https://hooks.example:{receiver.port}/")
        assert receiver.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused(secure: Receiver) -> None:
    with pytest.raises(DeliveryFailed, match="SSL"):
        tell(f"https://hooks.example:{secure.port}/")
    assert secure.requests == []


def test_the_systems_authorities_are_verified_with_the_name() -> None:
    context = http_post.tls_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_tls_receiver_that_never_shakes_hands_is_given_up(alarms: list[Alarm]) -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(1 << 20)
        alarms[0].go_off()
        until_the_client_is_gone(connection)

    with RawServer(behave) as server, pytest.raises(DeliveryFailed, match="no answer within"):
        tell(server.url.replace("http:", "https:"))
