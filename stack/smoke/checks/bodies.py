"""What arrives of a request's body, and what is refused."""

from __future__ import annotations

import gzip
import json
from typing import Any, Final

from stack.smoke.outcome import expect
from stack.smoke.run import Run

# The service takes 128 KB of one todo, Lambda 6 MB, API Gateway 10 MB.
_TOO_LONG_FOR_A_TODO: Final = 200_000
_TOO_LONG_FOR_LAMBDA: Final = 10_000_000


def too_long(run: Run) -> str:
    """A body that is too long for a todo is 413."""
    run.api.post("/todos", _long(_TOO_LONG_FOR_A_TODO), content_type="application/json").expect_problem(413)
    return ""


def ten_megabytes(run: Run) -> str:
    """A body of 10 MB, more than Lambda takes, is 413, too."""
    run.api.post("/todos", _long(_TOO_LONG_FOR_LAMBDA), content_type="application/json").expect_problem(413)
    return ""


def media_type(run: Run) -> str:
    """A body of another type than JSON is 415."""
    run.api.post("/todos", b"title=a", content_type="application/x-www-form-urlencoded").expect_problem(415)
    return ""


def not_utf8(run: Run) -> str:
    """A body that is not UTF-8 is 400, whatever the gateway makes of it, and nothing is stored."""
    body = json.dumps(_todo(run, "not ?")).encode().replace(b"?", b"\xff")
    answer = run.api.post("/todos", body, content_type="application/json")
    if answer.status == 201:
        run.made(answer)
    answer.expect_problem(400)
    return ""


def packed(run: Run) -> str:
    """A packed body is 415, or arrives as it was before it was packed."""
    body = gzip.compress(json.dumps(_todo(run, "packed ü")).encode(), mtime=0)
    answer = run.api.post("/todos", body, content_type="application/json", content_encoding="gzip")
    if answer.status == 201:
        title = run.made(answer).json()["title"]
        expect(title == f"{run.name}: packed ü", f"the title arrived as {title!r}")
        return "the gateway unpacks it"
    answer.expect_problem(415)
    return "it is refused"


def unicode(run: Run) -> str:
    """Text of any script comes back as it was sent."""
    text = '日本語, Ünïcödé, עברית, 👩‍👩‍👧, \u2028, a\\b"c'
    made = run.create(text).json()
    read = run.api.get(f"/todos/{made['id']}").expect(200).json()
    for todo in (made, read):
        expect(todo["title"] == f"{run.name}: {text}", f"the title came back as {todo['title']!r}")
    return ""


def _todo(run: Run, title: str) -> dict[str, Any]:
    return {"title": f"{run.name}: {title}", "list": run.list_name()}


def _long(size: int) -> bytes:
    return b'{"title": "long", "notes": "' + b"a" * (size - 30) + b'"}'
