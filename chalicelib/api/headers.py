"""The request headers that the API reads: each parser takes a header's value, and refuses a malformed one with 400."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from chalicelib.api.problems import bad_request
from chalicelib.todos import ids
from chalicelib.todos.decide import IfMatch, IfNoneMatch

MAX_WAIT_SECONDS: Final = 10

ENTITY_TAG: Final = '(?:W/)?"[!#-~]*"'
# The values that `_entity_tags` accepts, for readers of the contract.
ENTITY_TAGS: Final = rf"^([\s,]*{ENTITY_TAG}(\s*,[\s,]*{ENTITY_TAG})*[\s,]*|\*)$"
IDEMPOTENCY_KEY: Final = "[!-~]{1,255}"
OPERATION_ID: Final = ids.STATED_OPERATION
REQUEST_ID: Final = "[!-~]{1,200}"

# Those that have one value (RFC 9110, section 5.3): of two lines nobody knows which one counts.
_SINGLE: Final = ("authorization", "content-length", "content-type", "idempotency-key", "operation-id", "x-request-id")


def join_lines(given: Mapping[str, list[str]]) -> dict[str, str]:
    """Headers in several lines as one line each, by their names in lower case (RFC 9110, section 5.3).

    Raises
    ------
    Problem
        400 for a header that has one value and comes more than once.
    """
    lines: dict[str, list[str]] = {}
    for name, values in given.items():
        lines.setdefault(name.lower(), []).extend(values)
    for name in _SINGLE:
        if name in lines and _is_repeated(name, lines[name]):
            raise bad_request(f"The header {name.title()} was sent more than once; send it once.")
    return {name: ", ".join(values) for name, values in lines.items()}


def _is_repeated(name: str, values: list[str]) -> bool:
    # A proxy may have joined the lines. A media type has a comma in a quoted parameter only.
    return len(values) > 1 or (name == "content-type" and "," in values[0] and len(list(elements(values[0]))) > 1)


def parse_request_id(value: str) -> str:
    """An `X-Request-Id`: 1 to 200 visible ASCII characters."""
    if not re.fullmatch(REQUEST_ID, value):
        raise bad_request("An X-Request-Id has 1 to 200 visible ASCII characters.")
    return value


def parse_idempotency_key(value: str) -> str:
    """An `Idempotency-Key`: 1 to 255 visible ASCII characters."""
    if not is_idempotency_key(value):
        raise bad_request("An Idempotency-Key has 1 to 255 visible ASCII characters.")
    return value


def is_idempotency_key(text: str) -> bool:
    """Whether a text may be an idempotency key, as the contract bounds it."""
    return re.fullmatch(IDEMPOTENCY_KEY, text) is not None


def parse_operation_id(value: str) -> str:
    """An `Operation-Id`: 1 to 64 visible ASCII characters; those that begin with a tilde are the service's own."""
    if not re.fullmatch(OPERATION_ID, value):
        raise bad_request("An Operation-Id has 1 to 64 visible ASCII characters, of which the first is not a tilde.")
    return value


def parse_if_match(value: str) -> IfMatch:
    """The versions that `If-Match` accepts (RFC 9110, section 13.1.1); a weak or foreign tag matches none."""
    tags = _entity_tags(value, "If-Match")
    if tags == ["*"]:
        return IfMatch(None)
    return IfMatch(_versions(tag for tag in tags if not tag.startswith("W/")))


def parse_if_none_match(value: str) -> IfNoneMatch:
    """The versions that `If-None-Match` keeps a write from changing (section 13.1.2)."""
    tags = _entity_tags(value, "If-None-Match")
    if tags == ["*"]:
        return IfNoneMatch(None)
    return IfNoneMatch(_versions(tag.removeprefix("W/") for tag in tags))


def is_match(if_match: str, tag: str) -> bool:
    """Whether `If-Match` has the entity tag of an answer (section 13.1.1, strong comparison)."""
    tags = _entity_tags(if_match, "If-Match")
    return tags == ["*"] or (tag in tags and not tag.startswith("W/"))


def is_not_modified(if_none_match: str, tag: str) -> bool:
    """Whether `If-None-Match` has the entity tag that an answer would have (section 13.1.2, weak comparison)."""
    tags = _entity_tags(if_none_match, "If-None-Match")
    return tags == ["*"] or tag.removeprefix("W/") in {each.removeprefix("W/") for each in tags}


def parse_wait(prefer: str, at_most: int = MAX_WAIT_SECONDS) -> int:
    """The seconds that the caller is ready to wait (`Prefer: wait=N`, RFC 7240 section 4.3); 0 for none."""
    for preference in elements(prefer):
        name, _, value = next(elements(preference, ";"), "").partition("=")
        value = value.strip().strip('"')
        if name.strip().lower() == "wait" and value.isascii() and value.isdigit():
            # A number with more digits is above any limit; parsing it could take long.
            digits = value.lstrip("0") or "0"
            return at_most if len(digits) > 4 else min(int(digits), at_most)
    return 0


def elements(value: str, separator: str = ",") -> Iterator[str]:
    """The elements of a list in a header; quoted strings may contain the separator (RFC 9110, section 5.6)."""
    # Possessive: nothing is tried twice, and no places to go back to are kept.
    for found in re.finditer(rf'(?:[^{separator}"]++|"(?:[^"\\]++|\\.)*+"?+)++', value):
        if text := found[0].strip():
            yield text


def _entity_tags(value: str, header: str) -> list[str]:
    if value.strip() == "*":
        return ["*"]
    tags: list[str] = []
    may_follow = True
    for token in re.findall(rf"{ENTITY_TAG}|,|[^\s,]+", value):
        if token == ",":  # noqa: S105 - a token of the grammar
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


def _versions(tags: Iterator[str]) -> frozenset[int]:
    """The versions that strong tags name; other tags match nothing."""
    texts = (tag[1:-1] for tag in tags)
    return frozenset(int(text) for text in texts if re.fullmatch(r"[1-9][0-9]{0,14}", text))
