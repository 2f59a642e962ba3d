"""`/openapi.json` and `/docs`: the contract, and a page to try it from."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.api import web
from chalicelib.api.problems import not_found
from chalicelib.api.represent import answer
from chalicelib.api.request import Request
from chalicelib.api.response import Response
from chalicelib.api.route import Route


def contract(request: Request, routes: Iterable[Route]) -> Response:
    """The OpenAPI document of these routes."""
    from chalicelib.api.openapi.document import document

    return answer(200, document(request.base_url, routes), {"Cache-Control": web.PAGE_CACHING})


def docs(request: Request) -> Response:
    """Swagger UI on the contract, from which each request can be sent."""
    return web.page("docs.html", request.base_url, scripted=True)


def docs_asset(request: Request) -> Response:
    found = web.asset(request.path["asset"])
    if found is None:
        raise not_found("There is no such file.")
    return found
