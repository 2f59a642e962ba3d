"""Registering the routes with Chalice, and serving a request: all that happens before and after its handler."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, cast
from urllib.parse import unquote

from chalice.app import Blueprint, ChaliceAuthorizer, CORSConfig
from chalice.app import Response as ChaliceResponse

from chalicelib import logs, settings
from chalicelib.api import negotiation, problem_types
from chalicelib.api.answer_headers import EXPOSED, NO_STORE
from chalicelib.api.caching import with_validators
from chalicelib.api.conditions import CONDITIONS, READS, refuse_unevaluated
from chalicelib.api.headers import join_lines, parse_request_id
from chalicelib.api.problems import Problem, bad_request, problem_of
from chalicelib.api.request import NOT_UTF8, Handler, Request, parameters
from chalicelib.api.response import Response
from chalicelib.api.route import Route
from chalicelib.api.routes import ROUTES
from chalicelib.todos.ids import Owner

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# What a page of another origin may send beside what Chalice allows.
REQUEST_HEADERS: Final = ("Idempotency-Key", "If-Match", "If-None-Match", "Operation-Id", "Prefer", "X-Request-Id")

_dump: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_HALF_ENCODED: Final = re.compile("%(?![0-9A-Fa-f]{2})")


class PathHeaders(CORSConfig):
    """The headers of a path: CORS, `Allow`, and with PATCH also `Accept-Patch` (RFC 5789, section 3.1).

    Chalice adds these to every answer of the path that does not have them, and makes the gateway's answer to OPTIONS
    from them. So nothing is stored but what says otherwise: an answer with a validator.
    """

    def __init__(
        self, allowed: Sequence[str], patches: Sequence[str] = (), request_headers: Sequence[str] = REQUEST_HEADERS
    ) -> None:
        super().__init__(
            allow_origin="*",
            allow_headers=[*request_headers],
            expose_headers=[*EXPOSED],
            max_age=600,
        )
        self._headers = {
            **super().get_access_control_headers(),
            "Access-Control-Allow-Methods": ",".join(allowed),
            "Allow": ", ".join(allowed),
            "Cache-Control": NO_STORE,
            **({"Accept-Patch": ", ".join(patches)} if patches else {}),
        }

    def get_access_control_headers(self) -> dict[str, str]:
        """The CORS headers, as Chalice asks for them."""
        return self._headers


# The answer to a request that failed with a problem; the address is the API's.
AnswerProblem = Callable[[Problem, str], Response]


def blueprint(
    authorizer: ChaliceAuthorizer,
    routes: Sequence[Route] = ROUTES,
    *,
    answer_problem: AnswerProblem = Problem.response,
    request_headers: Sequence[str] = (),
) -> Blueprint:
    """Every method of every path; HEAD with the route of GET, and what a path does not have with a refusal.

    All must be registered: the gateway answers an unregistered method as if the path did not exist.

    Parameters
    ----------
    authorizer : ChaliceAuthorizer
        What the gateway asks about the token of each request to a route that has a scope.
    request_headers : sequence of str
        What a page of another origin may send to these routes beside what it may send to all.
    """
    registered = Blueprint(__name__)
    by_path: dict[str, dict[str, Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, {})[route.method] = route
    for path, by_method in by_path.items():
        if "GET" in by_method:
            by_method["HEAD"] = by_method["GET"]
        allowed = [*(method for method in METHODS if method in by_method), "OPTIONS"]
        patches = by_method["PATCH"].patches if "PATCH" in by_method else ()
        cors = PathHeaders(allowed, patches, (*REQUEST_HEADERS, *request_headers))
        varies = any(len(route.produces) > 1 and not route.by_path for route in by_method.values())
        for method in METHODS:
            found = by_method.get(method)
            serve = _refusal(allowed) if found is None else _service(found)
            # A refusal (405) precedes authentication.
            options = {} if found is None or found.scope is None else {"authorizer": authorizer}
            # Media types are checked where a body is read, so that this refusal is a problem document, too.
            add = registered.route(path, methods=[method], cors=cors, content_types=[], **options)
            add(_view(registered, path, serve, answer_problem, varies=varies))
    return registered


# From the gateway's event, the headers (names in lower case), the API's address, the request id, and the body.
_Serve = Callable[[dict[str, Any], Mapping[str, str], str, str, bytes], Response]


def _view(
    registered: Blueprint, path: str, serve: _Serve, answer_problem: AnswerProblem, *, varies: bool
) -> Callable[..., ChaliceResponse]:
    """What Chalice calls: it serves a request, answers errors as problems, and logs one line."""

    def view(**_: str) -> ChaliceResponse:
        started = time.perf_counter()
        gateway_request = registered.current_request
        event = gateway_request.to_original_event()
        context = event["requestContext"]
        method = context["httpMethod"]
        request_id = gateway_id = context.get("requestId", "")
        base_url = settings.public_url() or _gateway_url(context, path)
        logs.correlate(request_id)
        try:
            headers = _headers(event)
            if "x-request-id" in headers:
                request_id = parse_request_id(headers["x-request-id"])
                logs.correlate(request_id)
            response = serve(event, headers, base_url, request_id, cast("bytes", gateway_request.raw_body))
        except Exception as error:
            response = _as_text(answer_problem(problem_of(error), base_url))
        response.headers["X-Request-Id"] = request_id
        # An owner's texts and the files made of them must not be taken for a page, a script or a style sheet.
        response.headers["X-Content-Type-Options"] = "nosniff"
        if varies:
            response.headers["Vary"] = "Accept"
        if method == "HEAD":
            response.body = response.body[:0]
        logs.write(
            "request",
            method=method,
            route=path,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
            # The gateway's own id, by which its logs are searched; mostly it is the line's `correlation_id`.
            **({} if request_id == gateway_id else {"request_id": gateway_id}),
        )
        return ChaliceResponse(response.body, {**response.headers}, response.status_code)

    return view


def _refusal(allowed: Sequence[str]) -> _Serve:
    def refuse(event: dict[str, Any], *_: object) -> Response:
        method = event["requestContext"]["httpMethod"]
        detail = f"This path answers {', '.join(allowed)}, not {method}."
        raise Problem(problem_types.METHOD_NOT_ALLOWED, detail)

    return refuse


def _service(route: Route) -> _Serve:
    load: Callable[[], Handler] = cache(route.load)

    def serve(
        event: dict[str, Any], headers: Mapping[str, str], base_url: str, request_id: str, body: bytes
    ) -> Response:
        context = event["requestContext"]
        query = _query(event)
        caller = _caller(context, route.scope) if route.scope is not None else {}
        owner = Owner(caller.get("principalId", ""))
        request = Request(
            owner=owner,
            # A gateway's remembered answer of an authorizer of version 0.1.0 names no actor.
            actor=caller.get("actor", owner),
            client=caller.get("client"),
            media_type=_media_type(route, headers, query),
            method=context["httpMethod"],
            route=route.path,
            path=_path_parameters(event["path"], route.path),
            query=query,
            headers=headers,
            body=body,
            base_url=base_url,
            request_id=request_id,
            address_path=context["path"],
            scope=caller.get("scope", ""),
        )
        if query and route.method not in READS:
            # A write states everything in its body and headers.
            parameters(request)
        if not CONDITIONS.isdisjoint(headers):
            refuse_unevaluated(route, headers)
        response = _as_text(load()(request))
        return with_validators(request, response) if route.method in READS else response

    return serve


def _as_text(response: Response) -> Response:
    """The response with a JSON value as its text."""
    if response.body is None:
        response.body = ""
    elif not isinstance(response.body, str):
        response.body = _dump(response.body)
    return response


def _caller(context: Mapping[str, Any], scope: str) -> Mapping[str, str]:
    """The caller, as the gateway's authorizer found it, if its token has not expired and has the scope.

    Raises
    ------
    Problem
        401 or 403, with the challenge of RFC 6750, section 3.
    """
    # The authorizer's values reach the app as strings. The gateway caches them, so the expiry is checked again.
    found: Mapping[str, str] = context["authorizer"]
    if time.time() >= float(found["exp"]):
        raise Problem(
            problem_types.UNAUTHORIZED,
            "The token has expired.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    lacking = set(scope.split()).difference(found.get("scope", "").split())
    if lacking:
        raise Problem(
            problem_types.FORBIDDEN,
            f"The token lacks the scope {' and '.join(sorted(lacking))}.",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
        )
    return found


def _headers(event: Mapping[str, Any]) -> Mapping[str, str]:
    """The headers by their names in lower case.

    API Gateway has every line of a header in `multiValueHeaders`, but only the last one in `headers`.

    Raises
    ------
    Problem
        400 for a header that has one value and comes more than once.
    """
    lines = event.get("multiValueHeaders")
    if not lines:
        return {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    headers: dict[str, str] = {}
    for name, values in lines.items():
        lower = name.lower()
        # A proxy may have joined two lines.
        if len(values) != 1 or lower in headers or (lower == "content-type" and "," in values[0]):
            return join_lines(lines)
        headers[lower] = values[0]
    return headers


def _query(event: Mapping[str, Any]) -> Mapping[str, list[str]]:
    """Each parameter with all its values; API Gateway's other form has only the last of them."""
    if values := event.get("multiValueQueryStringParameters"):
        return cast("Mapping[str, list[str]]", values)
    return {name: [value] for name, value in (event.get("queryStringParameters") or {}).items()}


def _media_type(route: Route, headers: Mapping[str, str], query: Mapping[str, Any]) -> str:
    """The media type that the caller prefers among those that the route produces.

    Raises
    ------
    Problem
        406 if the caller accepts none.
    """
    accept = headers.get("accept", "*/*")
    if accept in ("*/*", route.produces[0]):
        return route.produces[0]
    preferred = negotiation.preferred(accept, *route.produces)
    # An answer without a body suits every caller.
    if preferred is None and route.method != "DELETE" and route.chosen_by not in query:
        raise Problem(problem_types.NOT_ACCEPTABLE, f"This path answers in {' or '.join(route.produces)}.")
    return preferred or route.produces[0]


def _path_parameters(path: str, route: str) -> dict[str, str]:
    """The parameters in a path, decoded.

    REST APIs deliver the path percent-encoded: only this distinguishes a slash in a name from one between names.

    Raises
    ------
    Problem
        400 for a parameter that is not percent-encoded UTF-8 (RFC 3986, section 2.1).
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
