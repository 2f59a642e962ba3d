"""Who acts by a token, and by what program: the token alone decides it, never what a request says of itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.todos import ids

# A client has a name as long as an owner's at most; the hash of a longer one takes its place.
MAX_CLIENT_BYTES: Final = ids.MAX_OWNER_BYTES


def actor_in(claims: Mapping[str, Any]) -> str | None:
    """Who acts: the outermost `act` (RFC 8693, section 4.1), or without one the subject; None if `act` is malformed.

    Of actors that delegate further, the outermost is the current one, and the others have no part in access control. A
    malformed `act` is refused: to fall back to the subject would blame the user. The name of an actor whom another
    issuer knows begins with that issuer and a "#", so that two issuers' actors never have the same name. A subject of
    the token's own issuer has it only if that issuer gives such names.
    """
    if "act" not in claims:
        subject: str = claims["sub"]
        return subject
    act = claims["act"]
    if not isinstance(act, dict) or not _is_name(act.get("sub")):
        return None
    issuer = act.get("iss", claims["iss"])
    if issuer == claims["iss"]:
        return str(act["sub"])
    # An issuer has no fragment (RFC 8414, section 2): the first "#" is where the subject begins.
    return f"{issuer}#{act['sub']}" if _is_name(issuer) and "#" not in issuer else None


def client_in(claims: Mapping[str, Any]) -> str | None:
    """The program that the token was issued to: `client_id` (RFC 8693, section 4.3), else `azp` (OpenID Connect Core).

    A claim that is not a text with at least one character names none.

    Raises
    ------
    UnicodeEncodeError
        It has a lone surrogate.
    """
    for name in ("client_id", "azp"):
        client = claims.get(name)
        if isinstance(client, str) and client:
            encoded = client.encode()
            is_short = len(encoded) <= MAX_CLIENT_BYTES
            return client if is_short else f"sha256:{hashlib.sha256(encoded).hexdigest()}"
    return None


def _is_name(value: object) -> bool:
    return isinstance(value, str) and ids.owner_error(value) is None
