"""The authorizer keeps the issuer's keys, and looks for one that it does not know at most once a minute."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from chalicelib.api import auth
from stack.local.issuer import Issuer
from tests.support.server import Received, Reply, Server


class KeySet(Server):
    """An issuer's published keys (RFC 7517), and how often they were fetched."""

    def __init__(self, *issuers: Issuer) -> None:
        super().__init__(self._answer)
        self.url += "/jwks.json"
        self.issuers = list(issuers)
        self.fetched = 0

    def _answer(self, _: Received) -> Reply:
        self.fetched += 1
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
    monkeypatch.setattr(auth, "time", SimpleNamespace(monotonic=lambda: clock.now, time=time.time))
    return clock


def test_known_keys_are_fetched_once(published: KeySet, issuers: tuple[Issuer, Issuer], clock: SimpleNamespace) -> None:
    keys = auth._IssuerKeys(published.url)
    for _ in range(5):
        assert keys.find(issuers[0].key_id) is not None
        clock.now += 100
    assert published.fetched == 1


def test_a_new_key_is_found_at_once(published: KeySet, issuers: tuple[Issuer, Issuer], clock: SimpleNamespace) -> None:
    old, new = issuers
    keys = auth._IssuerKeys(published.url)
    assert keys.find(old.key_id) is not None
    published.issuers = [old, new]
    assert keys.find(new.key_id) is not None
    assert published.fetched == 2


def test_an_unknown_key_makes_nobody_fetch_more_than_once_a_minute(
    published: KeySet, issuers: tuple[Issuer, Issuer], clock: SimpleNamespace
) -> None:
    keys = auth._IssuerKeys(published.url)
    assert keys.find(issuers[0].key_id) is not None
    for number in range(50):
        assert keys.find(f"unknown-{number}") is None
        clock.now += 1
    assert published.fetched == 2
    clock.now += auth.JWKS_REFRESH_SECONDS
    assert keys.find("unknown") is None
    assert published.fetched == 3
    # The known one is at hand all the while.
    assert keys.find(issuers[0].key_id) is not None
    assert published.fetched == 3
