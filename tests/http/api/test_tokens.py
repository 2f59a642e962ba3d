"""Accepted tokens: signed by the issuer's own key, for this audience and in time, whatever else they say.

One token of each kind goes through the gateway, and the variants are shown to the authorizer in this process.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from chalicelib.api import auth
from stack.local.issuer import AUDIENCE, ISSUER, Issuer
from stack.local.local_stack import LocalStack
from stack.settings import DEFAULT_SCOPE
from tests.support.client import Client, problem

Claims = dict[str, Any]
STRANGERS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def issuer(stack: LocalStack) -> Issuer:
    """The stack's own issuer, with its key."""
    return stack.issuer


@pytest.fixture
def claims(owner: str) -> Claims:
    """The claims of a good token."""
    now = int(time.time())
    return {"iss": ISSUER, "aud": AUDIENCE, "sub": owner, "scope": DEFAULT_SCOPE, "iat": now, "exp": now + 600}


def signed(issuer: Issuer, claims: Claims) -> str:
    """A token as the issuer makes it, whatever the claims are; one that is None is left out."""
    content = json.dumps({name: value for name, value in claims.items() if value is not None}).encode()
    return jwt.PyJWS().encode(content, issuer.private_key, "RS256", headers={"kid": issuer.key_id})


def by_hand(header: dict[str, Any], claims: Claims, secret: bytes | None) -> str:
    """A token that no library would make: HMAC with any secret, or (None) without a signature."""

    def encode(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    text = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(claims).encode())}"
    return f"{text}.{'' if secret is None else encode(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def by_a_stranger(issuer: Issuer, claims: Claims) -> str:
    return jwt.encode(claims, STRANGERS_KEY, "RS256", headers={"kid": issuer.key_id})


def without_algorithm(issuer: Issuer, claims: Claims) -> str:
    return by_hand({"alg": "none", "kid": issuer.key_id}, claims, None)


def by_hmac_with_the_public_key(issuer: Issuer, claims: Claims, algorithm: str | None = "HS256") -> str:
    encoding, content = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    everybody_knows = issuer.private_key.public_key().public_bytes(encoding, content)
    return by_hand({"alg": algorithm, "kid": issuer.key_id}, claims, everybody_knows)


BAD_TOKENS: dict[str, Callable[[Issuer, Claims], str]] = {
    "signed by another key": by_a_stranger,
    "signed with no algorithm": without_algorithm,
    "signed with the public key": by_hmac_with_the_public_key,
    "for another audience": lambda issuer, claims: signed(issuer, claims | {"aud": "another-service"}),
    "of another issuer": lambda issuer, claims: signed(issuer, claims | {"iss": "https://evil.example/"}),
    "expired": lambda issuer, claims: signed(issuer, claims | {"exp": 1}),
    "without a subject": lambda issuer, claims: signed(issuer, claims | {"sub": None}),
    "with a subject of 256 bytes": lambda issuer, claims: signed(issuer, claims | {"sub": "é" * 128}),
    "no token at all": lambda issuer, claims: "x",
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_the_gateway_refuses_a_token_that_is(stack: LocalStack, issuer: Issuer, claims: Claims, kind: str) -> None:
    answer = Client(stack.url, BAD_TOKENS[kind](issuer, claims)).post("/todos", {"title": "x"})

    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token", ')
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert Client(stack.url, signed(issuer, claims)).get("/todos").json() == []


@pytest.fixture
def opens(environment: None) -> Callable[[str], bool]:
    """Tells whether the authorizer lets a request with this header in, or refuses it by the error that means 401."""

    def ask(authorization: str) -> bool:
        arn = "arn:aws:execute-api:us-east-1:000000000000:api/local/GET/todos"
        try:
            answer = auth.authorize(authorization, arn)
        except Exception as error:
            # The gateway goes by the text alone.
            if str(error) != "Unauthorized":
                raise
            return False
        (statement,) = answer["policyDocument"]["Statement"]
        assert (statement["Effect"], statement["Resource"]) == ("Allow", [f"{arn.removesuffix('GET/todos')}*"])
        return True

    return ask


def test_a_good_token_opens(opens: Callable[[str], bool], issuer: Issuer, claims: Claims) -> None:
    """Else none of the refusals below would say anything."""
    assert opens(f"Bearer {signed(issuer, claims)}")
    assert opens(f"bearer {signed(issuer, claims | {'aud': ['another', AUDIENCE]})}")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": None}, {"aud": []}, {"aud": ""}, {"iss": None}, {"iss": ISSUER.rstrip("/")}, {"exp": None},
        {"exp": "soon"}, {"exp": 0}, {"sub": ""}, {"sub": "x" * 256}, {"sub": 7},
        {"sub": ["a"]}, {"sub": "\ud800"}, {"sub": "urn:todo-ledger:loader"}, {"act": "assistant"}, {"act": {}},
        {"act": {"sub": "urn:todo-ledger:remind"}}, {"client_id": "\ud800"}, {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
    ],
    ids=lambda changes: ascii(changes)[:40],
)  # fmt: skip
def test_a_claim_that_does_not_hold_is_refused(
    opens: Callable[[str], bool], issuer: Issuer, claims: Claims, changes: Claims
) -> None:
    assert not opens(f"Bearer {signed(issuer, claims | changes)}")


