"""The authorizer keeps the issuer's keys, looks for one that it does not know at most once a minute, and goes on with
those that it has while the issuer is down. Weak keys are passed over.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from chalicelib.api import auth, issuer_keys
from stack.local.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.reset import forget_everything
from tests.support.server import Received, Reply, Server

NO_ANSWER = Reply(0)
FAULTS = [
    Reply(200, b"<!doctype html><title>We will be back soon</title>", {"Content-Type": "text/html"}),
    Reply(200, b""),
    Reply(200, b"{}"),
    Reply(200, b"[]"),
    Reply(200, b'{"keys": "none"}'),
    Reply(200, b"[" * 100_000),
    Reply(200, b'{"keys": []' + b" " * issuer_keys.MAX_JWKS_BYTES + b"}"),
    Reply(200, b"\xff\xfe"),
    Reply(404),
    Reply(500, b'{"keys": []}'),
    Reply(302, headers={"Location": "http://127.0.0.1:1/"}),
    Reply(302, headers={"Location": "file:///etc/passwd"}),
    NO_ANSWER,
]


class KeySet(Server):
    """An issuer's published keys (RFC 7517), and how often they were fetched."""

    def __init__(self, *issuers: Issuer) -> None:
        super().__init__(self._answer)
        self.url += "/jwks.json"
        self.issuers = list(issuers)
        self.fetched = 0
        # Given instead of the keys.
        self.fault: Reply | None = None

    def _answer(self, _: Received) -> Reply | None:
        self.fetched += 1
        if self.fault is not None:
            return self.fault if self.fault is not NO_ANSWER else None
        keys = [key for issuer in self.issuers for key in issuer.key_set()["keys"]]
        return Reply(200, json.dumps({"keys": keys}).encode())


@pytest.fixture(scope="module")
def issuers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Issuer, Issuer]:
    directory: Path = tmp_path_factory.mktemp("keys")
    return Issuer(directory / "old.pem"), Issuer(directory / "new.pem")


@pytest.fixture
def published(issuers: tuple[Issuer, Issuer]) -> Iterator[KeySet]:
    """The old key alone."""
    with KeySet(issuers[0]) as key_set:
        yield key_set


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock by which the authorizer bounds its fetches."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(issuer_keys, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_known_keys_are_fetched_once(published: KeySet, issuers: tuple[Issuer, Issuer], clock: SimpleNamespace) -> None:
    keys = issuer_keys.IssuerKeys(published.url)
    for _ in range(5):
        assert keys.find(issuers[0].key_id, "RS256") is not None
        clock.now += 100
    assert published.fetched == 1


def test_a_new_key_is_found_at_once(published: KeySet, issuers: tuple[Issuer, Issuer], clock: SimpleNamespace) -> None:
    old, new = issuers
    keys = issuer_keys.IssuerKeys(published.url)
    assert keys.find(old.key_id, "RS256") is not None
    published.issuers = [old, new]
    assert keys.find(new.key_id, "RS256") is not None
    assert published.fetched == 2


def test_an_unknown_key_makes_nobody_fetch_more_than_once_a_minute(
    published: KeySet, issuers: tuple[Issuer, Issuer], clock: SimpleNamespace
) -> None:
    keys = issuer_keys.IssuerKeys(published.url)
    assert keys.find(issuers[0].key_id, "RS256") is not None
    for number in range(50):
        assert keys.find(f"unknown-{number}", "RS256") is None
        clock.now += 1
    assert published.fetched == 2
    clock.now += issuer_keys.JWKS_REFRESH_SECONDS
    assert keys.find("unknown", "RS256") is None
    assert published.fetched == 3
    # The known one is at hand all the while.
    assert keys.find(issuers[0].key_id, "RS256") is not None
    assert published.fetched == 3


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.status} {fault.content[:12]!a}")
def test_keys_that_have_expired_are_used_while_the_issuer_gives_none(
    published: KeySet, issuers: tuple[Issuer, Issuer], clock: SimpleNamespace, fault: Reply
) -> None:
    keys = issuer_keys.IssuerKeys(published.url)
    assert keys.find(issuers[0].key_id, "RS256") is not None
    published.fault = fault
    clock.now += issuer_keys.JWKS_LIFESPAN_SECONDS
    for _ in range(50):
        assert keys.find(issuers[0].key_id, "RS256") is not None
        with pytest.raises(issuer_keys.IssuerUnavailable):
            keys.find("another", "RS256")
    assert published.fetched == 2, "not each call fetches"
    clock.now += issuer_keys.JWKS_STALE_SECONDS
    with pytest.raises(issuer_keys.IssuerUnavailable):
        keys.find(issuers[0].key_id, "RS256")
    published.fault = None
    clock.now += issuer_keys.JWKS_RETRY_SECONDS
    assert keys.find(issuers[0].key_id, "RS256") is not None
    assert keys.find("another", "RS256") is None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.status} {fault.content[:12]!a}")
