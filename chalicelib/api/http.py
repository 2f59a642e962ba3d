"""What every route shares: registering it, and reading a request's path, query, body and headers."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast
from urllib.parse import unquote

from chalice.app import Blueprint, CORSConfig, Response

from chalicelib import logs, settings
from chalicelib.api import auth
from chalicelib.api.problems import Problem, bad_request, problem_of
from chalicelib.todos import content, decide

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

# A todo's fields and metadata fit many times over; an event holds at most 64 KB.
MAX_BODY_BYTES: Final = 128 * 1024
MAX_WAIT_SECONDS: Final = 10

_ENTITY_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e]*"'

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
    base_url : str
        The absolute address that the API's paths follow.
    """

    method: str
    route: str
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    request_id: str
    caller: auth.Caller | None = field(default=None)

    @property
    def owner(self) -> str:
        assert self.caller is not None, "a public route has no owner"
        return self.caller.owner


Handler = Callable[[Request], Response]


def resource(blueprint: Blueprint, path: str, *, public: bool = False, **handlers: Handler) -> None:
    """Register the handlers of one path by method; HEAD goes with GET, and every other method answers 405 with `Allow`.

    The gateway refuses a method that a path does not have as if the path were unknown, so each must be there.
    """
    if "GET" in handlers:
        handlers["HEAD"] = partial(_without_body, handlers["GET"])
    allowed = ", ".join([method for method in METHODS if method in handlers] + ["OPTIONS"])
    for method in METHODS:
        handler = handlers.get(method)
        is_open = public or handler is None
        view = _view(blueprint, path, handler or partial(_method_not_allowed, allowed), is_open)
        # Content types are checked where a body is read, so that a refusal is a problem document too.
        options = {} if is_open else {"authorizer": auth.authorize}
        blueprint.route(path, methods=[method], cors=CORS, content_types=[], **options)(view)


def etag(version: int) -> str:
    return f'"{version}"'


def json_body(request: Request, *media_types: str) -> Any:
    """The body as JSON (RFC 8259), of one of `media_types` (or ``application/json``).

    Raises
    ------
    Problem
        413 when it is too long, 415 when it is of another type, 400 when it is not JSON, states a name twice, or holds
        a number that is none (NaN) or that no double can hold.
    """
    accepted = ("application/json", *media_types)
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type not in accepted:
        detail = f"{media_type or 'An empty media type'} is not read here; send {' or '.join(accepted)}."
        raise Problem(415, "unsupported-media-type", "Unsupported media type", detail)
    if len(request.body) > MAX_BODY_BYTES:
        detail = f"The body has {len(request.body)} bytes where {MAX_BODY_BYTES} are allowed."
        raise Problem(413, "payload-too-large", "The request is too large", detail)
    try:
        body = json.loads(
            request.body.decode(),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_whole,
        )
    except RecursionError:
        raise bad_request("The body is nested too deeply.") from None
    except ValueError as error:
        raise bad_request(f"The body is not JSON: {error}.") from None
    # A field may be so deep, and stands in the body's own object.
    if content.is_too_deep(body, content.MAX_NESTING + 1):
        raise bad_request(f"The body is nested deeper than {content.MAX_NESTING} levels.")
    twice = next(_stated_twice(body), None)
    if twice is not None:
        raise content.InvalidContent([content.FieldError(content.pointer(*twice), "stated twice")])
    return body


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


def idempotency_key(request: Request) -> str | None:
    """The `Idempotency-Key`, 1 to 255 visible ASCII characters; None where there is none."""
    key = request.headers.get("idempotency-key")
    if key is not None and not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        raise bad_request("An Idempotency-Key has 1 to 255 visible ASCII characters.")
    return key


def if_match(request: Request) -> decide.IfMatch | None:
    """The versions that `If-Match` accepts (RFC 9110, section 13.1.1); a weak or foreign tag matches none."""
    tags = _entity_tags(request, "if-match")
    if tags is None:
        return None
    if tags == ["*"]:
        return decide.IfMatch(None)
    strong = [tag[1:-1] for tag in tags if not tag.startswith("W/")]
    return decide.IfMatch(frozenset(int(tag) for tag in strong if _is_version(tag)))


def if_none_match(request: Request) -> Callable[[int], bool] | None:
    """Whether a version is among those of `If-None-Match` (section 13.1.2, weak comparison); None without it."""
    tags = _entity_tags(request, "if-none-match")
    if tags is None:
        return None
    return lambda version: tags == ["*"] or etag(version) in {tag.removeprefix("W/") for tag in tags}


def wait_preference(request: Request) -> int:
    """The seconds that the caller is ready to wait (`Prefer: wait=N`, RFC 7240 section 4.3), at most 10; 0 for none."""
    for preference in request.headers.get("prefer", "").split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        value = value.strip().strip('"')
        if name.strip().lower() == "wait" and value.isascii() and value.isdigit():
            # So long a number of seconds is more than enough, whatever its digits are.
            digits = value.lstrip("0") or "0"
            return MAX_WAIT_SECONDS if len(digits) > 4 else min(int(digits), MAX_WAIT_SECONDS)
    return 0


def _view(blueprint: Blueprint, path: str, handler: Handler, is_open: bool) -> Callable[..., Response]:
    def view(**_: str) -> Response:
        started = time.perf_counter()
        event = blueprint.current_request.to_original_event()
        try:
            request = _request(event, path, cast("bytes", blueprint.current_request.raw_body), is_open)
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


def _request(event: dict[str, Any], route: str, body: bytes, is_open: bool) -> Request:
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
    parts = route.strip("/").split("/")
    # REST APIs deliver `path` still percent-encoded, and that alone tells a slash in a name from one between names.
    given = event["path"].rstrip("/").split("/")[-len(parts) :]
    return Request(
        method=method,
        route=route,
        path={part[1:-1]: unquote(text) for part, text in zip(parts, given, strict=True) if part.startswith("{")},
        query=event.get("multiValueQueryStringParameters") or {},
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=body,
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


def _entity_tags(request: Request, header: str) -> list[str] | None:
    given = request.headers.get(header)
    if given is None:
        return None
    if given.strip() == "*":
        return ["*"]
    tags: list[str] = []
    may_follow = True
    for token in re.findall(rf"{_ENTITY_TAG}|,|[^\s,]+", given):
        if token == ",":
            may_follow = True
        elif may_follow and re.fullmatch(_ENTITY_TAG, token):
            tags.append(token)
            may_follow = False
        else:
            tags.clear()
            break
    if not tags:
        raise bad_request(f'{header.title()} takes * or entity tags such as "3".')
    return tags


def _is_version(tag: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{0,14}", tag) is not None


class _Ambiguous(dict[str, Any]):
    """An object that states a name twice; the parser cannot tell where in the body it stands."""

    twice: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    ambiguous = _Ambiguous(found)
    seen: set[str] = set()
    ambiguous.twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return ambiguous


def _stated_twice(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of names that are stated twice in their object."""
    if isinstance(value, _Ambiguous):
        yield (*path, value.twice)
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _stated_twice(member, (*path, name))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _stated_twice(item, (*path, position))


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is larger than a double can hold")
    return number


def _whole(text: str) -> int:
    _finite(text)
    return int(text)
