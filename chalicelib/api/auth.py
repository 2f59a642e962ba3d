"""The gateway's authorizer: it checks the bearer token (RFC 6750; a JWT as in RFC 7519).

It hands on the token's subject, scopes and expiry, who acts by it, and by what program, with a policy that says which
routes the scopes open. The gateway caches that answer, so routing checks the expiry again; and the scopes, for paths
that no pattern of the policy matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from chalicelib import logs, settings
from chalicelib.api import scopes
from chalicelib.api.routes import MCP_PATH, ROUTES
from chalicelib.api.token_actors import actor_in, client_in
from chalicelib.aws.memory import remembered
from chalicelib.todos import ids

if TYPE_CHECKING:
    from chalicelib.api.issuer_keys import IssuerKeys
    from chalicelib.api.route import Route

AUTHORIZER_TTL_SECONDS: Final = 60
# A scope and a list of them (RFC 6749, section 3.3); some issuers write the list as a JSON array.
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_SCOPES: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*")


def authorize(authorization: str, method_arn: str, routes: Iterable[Route] = ROUTES) -> dict[str, Any]:
    """The answer of API Gateway's Lambda authorizer: a policy that allows the routes that the token's scopes open.

    What the policy denies is answered 403 by the gateway (ACCESS_DENIED in .chalice/compute.yaml). A 401 of the gateway
    takes an error with this one message, which it does not cache. The app could answer both, but not with the header
    that they need: API Gateway renames a Lambda's `WWW-Authenticate`.

    Parameters
    ----------
    authorization : str
        The header's value.
    method_arn : str
        What was asked for: ``arn:…:{api}/{stage}/{method}/{path}``.
    routes : iterable of Route
        Every route behind the gateway that has a scope.

    Raises
    ------
    Exception
        "Unauthorized": the token is not valid, or not valid yet.
    IssuerUnavailable
        The gateway answers 503: whether the token is valid is unknown.
    """
    claims = _verified_claims(authorization, audiences(method_arn))
    context = None if claims is None else _context_of(claims)
    logs.write("authorize", allowed=context is not None)
    if claims is None or context is None:
        raise Exception("Unauthorized")
    return {
        "principalId": claims["sub"],
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": _statements(method_arn, context["scope"], routes),
        },
        "context": context,
    }


def _statements(method_arn: str, scope: str, routes: Iterable[Route]) -> list[dict[str, Any]]:
    """The policy's statements for every route: the answer is cached by token, and used for all of them."""
    api_and_stage = "/".join(method_arn.split("/")[:2])
    statements = [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": [f"{api_and_stage}/*"]}]
    if denied := [f"{api_and_stage}/{end}" for end in scopes.denied_methods(routes, scope)]:
        statements.append({"Action": "execute-api:Invoke", "Effect": "Deny", "Resource": denied})
    return statements


def _context_of(claims: Mapping[str, Any]) -> dict[str, str] | None:
    """What the app gets from a valid token besides its subject; None if one of these claims is malformed."""
    try:
        scope, actor, client = scopes_in(claims), actor_in(claims), client_in(claims)
    except UnicodeEncodeError:
        return None
    if scope is None or actor is None:
        return None
    context = {"scope": scope, "exp": str(claims["exp"]), "actor": actor}
    return context if client is None else {**context, "client": client}


def scopes_in(claims: Mapping[str, Any]) -> str | None:
    """The scopes that a token grants, separated by spaces; None if it says so in no form that means something."""
    scope = claims.get("scope") or ""
    if isinstance(scope, list):
        are_scopes = all(isinstance(each, str) and _SCOPE.fullmatch(each) for each in scope)
        return " ".join(scope) if are_scopes else None
    return scope if isinstance(scope, str) and _SCOPES.fullmatch(scope) else None


def audiences(method_arn: str) -> list[str]:
    """What a token may be for (`aud`): the service, as it is configured, or the server for assistants by its URL.

    A client of the latter asks for a token for this very URL (RFC 8707); the method's ARN says which one it is where
    the API has no other address than the gateway's own.
    """
    return [settings.token_audience(), f"{settings.public_url() or _address_in(method_arn)}{MCP_PATH}"]


def _address_in(method_arn: str) -> str:
    """The gateway's own address of an API and its stage."""
    _, partition, _, region, _, resource = method_arn.split(":", 5)
    api, stage = resource.split("/")[:2]
    domain = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return f"https://{api}.execute-api.{region}.{domain}/{stage}"


def _verified_claims(authorization: str, accepted: list[str]) -> dict[str, Any] | None:
    import jwt

    from chalicelib.api.issuer_keys import ALGORITHMS

    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            return None
        key = _keys().find(header.get("kid"), header["alg"])
        if key is None:
            return None
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            audience=accepted,
            issuer=settings.token_issuer(),
            options={"require": ["exp", "aud", "iss", "sub"]},
        )
        return claims if ids.owner_error(claims["sub"]) is None else None
    except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError):
        return None


@remembered
def _keys() -> IssuerKeys:
    # Only the authorizer needs PyJWT and cryptography, 5 MB that the other functions never import.
    from chalicelib.api.issuer_keys import IssuerKeys

    return IssuerKeys(settings.jwks_url())