def test_another_key_is_refused_whatever_it_calls_itself(
    opens: Callable[[str], bool], issuer: Issuer, claims: Claims
) -> None:
    brought = jwt.algorithms.RSAAlgorithm.to_jwk(STRANGERS_KEY.public_key(), as_dict=True)

    for header in ({}, {"kid": "unknown"}, {"kid": issuer.key_id, "jwk": brought}, {"jku": "https://evil.example"}):
        assert not opens(f"Bearer {jwt.encode(claims, STRANGERS_KEY, 'RS256', headers=header)}")


def test_another_algorithm_is_refused(opens: Callable[[str], bool], issuer: Issuer, claims: Claims) -> None:
    header = {"kid": issuer.key_id}

    for algorithm in ("RS384", "RS512", "PS256"):
        assert not opens(f"Bearer {jwt.encode(claims, issuer.private_key, algorithm, headers=header)}")
    curve = ec.generate_private_key(ec.SECP256R1())
    assert not opens(f"Bearer {jwt.encode(claims, curve, 'ES256', headers=header)}")
    for name in ("None", "NONE", "", None, "HS256", "HS512", "RS256"):
        assert not opens(f"Bearer {by_hand({'alg': name, 'kid': issuer.key_id}, claims, None)}")
        assert not opens(f"Bearer {by_hmac_with_the_public_key(issuer, claims, name)}")


def test_a_token_that_was_changed_is_refused(opens: Callable[[str], bool], issuer: Issuer, claims: Claims) -> None:
    head, body, signature = signed(issuer, claims).split(".")
    other = signed(issuer, claims | {"sub": "somebody-else"}).split(".")[1]

    for token in (f"{head}.{other}.{signature}", f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.AAAA", "..", "é"):
        assert not opens(f"Bearer {token}")


@pytest.mark.parametrize("scheme", ["", "Basic ", "Token ", "Bearer", "Bearer  Bearer "])
def test_only_a_bearer_token_is_taken(
    opens: Callable[[str], bool], issuer: Issuer, claims: Claims, scheme: str
) -> None:
    assert not opens(scheme + signed(issuer, claims))


@pytest.mark.parametrize(
    "sub", ["x" * 255, "é" * 127, "🛒" * 63, " ", "a#b", "%", "a/b"], ids=lambda sub: ascii(sub)[:20]
)
def test_any_subject_of_up_to_255_bytes_is_an_owner(
    stack: LocalStack, issuer: Issuer, claims: Claims, sub: str
) -> None:
    client = Client(stack.url, signed(issuer, claims | {"sub": sub}))

    todo = client.created_and_seen(str(uuid.uuid4()))

    assert todo["title"] in client.titles("/todos?limit=200")
    assert client.events(todo["id"])[0]["actor"] == sub


def test_the_events_say_who_acts_for_the_owner_and_by_what_program(
    stack: LocalStack, issuer: Issuer, owner: str
) -> None:
    token = issuer.token(owner, client="shopping-assistant", actor="assistant é")
    client = Client(stack.url, token)

    todo = client.create("Buy milk")

    (event,) = Client(stack.url, issuer.token(owner)).events(todo["id"])
    assert (event["actor"], event["client"]) == ("assistant é", "shopping-assistant")
