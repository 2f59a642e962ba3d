"""What request headers ask for: preconditions, idempotency, waiting, and by which id to know the request again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from chalicelib.api.problems import bad_request
from chalicelib.api.request import Request
from chalicelib.todos import decide

MAX_WAIT_SECONDS: Final = 10

ENTITY_TAG: Final = '(?:W/)?"[!#-~]*"'
# What `accepted` reads, for who reads the API's contract.
ENTITY_TAGS: Final = rf"^([\s,]*{ENTITY_TAG}(\s*,[\s,]*{ENTITY_TAG})*[\s,]*|\*)$"
IDEMPOTENCY_KEY: Final = "[!-~]{1,255}"
REQUEST_ID: Final = "[!-~]{1,200}"


def etag(version: int) -> str:
    return f'"{version}"'


def request_id(headers: Mapping[str, str]) -> str | None:
    """The `X-Request-Id`, 1 to 200 visible ASCII characters; None where there is none."""
    given = headers.get("x-request-id")
    if given is not None and not re.fullmatch(REQUEST_ID, given):
        raise bad_request("An X-Request-Id has 1 to 200 visible ASCII characters.")
    return given


def idempotency_key(request: Request) -> str | None:
    """The `Idempotency-Key`, 1 to 255 visible ASCII characters; None where there is none."""
    key = request.headers.get("idempotency-key")
    if key is not None and not is_idempotency_key(key):
        raise bad_request("An Idempotency-Key has 1 to 255 visible ASCII characters.")
    return key


def is_idempotency_key(text: str) -> bool:
    return re.fullmatch(IDEMPOTENCY_KEY, text) is not None


def if_match(request: Request) -> decide.IfMatch | None:
    """The versions that the `If-Match` header accepts, as `accepted` reads it; None where there is none."""
    given = request.headers.get("if-match")
    return None if given is None else accepted(given)


def accepted(given: str) -> decide.IfMatch:
    """The versions that a value of `If-Match` accepts (RFC 9110, section 13.1.1); a weak or foreign tag matches none.

    Raises
    ------
    Problem
        400 when it is neither ``*`` nor entity tags.
    """
    tags = _entity_tags(given, "If-Match")
    if tags == ["*"]:
        return decide.IfMatch(None)
    strong = [tag[1:-1] for tag in tags if not tag.startswith("W/")]
    return decide.IfMatch(frozenset(int(tag) for tag in strong if _is_version(tag)))


def if_none_match(request: Request) -> Callable[[str], bool] | None:
    """Whether an entity tag is among those of `If-None-Match` (section 13.1.2, weak comparison); None without it."""
    given = request.headers.get("if-none-match")
    if given is None:
        return None
    tags = _entity_tags(given, "If-None-Match")
    return lambda known: tags == ["*"] or known.removeprefix("W/") in {tag.removeprefix("W/") for tag in tags}


def unless_at(request: Request) -> decide.IfNoneMatch | None:
    """The versions that `If-None-Match` keeps a write from changing; None where there is none."""
    given = request.headers.get("if-none-match")
    if given is None:
        return None
    tags = _entity_tags(given, "If-None-Match")
    if tags == ["*"]:
        return decide.IfNoneMatch(None)
    texts = [tag.removeprefix("W/")[1:-1] for tag in tags]
    return decide.IfNoneMatch(frozenset(int(text) for text in texts if _is_version(text)))


def wait_preference(request: Request, at_most: int = MAX_WAIT_SECONDS) -> int:
    """The seconds that the caller is ready to wait (`Prefer: wait=N`, RFC 7240 section 4.3); 0 for none."""
    for preference in elements(request.headers.get("prefer", "")):
        name, _, value = next(elements(preference, ";"), "").partition("=")
        value = value.strip().strip('"')
        if name.strip().lower() == "wait" and value.isascii() and value.isdigit():
            # So long a number of seconds is more than enough, whatever its digits are.
            digits = value.lstrip("0") or "0"
            return at_most if len(digits) > 4 else min(int(digits), at_most)
    return 0


def elements(value: str, separator: str = ",") -> Iterator[str]:
    """The elements of a list in a header, whose quoted strings may have the separator (RFC 9110, section 5.6)."""
    for found in re.finditer(rf'(?:[^{separator}"]|"(?:[^"\\]|\\.)*"?)+', value):
        if text := found[0].strip():
            yield text


def _entity_tags(given: str, header: str) -> list[str]:
    if given.strip() == "*":
        return ["*"]
    tags: list[str] = []
    may_follow = True
    for token in re.findall(rf"{ENTITY_TAG}|,|[^\s,]+", given):
        if token == ",":
            may_follow = True
        elif may_follow and re.fullmatch(ENTITY_TAG, token):
            tags.append(token)
            may_follow = False
        else:
            tags.clear()
            break
    if not tags:
        raise bad_request(f'{header} takes * or entity tags such as "3".')
    return tags


def _is_version(tag: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{0,14}", tag) is not None
