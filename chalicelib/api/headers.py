"""What request headers ask for: preconditions, idempotency, waiting, and the media type of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from chalicelib.api.http import Request
from chalicelib.api.problems import bad_request
from chalicelib.todos import decide

MAX_WAIT_SECONDS: Final = 10

_ENTITY_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e]*"'


def etag(version: int) -> str:
    return f'"{version}"'


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
    return None if tags is None else lambda version: _is_among(etag(version), tags)


def knows(request: Request, tag: str) -> bool:
    """Whether `If-None-Match` names this entity tag."""
    tags = _entity_tags(request, "if-none-match")
    return tags is not None and _is_among(tag, tags)


def wait_preference(request: Request, at_most: int = MAX_WAIT_SECONDS) -> int:
    """The seconds that the caller is ready to wait (`Prefer: wait=N`, RFC 7240 section 4.3); 0 for none."""
    for preference in request.headers.get("prefer", "").split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        value = value.strip().strip('"')
        if name.strip().lower() == "wait" and value.isascii() and value.isdigit():
            # So long a number of seconds is more than enough, whatever its digits are.
            digits = value.lstrip("0") or "0"
            return at_most if len(digits) > 4 else min(int(digits), at_most)
    return 0


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


def _is_among(tag: str, tags: list[str]) -> bool:
    return tags == ["*"] or tag in {each.removeprefix("W/") for each in tags}


def _is_version(tag: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{0,14}", tag) is not None
