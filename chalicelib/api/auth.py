"""The gateway's authorizer: it checks the bearer token (RFC 6750; a JWT as in RFC 7519).

It hands on the token's subject, scopes and expiry. The gateway caches that answer, so routing checks the expiry again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from chalice.app import AuthRequest, AuthResponse, Blueprint

from chalicelib import logs, settings
from chalicelib.aws.memory import remembered
from chalicelib.todos import ids

if TYPE_CHECKING:
    from jwt import PyJWK

blueprint = Blueprint(__name__)

READ: Final = "todos:read"
WRITE: Final = "todos:write"
# For what makes a credential or a channel that shows todos: it must not have more rights than the token that made it.
READ_AND_WRITE: Final = f"{READ} {WRITE}"

# An allow-list: a caller who could choose the algorithm would choose "none", or HMAC with the public key as secret.
ALGORITHMS: Final = ("RS256", "ES256")

AUTHORIZER_TTL_SECONDS: Final = 60
JWKS_LIFESPAN_SECONDS: Final = 3600
# A token with an unknown key id makes us fetch the keys again, but at most this often.
JWKS_REFRESH_SECONDS: Final = 60
JWKS_TIMEOUT_SECONDS: Final = 5


@blueprint.authorizer(ttl_seconds=AUTHORIZER_TTL_SECONDS)
def authorize(request: AuthRequest) -> AuthResponse:
    """API Gateway's Lambda authorizer. It answers 401 to an exception with the message "Unauthorized"."""
    claims = _verified_claims(request.token)
    logs.write("authorize", allowed=claims is not None)
    if claims is None:
        raise Exception("Unauthorized")
    # The answer is cached by token and used for every route, so it allows all of them; routing checks the scopes.
    return AuthResponse(
        routes=["*"],
        principal_id=claims["sub"],
        context={"scope": str(claims.get("scope", "")), "exp": str(claims["exp"])},
    )


def _verified_claims(authorization: str) -> dict[str, Any] | None:
    # Only the authorizer needs PyJWT and cryptography, 5 MB that the other functions never import.
    import jwt

    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        header = jwt.get_unverified_header(token)
        key = _keys().find(header.get("kid"))
        if key is None or header.get("alg") not in ALGORITHMS:
            return None
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            audience=settings.token_audience(),
            issuer=settings.token_issuer(),
            options={"require": ["exp", "aud", "iss", "sub"]},
        )
        return claims if ids.owner_error(claims["sub"]) is None else None
    except jwt.PyJWKClientConnectionError:
        raise  # the issuer cannot be reached, which says nothing about the token
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


class _IssuerKeys:
    """The issuer's public keys (JWKS, RFC 7517): fetched when needed, cached, and fetched again for an unknown id."""

    def __init__(self, url: str) -> None:
        import jwt

        self._client = jwt.PyJWKClient(url, lifespan=JWKS_LIFESPAN_SECONDS, timeout=JWKS_TIMEOUT_SECONDS)
        self._refreshed_at = float("-inf")

    def find(self, key_id: str | None) -> PyJWK | None:
        found = self._among(key_id, refresh=False)
        now = time.monotonic()
        if found is None and now - self._refreshed_at >= JWKS_REFRESH_SECONDS:
            self._refreshed_at = now
            found = self._among(key_id, refresh=True)
        return found

    def _among(self, key_id: str | None, *, refresh: bool) -> PyJWK | None:
        return next((key for key in self._client.get_signing_keys(refresh=refresh) if key.key_id == key_id), None)


@remembered
def _keys() -> _IssuerKeys:
    return _IssuerKeys(settings.jwks_url())
