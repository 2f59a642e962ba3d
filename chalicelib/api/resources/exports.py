"""`/export`: the owner's todos as a file, page by page, that the loader can read."""

from __future__ import annotations

from typing import Final

from chalicelib.api import filters, pages, problem_types
from chalicelib.api.media_types import CSV, JSON_LINES, NDJSON
from chalicelib.api.problems import Problem
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.todos import export_rows, representation
from chalicelib.views import queries

FORMATS: Final = {JSON_LINES: "jsonl", NDJSON: "jsonl", CSV: "csv"}


def read(request: Request) -> Response:
    """A page of all todos, by id; the bodies of all pages, one after the other, are the file.

    An id never changes, so that a todo that moves meanwhile is neither missed nor there twice. `format` overrides
    `Accept`, for clients that cannot set a header.

    Raises
    ------
    Problem
        410 for a cursor from when pages were by list and order.
    """
    query = parameters(request, format=filters.parse_choice("jsonl", "csv"), limit=pages.parse_limit, cursor=str)
    media_type = {"jsonl": JSON_LINES, "csv": CSV}.get(query["format"], request.media_type)
    # The cursor then continues in the format that it began in.
    query["format"] = FORMATS[media_type]
    position = pages.position_of(request, query)
    if position is not None and not queries.is_key_of_row(position):
        detail = "The cursor is of an older form of the export. Start over without a cursor, and discard what was read."
        raise Problem(problem_types.CURSOR_EXPIRED, detail)
    size = query["limit"] or pages.MAX_LIMIT
    found = queries.by_id(request.owner, after=position, limit=size)
    rows = [representation.todo_answer(request.base_url, row.todo_id, row.version, row.todo) for row in found.rows]
    is_first = position is None
    if media_type == CSV:
        body = (export_rows.csv_header() if is_first else "") + export_rows.csv_lines(rows)
        described = f"{CSV}; charset=utf-8; header={'present' if is_first else 'absent'}"
    else:
        body, described = export_rows.json_lines(rows), media_type
    cursor = None if found.next_after is None else pages.cursor_of(request, query, found.next_after)
    headers: dict[str, str] = {
        "Content-Type": described,
        "Content-Disposition": f'attachment; filename="todos.{query["format"]}"',
        **pages.next_link(request, cursor),
    }
    return Response(body=body, status_code=200, headers=headers)
