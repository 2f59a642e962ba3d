"""Checks each answer of the API against the API's own contract, in every test that sends a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import jsonschema_rs

from chalicelib.api.answer_headers import EXPOSED
from chalicelib.api.openapi.document import document
from chalicelib.api.routes import ROUTES
from stack.local.gateway import KEY_SET_PATH

# What the gateway, the server and CORS (RFC 9110, Fetch standard) add to any answer.
AMBIENT: Final = {
    "content-type", "content-length", "transfer-encoding", "date", "server", "connection", "via", "vary",
    "accept-patch",
}  # fmt: skip
AMBIENT_PREFIXES: Final = ("access-control-", "x-amz", "x-cache")
# What a page of another origin may read in any case (Fetch standard, CORS-safelisted response-header names), and what
# is between the server and its peer.
READABLE: Final = {
    "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma",
    "connection", "server", "transfer-encoding", "via",
}  # fmt: skip

Validate = Callable[[Any], None]


def check(method: str, url: str, status: int, headers: Mapping[str, str], text: str) -> None:
    """Fail where the contract does not have this answer: its status, media type, headers or body.

    Raises
    ------
    AssertionError
    """
    if method == "OPTIONS" or urlsplit(url).path == KEY_SET_PATH:
        return
    asked = f"{method} {url} answered {status}, which the contract has otherwise"
    _check_exposed(asked, headers)
    if method not in ("GET", "HEAD") or status not in (200, 304):
        assert headers["Cache-Control"] == "no-store", f"{asked}: it may be stored"
    path = _path_of(url)
    if path is None:
        assert status == 404, f"{asked}: it has no such path"
        return
    operations = _contract()["paths"][path]
    operation = operations.get("get" if method == "HEAD" else method.lower())
    allowed = {name.upper() for name in operations} | {"OPTIONS"} | ({"HEAD"} if "get" in operations else set())
    if operation is None:
        assert status == 405, f"{asked}: the path has no such method"
        assert set(headers["Allow"].split(", ")) == allowed, asked
        return
    response = operation["responses"].get(str(status))
    assert response is not None, f"{asked}: only with {', '.join(operation['responses'])}\n{text[:500]}"
    if "Accept-Patch" in headers:
        assert set(headers["Accept-Patch"].split(", ")) == set(operations["patch"]["requestBody"]["content"]), asked
    if "Allow" in headers:
        assert set(headers["Allow"].split(", ")) == allowed, asked
    name = operation["operationId"]
    response = _resolved(response)
    _check_headers(asked, response.get("headers", {}), headers)
    if method != "HEAD":
        _check_body(asked, (name, str(status)), response.get("content", {}), headers.get("Content-Type"), text)


def _check_exposed(asked: str, headers: Mapping[str, str]) -> None:
    """Fail where a page of another origin cannot read what the answer carries, also an answer of the gateway itself."""
    exposed = {name.lower() for name in headers["Access-Control-Expose-Headers"].split(",")}
    assert exposed == {name.lower() for name in EXPOSED}, f"{asked}: it exposes others"
    hidden = {name.lower() for name in headers} - exposed - READABLE
    hidden = {name for name in hidden if not name.startswith(AMBIENT_PREFIXES)}
    assert not hidden, f"{asked}: a web page cannot read {', '.join(sorted(hidden))}"


def _check_headers(asked: str, documented: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    # A header that the gateway has renamed counts as what the app calls it.
    given = {name.lower().removeprefix("x-amzn-remapped-"): value for name, value in headers.items()}
    for name, stated in documented.items():
        header = _resolved(stated)
        value = given.pop(name.lower(), None)
        assert value is not None or not header["required"], f"{asked}: without {name}"
        if value is not None:
            schema = header["schema"]
            read = int(value) if schema["type"] == "integer" else value
            jsonschema_rs.validate(schema, read)
    unknown = {name for name in given if name not in AMBIENT and not name.startswith(AMBIENT_PREFIXES)}
    assert not unknown, f"{asked}: it has no {', '.join(sorted(unknown))}"


def _check_body(
    asked: str, place: tuple[str, str], documented: Mapping[str, Any], content_type: str | None, text: str
) -> None:
    if not documented:
        assert text == "", f"{asked}: with a body"
        return
    media_type = (content_type or "").partition(";")[0]
    assert media_type in documented, f"{asked}: as {media_type}"
    if media_type == "application/json" or media_type.endswith("+json"):
        try:
            _validator(*place, media_type)(json.loads(text))
        except jsonschema_rs.ValidationError as error:
            raise AssertionError(f"{asked}: {error}") from None


@cache
def _contract() -> dict[str, Any]:
    """The document, its objects closed: a member that it does not name is a disagreement too."""
    found = document("https://localhost", ROUTES)
    schemas = {name: _closed(schema) for name, schema in found["components"]["schemas"].items()}
    return {**found, "components": {**found["components"], "schemas": schemas}}


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "additionalProperties": False} if "properties" in schema else schema


@cache
def _validator(operation: str, status: str, media_type: str) -> Validate:
    contract = _contract()
    responses = next(
        each["responses"]
        for item in contract["paths"].values()
        for each in item.values()
        if each["operationId"] == operation
    )
    schema = _resolved(responses[status])["content"][media_type]["schema"]
    whole = {**schema, "components": contract["components"]}
    validate: Validate = jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate
    return validate


def _resolved(found: dict[str, Any]) -> Any:
    target: Any = found
    if "$ref" in found:
        target = _contract()
        for step in found["$ref"].removeprefix("#/").split("/"):
            target = target[step]
    return target


def _path_of(url: str) -> str | None:
    """The path of the contract that a request was to; None for an unknown one."""
    given = urlsplit(url).path.rstrip("/").split("/")
    fitting = [path for path in _contract()["paths"] if _fits(path.rstrip("/").split("/"), given)]
    return min(fitting, key=lambda path: path.count("{"), default=None)


def _fits(parts: list[str], given: list[str]) -> bool:
    return len(parts) == len(given) and all(
        part == text or (part.startswith("{") and text) for part, text in zip(parts, given, strict=True)
    )
