"""`/problems`: a page for each problem type, at the address that its `type` states."""

from __future__ import annotations

from html import escape

from chalicelib.api import web
from chalicelib.api.problem_types import TYPES, ProblemType
from chalicelib.api.problems import not_found
from chalicelib.api.request import Request
from chalicelib.api.response import Response


def index(request: Request) -> Response:
    """All problem types, by status."""
    entries = "\n".join(_entry(each, request.base_url) for each in TYPES.values())
    return web.page("problems.html", request.base_url, entries=entries)


def read(request: Request) -> Response:
    """What a problem type means, and what to do about it."""
    kind = TYPES.get(request.path["name"])
    if kind is None:
        raise not_found("There is no such problem type.")
    return web.page(
        "problem.html",
        request.base_url,
        status=str(kind.status),
        title=escape(kind.title),
        meaning=web.prose(kind.meaning),
        remedy=web.prose(kind.remedy),
    )


def _entry(kind: ProblemType, base_url: str) -> str:
    return (
        f'<li><a href="{escape(kind.url(base_url))}"><strong>{kind.status} {escape(kind.title)}</strong> '
        f"<span>{web.prose(kind.meaning)}</span></a></li>"
    )
