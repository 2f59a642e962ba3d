"""`/` and the files of the page: what a browser loads."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from chalicelib import settings
from chalicelib.api.problems import not_found
from chalicelib.api.request import Request
from chalicelib.api.response import Response
from chalicelib.api.scopes import READ_AND_WRITE
from chalicelib.api.web import front

# Beside the API's own: that the token says who it is (OpenID Connect Core, section 3.1.2.1).
_SCOPES: Final = f"openid {READ_AND_WRITE}"


def home(request: Request) -> Response:
    """The page; at the address of a stage without the slash at its end, a redirect to that with it.

    Relative addresses in the page, and what its worker may serve, go by that slash. API Gateway serves `/` at both, and
    only its own path tells them apart. A browser takes what is behind `#` along.
    """
    if not request.address_path.endswith("/"):
        query = f"?{urlencode(request.query, doseq=True)}" if request.query else ""
        return Response(None, {"Location": f"{request.base_url}/{query}"}, 308)
    return _page(request)


def asset(request: Request) -> Response:
    found = front.asset(request.path["file"])
    if found is None:
        raise not_found("There is no such file.")
    return found


def worker(request: Request) -> Response:
    return front.worker(_page(request))


def manifest(request: Request) -> Response:
    return front.manifest()


def _page(request: Request) -> Response:
    configuration, origins = _configuration()
    return front.home(request.base_url, configuration, origins)


def _configuration() -> tuple[dict[str, Any], list[str]]:
    """What the page is told of this deployment, and the origins that it needs for signing in.

    Without a client id nobody can sign in with the issuer, and the page asks for a token.
    """
    client_id = settings.page_client_id()
    issuer = settings.token_issuer() if client_id else None
    configuration = {
        "issuer": issuer,
        "client_id": client_id,
        "audience": settings.token_audience() if client_id else None,
        "scopes": _SCOPES,
        "codes": settings.page_codes(),
        "waits": settings.page_waits(),
    }
    return configuration, front.origins_of([issuer, *settings.page_origins()] if issuer else ())
