"""API Gateway's part of a request: the route that it chooses, and the event that it hands to the Lambda."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

STAGE: Final = "local"
REQUEST_ID: Final = "in-process"
READ_AND_WRITE: Final = "todos:read todos:write"


def api_event(
    method: str,
    path: str,
    body: str | None = None,
    headers: Mapping[str, str | list[str]] | None = None,
    *,
    owner: str,
    scope: str = READ_AND_WRITE,
    expires_in: float = 600.0,
) -> dict[str, Any]:
    """A request that the authorizer has let in (REST API, proxy integration).

    Parameters
    ----------
    path : str
        Percent-encoded, with its query.
    headers : mapping, optional
        A list is a header in several lines.
    expires_in : float
        Seconds until the token of the caller expires.

    Raises
    ------
    LookupError
        The app has no route for the path.
    """
    import app

    url = urlsplit(path)
    route, parameters = matching_route(app.app.routes, url.path)
    query = parse_qs(url.query, keep_blank_values=True)
    lines = {name: [value] if isinstance(value, str) else value for name, value in (headers or {}).items()}
    return {
        "resource": route,
        "path": url.path,
        "httpMethod": method,
        "headers": {name: values[-1] for name, values in lines.items()},
        "multiValueHeaders": lines,
        "pathParameters": parameters,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "stageVariables": None,
        "body": body,
        "isBase64Encoded": False,
        "requestContext": {
            "httpMethod": method,
            "resourcePath": route,
            "path": f"/{STAGE}{url.path}",
            "stage": STAGE,
            "requestId": REQUEST_ID,
            "domainName": "localhost",
            "identity": {"sourceIp": "127.0.0.1"},
            "authorizer": {"principalId": owner, "scope": scope, "exp": str(int(time.time() + expires_in))},
        },
    }


def matching_route(routes: Iterable[str], path: str) -> tuple[str, dict[str, str]]:
    """The route of a path, and the path's parameters as they are given.

    Raises
    ------
    LookupError
        No route fits the path.
    """
    given = path.strip("/").split("/")
    for route in routes:
        parts = route.strip("/").split("/")
        if len(parts) != len(given):
            continue
        pairs = list(zip(parts, given, strict=True))
        if all(part.startswith("{") or part == text for part, text in pairs):
            return route, {part[1:-1]: text for part, text in pairs if part.startswith("{")}
    raise LookupError(path)
