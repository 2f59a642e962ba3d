"""What every route shares: registering it, and reading a request's path, query, body and headers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast
from urllib.parse import unquote

from chalice.app import Blueprint, CORSConfig, Response

from chalicelib import logs, settings
from chalicelib.api import auth, negotiation
from chalicelib.api.problems import Problem, bad_request, problem_of

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
JSON: Final = "application/json"

CORS: Final = CORSConfig(
    allow_origin="*",
    allow_headers=["Idempotency-Key", "If-Match", "If-None-Match", "Prefer", "X-Request-Id"],
    expose_headers=["ETag", "Link", "Location", "Preference-Applied", "Retry-After"],
    max_age=600,
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request, its path decoded, with the caller that the authorizer found (None on a public route).

    Attributes
    ----------
    path : mapping
        The path's parameters by name.
    query : mapping
        Each parameter with its values, decoded.
    media_type : str
        Of those that the route offers, what the answer is to be in.
    base_url : str
        The absolute address that the API's paths follow.
    """

    method: str
    route: str
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    media_type: str
    base_url: str
    request_id: str
    caller: auth.Caller | None = field(default=None)

    @property
    def owner(self) -> str:
        assert self.caller is not None, "a public route has no owner"
        return self.caller.owner


Handler = Callable[[Request], Response]


def resource(
    blueprint: Blueprint,
    path: str,
    handlers: Mapping[str, Handler],
    *,
    public: bool = False,
    produces: Sequence[str] = (JSON,),
) -> None:
    """Register the handlers of one path by method; HEAD goes with GET, and every other method answers 405 with `Allow`.

    The gateway refuses a method that a path does not have as if the path were unknown, so each must be there.

    Parameters
    ----------
    produces : sequence of str
        The media types that the path can answer in, the usual one first; 406 for who accepts none of them.
    """
    if "GET" in handlers:
        handlers = {**handlers, "HEAD": partial(_without_body, handlers["GET"])}
    allowed = ", ".join([method for method in METHODS if method in handlers] + ["OPTIONS"])
    for method in METHODS:
        handler = handlers.get(method)
        is_open = public or handler is None
        view = _view(blueprint, path, produces, handler or partial(_method_not_allowed, allowed), is_open)
        # Content types are checked where a body is read, so that a refusal is a problem document too.
        options = {} if is_open else {"authorizer": auth.authorize}
        blueprint.route(path, methods=[method], cors=CORS, content_types=[], **options)(view)


def parameters(request: Request, **parsers: Callable[[str], Any]) -> dict[str, Any]:
    """The query's parameters as `parsers` read them, None where not given.

    Raises
    ------
    Problem
        400 for a parameter that is unknown, given twice, or refused by its parser with a ValueError.
    """
    values: dict[str, Any] = dict.fromkeys(parsers)
    errors = []
    for name, given in request.query.items():
        try:
            if name not in parsers:
                raise ValueError("unknown parameter")
            if len(given) > 1:
                raise ValueError("given more than once")
            values[name] = parsers[name](given[0])
        except ValueError as error:
            errors.append({"parameter": name, "detail": str(error)})
    if errors:
        raise bad_request("The query is not valid.", errors)
    return values


def _view(
    blueprint: Blueprint, path: str, produces: Sequence[str], handler: Handler, is_open: bool
) -> Callable[..., Response]:
    def view(**_: str) -> Response:
        started = time.perf_counter()
        event = blueprint.current_request.to_original_event()
        try:
            request = _request(event, path, produces, cast("bytes", blueprint.current_request.raw_body), is_open)
            if request.method not in ("GET", "HEAD"):
                # What is asked of a write stands in its body and headers.
                parameters(request)
            response = handler(request)
        except Exception as error:
            response = problem_of(error).response()
        context = event["requestContext"]
        logs.write(
            "request",
            method=context["httpMethod"],
            route=path,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
            request_id=context.get("requestId"),
        )
        return response

    return view


def _request(event: dict[str, Any], route: str, produces: Sequence[str], body: bytes, is_open: bool) -> Request:
    context = event["requestContext"]
    method = context["httpMethod"]
    caller = None if is_open else auth.caller_of(context)
    if caller is not None and caller.is_expired:
        raise Problem(
            401, "unauthorized", "Unauthorized", "The token has expired.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )  # fmt: skip
    scope = auth.READ if method in ("GET", "HEAD") else auth.WRITE
    if caller is not None and scope not in caller.scopes:
        raise Problem(
            403, "forbidden", "Forbidden", f"The token lacks the scope {scope}.",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
        )  # fmt: skip
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    media_type = negotiation.preferred(headers.get("accept"), *produces)
    # What has no body to answer with suits every caller.
    if media_type is None and method != "DELETE":
        raise Problem(406, "not-acceptable", "Not acceptable", f"This path answers in {' or '.join(produces)}.")
    parts = route.strip("/").split("/")
    # REST APIs deliver `path` still percent-encoded, and that alone tells a slash in a name from one between names.
    given = event["path"].rstrip("/").split("/")[-len(parts) :]
    return Request(
        method=method,
        route=route,
        path={part[1:-1]: unquote(text) for part, text in zip(parts, given, strict=True) if part.startswith("{")},
        query=event.get("multiValueQueryStringParameters") or {},
        headers=headers,
        body=body,
        media_type=media_type or produces[0],
        base_url=settings.public_url() or _gateway_url(context, len(parts)),
        request_id=context.get("requestId", ""),
        caller=caller,
    )


def _gateway_url(context: Mapping[str, Any], route_length: int) -> str:
    """The gateway's own address: its path has the stage, or a custom domain's base path, before the route."""
    prefix = context["path"].rstrip("/").split("/")[:-route_length]
    return f"https://{context['domainName']}{'/'.join(prefix)}".rstrip("/")


def _without_body(handler: Handler, request: Request) -> Response:
    response = handler(request)
    response.body = ""
    return response


def _method_not_allowed(allowed: str, request: Request) -> Response:
    detail = f"This path answers {allowed}, not {request.method}."
    raise Problem(405, "method-not-allowed", "Method not allowed", detail, headers={"Allow": allowed})
