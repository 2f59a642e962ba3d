"""Preconditions that a route does not evaluate: they are refused, since a caller who states one relies on it.

A read evaluates `If-Match` and `If-None-Match` by the entity tag of its answer (`caching`), a write of one todo by the
todo's version (`todos.decide`). Nothing here has a `Last-Modified`, so `If-Modified-Since` is ignored, as RFC 9110,
section 13.1.3, requires. `If-Range` (section 13.1.5) is ignored because ranges are not supported. Both headers can only
save a transfer, so the whole answer is always right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.api.problems import bad_request
from chalicelib.api.route import Route

CONDITIONS: Final = frozenset({"if-match", "if-none-match", "if-unmodified-since"})
READS: Final = ("GET", "HEAD")


def refuse_unevaluated(route: Route, headers: Mapping[str, str]) -> None:
    """Refuse the conditions among a request's headers that its route does not evaluate.

    Raises
    ------
    Problem
        400 for `If-Unmodified-Since` on any route: it would keep a write from overwriting, and must not be dropped. 400
        for `If-Match` and `If-None-Match` where nothing with a version is written.
    """
    if "if-unmodified-since" in headers:
        raise bad_request(
            "If-Unmodified-Since is not evaluated: nothing here has a Last-Modified. Send If-Match with the ETag."
        )
    if route.method not in READS and not route.conditional:
        stated = " and ".join(name for name in ("If-Match", "If-None-Match") if name.lower() in headers)
        raise bad_request(
            f"{stated} cannot be evaluated for {route.method} {route.path}, which writes nothing that has a version of "
            "its own. Leave the header out; to create a todo only where there is none, send PUT with If-None-Match: *."
        )
