"""Cache-Control, ETag and 304 of reads; every other answer is not to be stored (`answer_headers`)."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.headers import is_match, is_not_modified
from chalicelib.api.problems import Problem
from chalicelib.api.request import Request
from chalicelib.api.response import Response

# A cache asks again before each use; with the entity tag that costs a 304.
REVALIDATED: Final = "no-cache"


def with_validators(request: Request, response: Response) -> Response:
    """The answer to a read with `Cache-Control`, and an `ETag` unless it has one; 304 if the caller has it already.

    The conditions are evaluated in the order of RFC 9110, section 13.2.2, and only where the read succeeds.

    Raises
    ------
    Problem
        412 if `If-Match` does not name the answer; 400 for a condition without entity tags.
    """
    headers = response.headers
    if response.status_code != 200:
        return response
    headers.setdefault("Cache-Control", f"private, {REVALIDATED}" if request.owner else REVALIDATED)
    if "ETag" not in headers:
        headers["ETag"] = tag_of(response.body, headers.get("Link", ""))
    wanted = request.headers.get("if-match")
    if wanted is not None and not is_match(wanted, headers["ETag"]):
        raise Problem(
            problem_types.PRECONDITION_FAILED,
            f"The ETag is {headers['ETag']}, which If-Match does not name. A weak tag (W/) matches none here.",
            headers={"ETag": headers["ETag"]},
        )
    known = request.headers.get("if-none-match")
    if known is None or not is_not_modified(known, headers["ETag"]):
        return response
    headers.pop("Content-Type", None)
    return Response(body="", status_code=304, headers=response.headers)


def tag_of(body: Any, link: str = "") -> str:
    """The tag of an answer without a version: a digest of its body and of the link to its next page.

    It is weak (RFC 9110, section 8.8.1), because the gateway may compress the body.
    """
    text = body if isinstance(body, bytes) else body.encode()
    digest = hashlib.sha256(link.encode() + b"\n" + text).hexdigest()
    return f'W/"{digest[:32]}"'
