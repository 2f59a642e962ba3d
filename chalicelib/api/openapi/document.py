"""The whole document: every resource's paths, what they refer to, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from chalicelib import __version__
from chalicelib.api.auth import READ, WRITE
from chalicelib.api.openapi import (
    batch,
    changes,
    exports,
    feeds,
    headers,
    lists,
    problems,
    schemas,
    system,
    todos,
    webhooks,
)
from chalicelib.api.openapi.operations import of_route
from chalicelib.api.route import Route

RESOURCES = (todos, batch, lists, changes, exports, feeds, webhooks, system)

DESCRIPTION = f"""
Todos whose every change is kept as an event. Each writer can know what it overwrites, repeat what was perhaps lost, and
read, undo or replay what was.

**Tokens.** A request carries `Authorization: Bearer …`, a JWT whose `sub` is the owner of all that it reads and writes.
Reading needs the scope `{READ}`, writing `{WRITE}`.

**Versions.** Each event of a todo has a version: 1, 2, 3 … without gaps. It is the todo's `ETag`, so `If-Match` guards
against overwriting what one has not seen, and `If-None-Match` saves reading what one has.

**Repeating.** A write with an `Idempotency-Key` takes effect once, however often it is sent, and is answered alike each
time. The key holds for ever.

**Reading one's writes.** One todo is always current. Lists, counts and pages follow a moment later; a write with
`Prefer: wait=5` waits until they show it.

**Problems.** Every error is `application/problem+json` (RFC 9457). Its `type` is stable for programs to go by, and bad
input is told field by field, with a JSON pointer.

**Methods.** HEAD answers wherever GET does, without the body. OPTIONS answers everywhere (CORS). Any other method is
refused with 405 and `Allow`.
""".strip()


def document(base_url: str, routes: Iterable[Route]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the API at an absolute address.

    Raises
    ------
    LookupError
        A route is not described.
    """
    return {**_without_address(tuple(routes)), "servers": [{"url": base_url, "description": "This deployment."}]}


@cache
def _without_address(routes: tuple[Route, ...]) -> dict[str, Any]:
    described = {path: item for resource in RESOURCES for path, item in resource.PATHS.items()}
    paths: dict[str, Any] = {}
    for route in routes:
        method = route.method.lower()
        paths.setdefault(route.path, {})[method] = of_route(described[route.path][method], route)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "todo-ledger",
            "version": __version__,
            "summary": "Todos whose every change is kept.",
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [],
        "tags": [tag for resource in RESOURCES for tag in resource.TAGS],
        "paths": paths,
        "components": {
            "schemas": {**schemas.components(), **problems.SCHEMAS},
            "responses": problems.RESPONSES,
            "headers": headers.COMPONENTS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": (
                        "A JWT (RS256 or ES256) of the configured issuer: `sub` is the owner, `scope` what it allows "
                        f"(`{READ}`, `{WRITE}`)."
                    ),
                },
                "feed": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "token",
                    "description": "The token of a calendar feed, as `POST /feeds` makes it; it reads that feed alone.",
                },
            },
        },
    }
