"""What the answer to a read tells caches: whose it is, how to ask whether it still holds, and that it does."""

from __future__ import annotations

import hashlib
from typing import Any, Final, cast

from chalice.app import Response

from chalicelib.api.headers import if_none_match
from chalicelib.api.request import Request

# Each use asks again; with the entity tag that costs a 304.
REVALIDATED: Final = "no-cache"


def validated(request: Request, response: Response) -> Response:
    """The answer with `Cache-Control` and an `ETag` where it has none of its own; 304 for who knows it already.

    Raises
    ------
    Problem
        400 for an `If-None-Match` that has no entity tags.
    """
    kept = cast("dict[str, str]", response.headers)
    if response.status_code != 200 or "no-store" in kept.get("Cache-Control", ""):
        return response
    kept.setdefault("Cache-Control", REVALIDATED if request.caller is None else f"private, {REVALIDATED}")
    if "ETag" not in kept:
        kept["ETag"] = tag_of(response.body, kept.get("Link", ""))
    is_known = if_none_match(request)
    if is_known is None or not is_known(kept["ETag"]):
        return response
    kept.pop("Content-Type", None)
    return Response(body="", status_code=304, headers=response.headers)


def tag_of(body: Any, link: str = "") -> str:
    """The tag of what has no version: a digest of the body and of where its next page is.

    It is weak (RFC 9110, section 8.8.1), since the gateway may compress the body.
    """
    text = body if isinstance(body, bytes) else body.encode()
    digest = hashlib.sha256(link.encode() + b"\n" + text).hexdigest()
    return f'W/"{digest[:32]}"'
