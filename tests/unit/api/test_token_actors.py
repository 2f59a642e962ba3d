"""Who acts by a token, and by what program."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.api.token_actors import actor_in, client_in

ISSUER = "https://issuer.example/"
CLAIMS: dict[str, Any] = {"iss": ISSUER, "sub": "alice"}


@pytest.mark.parametrize(
    ("act", "actor"),
    [
        ({"sub": "assistant"}, "assistant"),
        ({"sub": "assistant", "iss": ISSUER}, "assistant"),
        ({"sub": "assistant", "iss": "https://other.example"}, "https://other.example#assistant"),
        ({"sub": "b#c", "iss": "https://other.example"}, "https://other.example#b#c"),
        ({"sub": "assistant", "client_id": "app", "act": {"sub": "somebody before"}}, "assistant"),
        ({"sub": "assistant", "act": "not looked at"}, "assistant"),
        ({"sub": "alice"}, "alice"),
    ],
)
def test_who_acts_is_the_outermost_actor(act: Any, actor: str) -> None:
    assert actor_in({**CLAIMS, "act": act}) == actor


def test_without_an_actor_the_subject_acts() -> None:
    assert actor_in(CLAIMS) == "alice"


@pytest.mark.parametrize(
    "act",
    [
        None, "assistant", [], {}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": ["a"]}, {"sub": "x" * 256},
        {"sub": "\ud800"}, {"sub": "urn:todo-ledger:loader"}, {"sub": "URN:Todo-Ledger:remind"},
        {"sub": "a", "iss": None}, {"sub": "a", "iss": 7}, {"sub": "a", "iss": ""}, {"sub": "a", "iss": "x" * 256},
        {"sub": "a", "iss": "urn:todo-ledger:loader"}, {"sub": "a", "iss": "https://other.example#b"},
        {"act": {"sub": "a"}},
    ],
    ids=lambda act: ascii(act)[:40],
)  # fmt: skip
def test_a_malformed_actor_is_none_rather_than_the_subject(act: Any) -> None:
    assert actor_in({**CLAIMS, "act": act}) is None


@pytest.mark.parametrize(
    ("claims", "client"),
    [
        ({}, None),
        ({"client_id": "app"}, "app"),
        ({"azp": "app"}, "app"),
        ({"client_id": "one", "azp": "other"}, "one"),
        ({"client_id": "", "azp": "other"}, "other"),
        ({"client_id": 7}, None),
        ({"client_id": ["app"], "azp": {}}, None),
        ({"client_id": "é" * 127 + "x"}, "é" * 127 + "x"),
    ],
)
def test_the_client_is_the_one_that_the_token_was_issued_to(claims: dict[str, Any], client: str | None) -> None:
    assert client_in({**CLAIMS, **claims}) == client


def test_of_a_client_with_a_long_name_the_hash_is_kept() -> None:
    found = client_in({**CLAIMS, "client_id": "é" * 128})

    assert found == "sha256:e42dd264fd5cf1bc947505b995dceb9ae0a2d2a4c99b4ce5ea02f36526819280"
    assert client_in({**CLAIMS, "client_id": "é" * 127 + "xy"}) not in (None, found)
