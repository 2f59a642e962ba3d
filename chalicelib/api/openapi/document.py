"""The whole document: every resource's paths, their components, and what applies to all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from chalicelib import __version__
from chalicelib.api.openapi import (
    activity,
    batch,
    changes,
    exports,
    feeds,
    headers,
    json_patch,
    lists,
    operation_events,
    preferences,
    problems,
    schemas,
    system,
    todos,
    webhooks,
)
from chalicelib.api.openapi.operations import of_route
from chalicelib.api.route import Route
from chalicelib.api.scopes import READ, WRITE

RESOURCES = (todos, batch, operation_events, activity, lists, changes, exports, preferences, feeds, webhooks, system)

DESCRIPTION = f"""
Todos with an event for every change. A client knows what it would overwrite, can repeat a request whose answer was
lost, and can read, undo or replay the history.

**Tokens.** A request carries `Authorization: Bearer …`, a JWT whose `sub` is the owner of all todos that it reads and
writes. Reading needs the scope `{READ}`, writing `{WRITE}`, and making a webhook or a calendar feed both.

**Versions.** Each event of a todo has a version: 1, 2, 3 … without gaps. It is the todo's `ETag`, so `If-Match`
prevents overwriting unseen changes, and `If-None-Match` avoids reading the same again.

**Conditions.** `If-Match` and `If-None-Match` are evaluated by every read and by every write of one todo or of the
preferences, and refused with 400 elsewhere. `If-Unmodified-Since` is always refused; `If-Modified-Since` and `If-Range`
are ignored (RFC 9110, section 13.1), since nothing has a modification date.

**Repeating.** A write with an `Idempotency-Key` takes effect once, however often it is sent, and gets the same answer
each time. Keys never expire.

**Operations.** The events of requests with the same `Operation-Id` are one operation. A batch, and clearing or renaming
a list, is one without it, too.

**Reading your writes.** A single todo is always current. Lists and counts follow a moment later; a write with
`Prefer: wait=5` waits until they show it.

**Problems.** Every error is `application/problem+json` (RFC 9457). Its `type` is the address of a page that explains
it; programs can rely on the last part of that address. Invalid input is reported field by field, with a JSON pointer.

**Methods.** HEAD is available wherever GET is. OPTIONS is available everywhere (CORS). Any other method is refused
with 405 and `Allow`.
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
            "summary": "Todos with an event for every change.",
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [],
        "tags": [tag for resource in RESOURCES for tag in resource.TAGS],
        "paths": paths,
        "components": {
            "schemas": {**schemas.components(), json_patch.NAME: json_patch.schema(), **problems.SCHEMAS},
            "responses": _referred_to(problems.RESPONSES, paths),
            "headers": headers.COMPONENTS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": (
                        "A JWT (RS256 or ES256) of the configured issuer: `sub` is the owner, `scope` what is allowed "
                        f"(`{READ}`, `{WRITE}`)."
                    ),
                },
                "feed": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "token",
                    "description": "The token of a calendar feed, from `POST /feeds`; it reads only that feed.",
                },
            },
        },
    }


def _referred_to(responses: dict[str, Any], paths: dict[str, Any]) -> dict[str, Any]:
    """The responses that an operation refers to; one that shares its status with another is written out there."""
    text = json.dumps(paths)
    return {name: each for name, each in responses.items() if f'"#/components/responses/{name}"' in text}
