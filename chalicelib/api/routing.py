"""What every route shares: registering it, and what happens before and after its handler."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import unquote

from chalice.app import Blueprint, CORSConfig, Response

from chalicelib import logs, settings
from chalicelib.api import auth, caching, headers, negotiation, problem_types
from chalicelib.api.media_types import JSON, MERGE_PATCH
from chalicelib.api.problems import Problem, bad_request, problem_of
from chalicelib.api.request import NOT_UTF8, Handler, Request, parameters

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
READS: Final = ("GET", "HEAD")

# What browsers may show to a page of another origin.
EXPOSED: Final = [
    "ETag", "Link", "Location", "Preference-Applied", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id",
]  # fmt: skip

_HALF_ENCODED: Final = re.compile("%(?![0-9A-Fa-f]{2})")


class Conduct(CORSConfig):
    """What a path says of itself: CORS, `Allow`, and where it has PATCH also `Accept-Patch` (RFC 5789, section 3.1).

    Chalice adds these to every answer of the path, and makes the gateway's answer to OPTIONS of them.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(
            allow_origin="*",
            allow_headers=["Idempotency-Key", "If-Match", "If-None-Match", "Prefer", "X-Request-Id"],
            expose_headers=EXPOSED,
            max_age=600,
        )
        self._headers = {
            **super().get_access_control_headers(),
            "Access-Control-Allow-Methods": ",".join(allowed),
            "Allow": ", ".join(allowed),
            **({"Accept-Patch": f"{MERGE_PATCH}, {JSON}"} if "PATCH" in allowed else {}),
        }

    def get_access_control_headers(self) -> dict[str, str]:
        return self._headers


def resource(
    blueprint: Blueprint,
    path: str,
    handlers: Mapping[str, Handler],
    *,
    public: bool = False,
    produces: Sequence[str] = (JSON,),
    chosen_by: str | None = None,
) -> None:
    """Register the handlers of one path by method; HEAD goes with GET, and every other method answers 405.

    The gateway refuses a method that a path does not have as if the path were unknown, so each must be there.

    Parameters
    ----------
    produces : sequence of str
        The media types that the path can answer in, the usual one first; 406 for who accepts none of them.
    chosen_by : str, optional
        The query's parameter that wins over `Accept`, for who cannot set a header.
    """
    if "GET" in handlers:
        handlers = {**handlers, "HEAD": handlers["GET"]}
    allowed = [*(method for method in METHODS if method in handlers), "OPTIONS"]
    conduct = Conduct(allowed)
    for method in METHODS:
        # Whoever uses a method that a path does not have is told so, whoever it is.
        is_public = public or method not in handlers
        route = _Route(path, produces, chosen_by, handlers.get(method), ", ".join(allowed), is_public)
        # Content types are checked where a body is read, so that a refusal is a problem document too.
        options = {} if route.public else {"authorizer": auth.authorize}
        blueprint.route(path, methods=[method], cors=conduct, content_types=[], **options)(_view(blueprint, route))


@dataclass(frozen=True, slots=True)
class _Route:
    path: str
    produces: Sequence[str]
    chosen_by: str | None
    handler: Handler | None
    allowed: str
    public: bool


def _view(blueprint: Blueprint, route: _Route) -> Callable[..., Response]:
    def view(**_: str) -> Response:
        started = time.perf_counter()
        given = blueprint.current_request
        event = given.to_original_event()
        context = event["requestContext"]
        method, request_id = context["httpMethod"], context.get("requestId", "")
        sent = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        base_url = settings.public_url() or _gateway_url(context, route.path)
        logs.correlate(request_id)
        try:
            if stated := headers.request_id(sent):
                request_id = stated
                logs.correlate(request_id)
            response = _serve(route, event, sent, base_url, request_id, given)
        except Exception as error:
            response = problem_of(error).response(base_url)
        response.headers["X-Request-Id"] = request_id
        if len(route.produces) > 1:
            response.headers["Vary"] = "Accept"
        if method == "HEAD":
            response.body = response.body[:0]
        logs.write(
            "request",
            method=method,
            route=route.path,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
            request_id=context.get("requestId"),
        )
        return response

    return view


def _serve(
    route: _Route, event: dict[str, Any], sent: Mapping[str, str], base_url: str, request_id: str, given: Any
) -> Response:
    context = event["requestContext"]
    method = context["httpMethod"]
    if route.handler is None:
        detail = f"This path answers {route.allowed}, not {method}."
        raise Problem(problem_types.METHOD_NOT_ALLOWED, detail)
    caller = None if route.public else _authorized(auth.caller_of(context), method)
    query = event.get("multiValueQueryStringParameters") or {}
    media_type = negotiation.preferred(sent.get("accept"), *route.produces)
    # What has no body to answer with suits every caller.
    if media_type is None and method != "DELETE" and route.chosen_by not in query:
        raise Problem(problem_types.NOT_ACCEPTABLE, f"This path answers in {' or '.join(route.produces)}.")
    request = Request(
        method=method,
        route=route.path,
        path=_path_parameters(event["path"], route.path),
        query=query,
        headers=sent,
        body=cast("bytes", given.raw_body),
        media_type=media_type or route.produces[0],
        base_url=base_url,
        request_id=request_id,
        caller=caller,
    )
    if method not in READS:
        # What is asked of a write stands in its body and headers.
        parameters(request)
        return route.handler(request)
    return caching.validated(request, route.handler(request))


def _authorized(caller: auth.Caller, method: str) -> auth.Caller:
    """The caller, whose token is in time and has the scope for the method.

    Raises
    ------
    Problem
        401 or 403, with the challenge of RFC 6750, section 3.
    """
    if caller.is_expired:
        raise Problem(
            problem_types.UNAUTHORIZED,
            "The token has expired.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    scope = auth.READ if method in READS else auth.WRITE
    if scope not in caller.scopes:
        raise Problem(
            problem_types.FORBIDDEN,
            f"The token lacks the scope {scope}.",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
        )
    return caller


def _path_parameters(path: str, route: str) -> dict[str, str]:
    """The parameters in a path, decoded.

    REST APIs deliver the path still percent-encoded, and that alone tells a slash in a name from one between names.

    Raises
    ------
    Problem
        400 for one that is not percent-encoded UTF-8 (RFC 3986, section 2.1).
    """
    parts = _parts(route)
    given = path.rstrip("/").split("/")[-len(parts) :] if parts else []
    found = {}
    for part, text in zip(parts, given, strict=True):
        if part.startswith("{"):
            try:
                if _HALF_ENCODED.search(text):
                    raise ValueError
                found[part[1:-1]] = unquote(text, errors="strict")
            except ValueError:
                error = {"parameter": part[1:-1], "detail": NOT_UTF8}
                raise bad_request("The path is not valid.", [error]) from None
    return found


def _gateway_url(context: Mapping[str, Any], route: str) -> str:
    """The gateway's own address: its path has the stage, or a custom domain's base path, before the route."""
    path = context["path"].rstrip("/").split("/")
    return f"https://{context['domainName']}{'/'.join(path[: len(path) - len(_parts(route))])}"


def _parts(route: str) -> list[str]:
    return [part for part in route.split("/") if part]
