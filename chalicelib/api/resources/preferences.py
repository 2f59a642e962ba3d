"""`/preferences`: what the owner's clients keep together, such as the order of lists."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import bodies, caching, problem_types
from chalicelib.api.headers import parse_if_match
from chalicelib.api.problems import Problem, bad_request
from chalicelib.api.represent import answer
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.commands import preferences
from chalicelib.commands.preferences import Preferences, PreferencesChanged
from chalicelib.todos import content, representation
from chalicelib.todos.events import dump_json

MAX_BYTES: Final = 16 * 1024


def read(request: Request) -> Response:
    """The object that was stored; an empty one, with a weak tag, while nothing was."""
    parameters(request)
    found = preferences.read(request.owner)
    return answer(200, {}) if found is None else _answer(200, found)


def put(request: Request) -> Response:
    """Store the object in the body: 201 the first time."""
    wanted = _load(request)
    if_match = request.header("if-match", parse_if_match)
    only_first = request.headers.get("if-none-match")
    if only_first is not None and only_first.strip() != "*":
        raise bad_request("If-None-Match takes * here.")
    try:
        written = preferences.write(request.owner, wanted, if_match, only_first=only_first is not None)
    except PreferencesChanged as refusal:
        raise _stale(refusal.current) from refusal
    if written.version > 1:
        return _answer(200, written)
    first = _answer(201, written)
    first.headers["Location"] = f"{request.base_url}/preferences"
    return first


def _answer(status: int, found: Preferences) -> Response:
    return answer(status, found.content, {"ETag": representation.etag(found.version)})


def _load(request: Request) -> dict[str, Any]:
    """The object in the body, which can be stored and answered again.

    Raises
    ------
    Problem
        413 if it is too long, as it was sent or as it is written here; 400 if it is not an object, or has a text that
        cannot be encoded.
    """
    wanted = bodies.read_json(request, max_bytes=MAX_BYTES)
    if not isinstance(wanted, dict):
        raise bad_request("The preferences are not valid.", [{"pointer": "#", "detail": "expected an object"}])
    try:
        # A number may be longer here: 1e15 is 1000000000000000.0.
        bodies.check_size(len(dump_json(wanted).encode()), MAX_BYTES)
    except UnicodeEncodeError:
        errors = [{"pointer": "#", "detail": content.LONE_SURROGATE}]
        raise bad_request("The preferences are not valid.", errors) from None
    return wanted


def _stale(current: Preferences | None) -> Problem:
    """412 with what `read` would answer."""
    if current is None:
        detail = "Nothing has been stored yet. Store the first with If-None-Match: *."
        shown, tag = {}, caching.tag_of("{}")
    else:
        detail = f"The preferences are at version {current.version}."
        shown, tag = current.content, representation.etag(current.version)
    return Problem(problem_types.PRECONDITION_FAILED, detail, members={"preferences": shown}, headers={"ETag": tag})