def test_without_any_keys_it_says_so_and_tries_again_a_little_later(
    published: KeySet, issuers: tuple[Issuer, Issuer], clock: SimpleNamespace, fault: Reply
) -> None:
    published.fault = fault
    keys = issuer_keys.IssuerKeys(published.url)
    for _ in range(50):
        with pytest.raises(issuer_keys.IssuerUnavailable):
            keys.find(issuers[0].key_id, "RS256")
    assert published.fetched == 1
    published.fault = None
    clock.now += issuer_keys.JWKS_RETRY_SECONDS
    assert keys.find(issuers[0].key_id, "RS256") is not None


def test_a_key_that_the_issuer_withdrew_is_not_used(
    published: KeySet, issuers: tuple[Issuer, Issuer], clock: SimpleNamespace
) -> None:
    keys = issuer_keys.IssuerKeys(published.url)
    assert keys.find(issuers[0].key_id, "RS256") is not None
    published.issuers = []
    clock.now += issuer_keys.JWKS_LIFESPAN_SECONDS
    assert keys.find(issuers[0].key_id, "RS256") is None


def test_an_issuer_that_never_ends_is_given_up(published: KeySet, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = threading.Event()
    monkeypatch.setattr(issuer_keys, "JWKS_TIMEOUT_SECONDS", 0.0)
    monkeypatch.setattr(issuer_keys, "_get", lambda _: gone.wait())
    with pytest.raises(TimeoutError):
        issuer_keys.fetch(published.url)
    gone.set()


def jwk(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, **members: str) -> dict[str, Any]:
    made: dict[str, Any]
    if isinstance(key, rsa.RSAPrivateKey):
        made = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        made = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": "key", **members}


def usable(*keys: Any) -> list[str]:
    return [key.algorithm_name for key in issuer_keys.usable_keys(json.dumps({"keys": keys}).encode())]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (jwk(rsa.generate_private_key(65537, 1024)), []),  # noqa: S505
        (jwk(rsa.generate_private_key(65537, 2040)), []),  # noqa: S505
        (jwk(rsa.generate_private_key(65537, 2048)), ["RS256"]),
        (jwk(rsa.generate_private_key(65537, 2048), alg="RS256", use="sig"), ["RS256"]),
        (jwk(rsa.generate_private_key(65537, 2048), use="enc"), []),
        (jwk(rsa.generate_private_key(65537, 2048), alg="PS256"), []),
        (jwk(rsa.generate_private_key(65537, 2048), alg="ES256"), []),
        (jwk(ec.generate_private_key(ec.SECP256R1())), ["ES256"]),
        (jwk(ec.generate_private_key(ec.SECP256K1())), []),
        (jwk(ec.generate_private_key(ec.SECP384R1())), []),
        (jwk(ec.generate_private_key(ec.SECP384R1()), alg="ES256"), []),
        (jwk(ec.generate_private_key(ec.SECP256K1()), alg="ES256"), []),
        ({"kty": "oct", "k": "c2VjcmV0", "kid": "key"}, []),
        ({"kty": "oct", "k": "c2VjcmV0", "kid": "key", "alg": "RS256"}, []),
        ({"kty": "RSA", "kid": "key"}, []),
        ({"kty": ["RSA"]}, []),
        ({}, []),
        (None, []),
        ("key", []),
    ],
)
def test_only_keys_that_are_strong_enough_for_an_accepted_algorithm_are_used(key: Any, expected: list[str]) -> None:
    assert usable(key) == expected
    strong = jwk(ec.generate_private_key(ec.SECP256R1()), kid="another")
    assert usable(key, strong) == [*expected, "ES256"], "the others are used all the same"


def test_a_token_is_neither_accepted_nor_refused_while_its_issuer_has_no_keys_to_give(
    published: KeySet, issuers: tuple[Issuer, Issuer], monkeypatch: pytest.MonkeyPatch
) -> None:
    published.fault = FAULTS[0]
    for name, value in (("JWKS_URL", published.url), ("TOKEN_ISSUER", ISSUER), ("TOKEN_AUDIENCE", AUDIENCE)):
        monkeypatch.setenv(name, value)
    forget_everything()
    asked = (f"Bearer {issuers[0].token('ann')}", "arn:aws:execute-api:us-east-1:000000000000:api/local/GET/todos")
    # The gateway answers 503 to this error.
    with pytest.raises(issuer_keys.IssuerUnavailable):
        auth.authorize(*asked)
    published.fault = None
    forget_everything()
    assert auth.authorize(*asked)["principalId"] == "ann"
    forget_everything()
