"""How an operation is stated: its parameters, its body, and every answer that it may give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.auth import WRITE
from chalicelib.api.bodies import MAX_BODY_BYTES
from chalicelib.api.media_types import JSON
from chalicelib.api.openapi import headers, problems
from chalicelib.api.openapi.parameters import IF_NONE_MATCH, REQUEST_ID
from chalicelib.api.problem_types import ProblemType

Schema = dict[str, Any]

_VALIDATORS: Final = headers.named("ETag", "Cache-Control")


def operation(
    name: str,
    summary: str,
    description: str,
    *,
    tag: str,
    answers: Mapping[int, Schema],
    scope: str | None,
    parameters: Sequence[Schema] = (),
    body: Schema | None = None,
    refusals: Sequence[ProblemType] = (),
    negotiated: bool = True,
    by_feed_token: bool = False,
) -> dict[str, Any]:
    """An Operation Object (OpenAPI 3.1, section 4.8.10).

    Parameters
    ----------
    scope : str, optional
        What the token must allow; None for who needs no such token.
    refusals : sequence of ProblemType
        Problem types beside those that the kind of operation brings with it: every one may be wrong (400), too much
        (429) or fail (500, 503), one with a token may lack it (401, 403), one with a body may have a wrong one (413,
        415).
    negotiated : bool
        Whether there is a body to answer with, and so a media type to agree on (406).
    by_feed_token : bool
        Whether a token in the query, and no other, says who is asking.
    """
    kinds = [
        *refusals,
        problem_types.BAD_REQUEST,
        problem_types.TOO_MANY_REQUESTS,
        problem_types.INTERNAL_ERROR,
        problem_types.UNAVAILABLE,
    ]
    if scope is not None:
        kinds += [problem_types.UNAUTHORIZED, problem_types.FORBIDDEN]
    security = [] if scope is None else [{"bearer": [scope]}]
    if by_feed_token:
        kinds.append(problem_types.UNAUTHORIZED)
        security = [{"feed": []}]
    if negotiated:
        kinds.append(problem_types.NOT_ACCEPTABLE)
    if body is not None:
        kinds += [problem_types.PAYLOAD_TOO_LARGE, problem_types.UNSUPPORTED_MEDIA_TYPE]
    stated = {str(status): answer for status, answer in answers.items()} | problems.responses(*kinds)
    common = [REQUEST_ID]
    if scope != WRITE:
        # Each read is one that caches may ask about.
        common.append(IF_NONE_MATCH)
        stated["200"] = {**stated["200"], "headers": stated["200"]["headers"] | _VALIDATORS}
        stated["304"] = answer("The caller has it already.", sends=("ETag", "Cache-Control"))
    return {
        "operationId": name,
        "summary": summary,
        "description": description,
        "tags": [tag],
        "security": security,
        "parameters": [*parameters, *common],
        **({"requestBody": body} if body is not None else {}),
        "responses": {status: stated[status] for status in sorted(stated)},
    }


def answer(
    description: str,
    schema: Schema | None = None,
    *,
    example: object = None,
    sends: Sequence[str] = (),
    links: Mapping[str, Schema] | None = None,
    media_type: str = JSON,
    also: Mapping[str, Schema] | None = None,
) -> Schema:
    """A Response Object; `sends` names its headers, `also` has the schemas under other media types."""
    others = {name: {"schema": each} for name, each in (also or {}).items()}
    content = {"schema": schema, **({} if example is None else {"example": example})}
    return {
        "description": description,
        "headers": headers.named(*sends, *headers.ALWAYS),
        **({} if schema is None else {"content": {media_type: content} | others}),
        **({"links": dict(links)} if links else {}),
    }


def json_body(
    schema: Schema, examples: Mapping[str, object], *media_types: str, max_bytes: int = MAX_BODY_BYTES
) -> Schema:
    """A Request Body Object: JSON under each of the media types, with an example for each use of it."""
    shown = {name: {"summary": name, "value": value} for name, value in examples.items()}
    return {
        "description": f"At most {max_bytes // 1024} KB.",
        "required": True,
        "content": {media_type: {"schema": schema, "examples": shown} for media_type in media_types or (JSON,)},
    }


def link(operation_id: str, description: str, **parameters: str) -> Schema:
    """A Link Object: which operation goes on from an answer, and with what of it (section 4.8.20)."""
    return {"operationId": operation_id, "description": description, "parameters": parameters}
