"""How an operation is described: its parameters, its body, and every answer that it may give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.bodies import MAX_BODY_BYTES
from chalicelib.api.media_types import JSON
from chalicelib.api.openapi import headers, problems
from chalicelib.api.openapi.parameters import IF_MATCH_OF_READ, IF_NONE_MATCH, REQUEST_ID
from chalicelib.api.problem_types import ProblemType
from chalicelib.api.route import Route

Schema = dict[str, Any]

_VALIDATORS: Final = headers.named("ETag")


def operation(
    name: str,
    summary: str,
    description: str,
    *,
    tag: str,
    answers: Mapping[int, Schema],
    parameters: Sequence[Schema] = (),
    body: Schema | None = None,
    refusals: Sequence[ProblemType] = (),
    security: Sequence[Schema] | None = None,
) -> dict[str, Any]:
    """An Operation Object (OpenAPI 3.1, section 4.8.10), without what follows from its route.

    Parameters
    ----------
    refusals : sequence of ProblemType
        Beside those that every operation of its kind has.
    security : sequence of Security Requirement Objects, optional
        For a public route that checks a token itself.
    """
    declared = {str(status): answer for status, answer in answers.items()}
    return {
        "operationId": name,
        "summary": summary,
        "description": description,
        "tags": [tag],
        "security": security,
        "parameters": list(parameters),
        **({"requestBody": body} if body is not None else {}),
        "responses": declared | problems.responses(*refusals),
    }


def of_route(operation: dict[str, Any], route: Route) -> dict[str, Any]:
    """The operation with what follows from its route: security, and the parameters and answers of its kind.

    Every operation may be wrong (400), too much (429) or fail (500, 503); one that needs a token may lack it (401) or
    its scope (403); one with a body may have a wrong one (413, 415); one that answers with a body may be asked for
    another media type (406); a read may be one that a cache asks about (304), or be wanted only as it was (412).
    """
    by_scope = [] if route.scope is None else [{"bearer": route.scope.split()}]
    security = by_scope if operation["security"] is None else list(operation["security"])
    responses = dict(operation["responses"])
    common = [REQUEST_ID]
    kinds = [
        problem_types.BAD_REQUEST,
        problem_types.TOO_MANY_REQUESTS,
        problem_types.INTERNAL_ERROR,
        problem_types.UNAVAILABLE,
    ]
    if security:
        kinds.append(problem_types.UNAUTHORIZED)
    if route.scope is not None:
        kinds.append(problem_types.FORBIDDEN)
    if route.method != "DELETE":
        kinds.append(problem_types.NOT_ACCEPTABLE)
    if "requestBody" in operation:
        kinds += [problem_types.PAYLOAD_TOO_LARGE, problem_types.UNSUPPORTED_MEDIA_TYPE]
    if route.method == "GET":
        common += [IF_MATCH_OF_READ, IF_NONE_MATCH]
        kinds.append(problem_types.PRECONDITION_FAILED)
        responses["200"] = {**responses["200"], "headers": responses["200"]["headers"] | _VALIDATORS}
        unchanged = answer("The caller has the current answer already.")
        responses["304"] = {**unchanged, "headers": responses["200"]["headers"]}
    responses |= problems.responses(*kinds)
    return {
        **operation,
        "security": security,
        "parameters": [*operation["parameters"], *common],
        "responses": {status: responses[status] for status in sorted(responses)},
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
    """A Request Body Object: JSON in each of the media types, with an example for each use."""
    shown = {name: {"summary": name, "value": value} for name, value in examples.items()}
    return {
        "description": f"At most {max_bytes // 1024} KB.",
        "required": True,
        "content": {media_type: {"schema": schema, "examples": shown} for media_type in media_types or (JSON,)},
    }


def link(operation_id: str, description: str, **parameters: str) -> Schema:
    """A Link Object: an operation that can follow an answer, and the values it takes from it (section 4.8.20)."""
    return {"operationId": operation_id, "description": description, "parameters": parameters}
