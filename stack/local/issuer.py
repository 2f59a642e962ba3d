"""The local token issuer: one RSA key, its public half as a key set, and RS256 tokens like those of a real issuer."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from stack.local.state import make_private
from stack.settings import DEFAULT_SCOPE, TOKEN_SECONDS

ISSUER = "https://issuer.todo-ledger.local/"
AUDIENCE = "todo-ledger"


class Issuer:
    """The issuer whose key is in one file, which is created when it is first needed."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file

    @cached_property
    def private_key(self) -> RSAPrivateKey:
        """The signing key (RSA, 2048 bits); only this user can read its file."""
        if not self._key_file.exists():
            _write_new_key(self._key_file)
        key = serialization.load_pem_private_key(self._key_file.read_bytes(), password=None)
        assert isinstance(key, RSAPrivateKey)
        return key

    @cached_property
    def key_id(self) -> str:
        """The key's RFC 7638 thumbprint."""
        public = self._public_members()
        canonical = json.dumps({name: public[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
        return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()

    def key_set(self) -> dict[str, Any]:
        """The public key as a JWK set (RFC 7517)."""
        return {"keys": [self._public_members() | {"kid": self.key_id, "use": "sig", "alg": "RS256"}]}

    def token(
        self,
        owner: str,
        scope: str = DEFAULT_SCOPE,
        expires_in: float = TOKEN_SECONDS,
        *,
        client: str | None = None,
        actor: str | None = None,
    ) -> str:
        """A bearer token.

        Parameters
        ----------
        owner : str
            The ``sub``: whose todos the token opens.
        scope : str
            Scopes, separated by spaces (RFC 8693).
        expires_in : float
            Seconds; a negative number makes one that has expired.
        client : str, optional
            The ``client_id``: the program that it is issued to.
        actor : str, optional
            The ``act.sub``: who acts for the owner.
        """
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": owner,
            "scope": scope,
            "iat": now,
            "exp": now + int(expires_in),
        }
        if client is not None:
            claims["client_id"] = client
        if actor is not None:
            claims["act"] = {"sub": actor}
        return jwt.encode(claims, self.private_key, algorithm="RS256", headers={"kid": self.key_id})

    def _public_members(self) -> dict[str, str]:
        members: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        return {name: members[name] for name in ("kty", "n", "e")}


def _write_new_key(key_file: Path) -> None:
    make_private(key_file.parent)
    encoded = generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Linked into place as a whole: if two processes make a key at once, both use the first one.
    temporary = key_file.with_suffix(f".{os.getpid()}.tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(encoded)
    try:
        os.link(temporary, key_file)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
