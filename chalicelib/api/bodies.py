"""A request's body: JSON (RFC 8259), without what parsers let pass that no two of them read alike."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.media_types import JSON
from chalicelib.api.problems import Problem, bad_request
from chalicelib.api.request import Request
from chalicelib.todos import content, fields

# A todo's fields and metadata fit many times over; an event holds at most 64 KB.
MAX_BODY_BYTES: Final = 128 * 1024
# A body has room for many more; these show what is wrong.
MAX_FLAWS: Final = 100


def json_body(
    request: Request, *media_types: str, max_bytes: int = MAX_BODY_BYTES, max_nesting: int = fields.MAX_NESTING + 1
) -> Any:
    """The body as JSON (RFC 8259), of one of `media_types` (or ``application/json``).

    Parameters
    ----------
    max_nesting : int
        By default what a field may have, which stands in the body's own object.

    Raises
    ------
    Problem
        413 when it is too long, 415 when it is of another type or packed (RFC 9110, section 8.4), 400 when it is not
        JSON, states a name twice, or holds a number that is none (NaN) or that no double can hold.
    """
    accepted = (JSON, *media_types)
    media_type = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if media_type not in accepted:
        detail = f"{media_type or 'An empty media type'} is not read here; send {' or '.join(accepted)}."
        raise Problem(problem_types.UNSUPPORTED_MEDIA_TYPE, detail)
    if len(request.body) > max_bytes:
        detail = f"The body has {len(request.body)} bytes where {max_bytes} are allowed."
        raise Problem(problem_types.PAYLOAD_TOO_LARGE, detail)
    try:
        text = request.body.decode()
        if "\ufffd" in text and _was_replaced(request):
            raise _unreadable(request, "The body is not UTF-8.")
        if text.startswith("\ufeff"):
            raise bad_request("The body begins with a byte order mark, which JSON has none of (RFC 8259, section 8.1).")
        body = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite, parse_int=_whole
        )
    except RecursionError:
        raise bad_request("The body is nested too deeply.") from None
    except ValueError as error:
        raise _unreadable(request, f"The body is not JSON: {error}.") from None
    if content.is_too_deep(body, max_nesting):
        members = body.items() if isinstance(body, dict) else ()
        errors = [
            {"pointer": content.pointer(name), "detail": f"nested deeper than {max_nesting - 1} levels"}
            for name, member in members
            if content.is_too_deep(member, max_nesting - 1)
        ]
        raise bad_request(f"The body is nested deeper than {max_nesting} levels.", errors)
    flaws = [{"pointer": content.pointer(*path), "detail": detail} for path, detail in islice(_flaws(body), MAX_FLAWS)]
    if flaws:
        raise bad_request("The body is not JSON that every reader understands alike.", flaws)
    return body


def _unreadable(request: Request, detail: str) -> Problem:
    """Why a body is not read: it is packed, and no gateway has unpacked it before; or it is bad."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding in ("", "identity"):
        return bad_request(detail)
    detail = f"A body in the content coding {coding} is not read here; send it as it is."
    headers = {"Accept-Encoding": "identity"}
    return Problem(problem_types.UNSUPPORTED_MEDIA_TYPE, detail, headers=headers)


def _was_replaced(request: Request) -> bool:
    """Whether the gateway put U+FFFD where it could not decode: then the body is no longer as long as it was sent."""
    length = request.headers.get("content-length", "")
    return "content-encoding" not in request.headers and length not in ("", str(len(request.body)))


class _Ambiguous(dict[str, Any]):
    """An object that states a name twice; the parser cannot tell where in the body it stands."""

    twice: str


@dataclass(frozen=True, slots=True)
class _NoNumber:
    """What stands where a number should, and why it is none."""

    detail: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    ambiguous = _Ambiguous(found)
    seen: set[str] = set()
    ambiguous.twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return ambiguous


def _flaws(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What parsers let pass, and where: a name that is stated twice in its object, and a number that is none."""
    if isinstance(value, _NoNumber):
        yield path, value.detail
    if isinstance(value, _Ambiguous):
        yield (*path, value.twice), "stated twice"
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _flaws(member, (*path, name))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _flaws(item, (*path, position))


def _no_number(text: str) -> _NoNumber:
    return _NoNumber(f"{text} is not a JSON number")


def _finite(text: str) -> float | _NoNumber:
    number = float(text)
    return _NoNumber(f"{text[:20]} is larger than a double can hold") if math.isinf(number) else number


def _whole(text: str) -> int | _NoNumber:
    number = _finite(text)
    return number if isinstance(number, _NoNumber) else int(text)
