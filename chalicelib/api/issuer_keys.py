"""The token issuer's public keys (JWKS, RFC 7517): fetched when they are needed, kept, and used while it is down."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from chalicelib import logs
from chalicelib.todos.errors import Transient

if TYPE_CHECKING:
    from jwt import PyJWK

# An allow-list: a caller who could choose the algorithm would choose "none", or HMAC with the public key as secret.
ALGORITHMS: Final = ("RS256", "ES256")
# NIST SP 800-131A demands 2,048 bits; verifying takes a hundred times as long with 16,384.
RSA_BITS: Final = range(2048, 8192 + 1)

JWKS_LIFESPAN_SECONDS: Final = 3600
# So much longer keys are used while the issuer has none to give. A key that it withdraws meanwhile is accepted so long.
JWKS_STALE_SECONDS: Final = 6 * 3600
# A token with an unknown key id makes us fetch the keys again, but at most this often.
JWKS_REFRESH_SECONDS: Final = 60
# After a failure nothing is fetched for so long, whatever comes.
JWKS_RETRY_SECONDS: Final = 10
JWKS_TIMEOUT_SECONDS: Final = 5
# Issuers publish a handful of keys, in a few kilobytes.
MAX_JWKS_BYTES: Final = 256 * 1024
MAX_KEYS: Final = 100


class IssuerUnavailable(Transient):
    """Whether a token is valid cannot be known, because the issuer's keys cannot be fetched."""


class IssuerKeys:
    """The keys that an issuer publishes at a URL, those that are strong enough for `ALGORITHMS`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[tuple[str | None, str], PyJWK] = {}
        self._fetched_at = self._failed_at = self._refreshed_at = float("-inf")

    def find(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        """The key with this id for this algorithm, or None if the issuer has none.

        Raises
        ------
        IssuerUnavailable
        """
        now = time.monotonic()
        if has_expired := now - self._fetched_at >= JWKS_LIFESPAN_SECONDS:
            self._fetch(now)
        if now - self._fetched_at >= JWKS_LIFESPAN_SECONDS + JWKS_STALE_SECONDS:
            self._keys = {}
        found = self._keys.get((key_id, algorithm))
        if found is None and not has_expired and now - self._refreshed_at >= JWKS_REFRESH_SECONDS:
            self._refreshed_at = now
            self._fetch(now)
            found = self._keys.get((key_id, algorithm))
        if found is None and self._failed_at > self._fetched_at:
            raise IssuerUnavailable("the keys of the token issuer cannot be fetched")
        return found

    def _fetch(self, now: float) -> None:
        """Replace the keys; keep the known ones if the issuer does not answer with a key set."""
        if now - self._failed_at < JWKS_RETRY_SECONDS:
            return
        try:
            self._keys = {(key.key_id, key.algorithm_name): key for key in usable_keys(fetch(self._url))}
            self._fetched_at = now
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            self._failed_at = now
            logs.warn("the keys of the token issuer cannot be fetched", error)


def usable_keys(document: bytes) -> Iterator[PyJWK]:
    """The keys of a JWK set that may verify a token; all others are passed over (RFC 7517, section 5).

    Raises
    ------
    ValueError, RecursionError
        The document is not a JWK set.
    """
    found = json.loads(document)
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise ValueError("not a JWK set")
    for each in islice(found["keys"], MAX_KEYS):
        try:
            key = jwt.PyJWK.from_dict(each)
        except (jwt.PyJWTError, ValueError, TypeError, LookupError, AttributeError):
            continue
        if key.public_key_use in (None, "sig") and _is_strong(key.algorithm_name, key.key):
            yield key


def _is_strong(algorithm: str, key: Any) -> bool:
    if algorithm == "RS256":
        return isinstance(key, RSAPublicKey) and key.key_size in RSA_BITS
    return algorithm == "ES256" and isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)


def fetch(url: str) -> bytes:
    """What is at a URL, up to `MAX_JWKS_BYTES` of it, within `JWKS_TIMEOUT_SECONDS` in all.

    Raises
    ------
    OSError, HTTPException, ValueError
        Also if it has not come within that time, or is longer.
    """
    results: list[bytes | Exception] = []

    def run() -> None:
        try:
            results.append(_get(url))
        except Exception as error:
            results.append(error)

    # A timeout of a socket bounds each read, and not a server that sends a byte now and then.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(JWKS_TIMEOUT_SECONDS)
    result = results[0] if results else TimeoutError("no answer in time")
    if isinstance(result, Exception):
        raise result
    return result


def _get(url: str) -> bytes:
    opener = urllib.request.build_opener(_HttpsOnly)
    with opener.open(url, timeout=JWKS_TIMEOUT_SECONDS) as response:
        content: bytes = response.read(MAX_JWKS_BYTES + 1)
    if len(content) > MAX_JWKS_BYTES:
        raise ValueError("longer than a JWK set may be")
    return content


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to an https address: whoever can change the keys can sign tokens."""

    def redirect_request(self, *args: Any) -> urllib.request.Request | None:
        return super().redirect_request(*args) if args[-1].startswith("https://") else None
