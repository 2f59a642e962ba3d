"""What API Gateway itself answers, and what it makes of the service's answers."""

from __future__ import annotations

from typing import Final

from stack.smoke.client import Answer
from stack.smoke.outcome import expect
from stack.smoke.run import Run

_CORS: Final = ("access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers")
# What a browser needs to be let read.
_EXPOSED: Final = ("etag", "link", "location", "preference-applied", "retry-after", "www-authenticate")


def unknown_path(run: Run) -> str:
    """An unknown path is 404, without a token and with one; the gateway's own answer would be 403."""
    for client in (run.anybody, run.api):
        answer = client.get("/no-such-path")
        answer.expect_problem(404)
        _expect_exposed(answer)
    return ""


def no_token(run: Run) -> str:
    """A request without a token is 401, with a challenge."""
    answer = run.anybody.get("/todos")
    answer.expect_problem(401)
    _expect_exposed(answer)
    _expect_challenge(answer)
    return ""


def wrong_token(run: Run) -> str:
    """A request with a token of nobody is 401, with a challenge that says so."""
    answer = run.anybody.get("/todos", authorization="Bearer of-nobody")
    answer.expect_problem(401)
    _expect_challenge(answer, "invalid_token")
    return ""


def scopes(run: Run) -> str:
    """A read-only token reads, and its writes are 403, with a challenge that says so."""
    # A list that nobody has: what the run began to make may be in the others.
    run.reader.get("/todos?limit=1&list=nothing").expect(200)
    answer = run.reader.post("/todos", {"title": f"{run.name}: must not be"})
    if answer.status == 201:
        run.made(answer)
    answer.expect_problem(403)
    _expect_challenge(answer, "insufficient_scope")
    return ""


def method(run: Run) -> str:
    """A method that a path does not have is 405 with Allow, also without a token."""
    answer = run.anybody.request("PATCH", "/stats", {})
    answer.expect_problem(405)
    allowed = {one.strip() for one in answer.headers.get("allow", "").split(",")}
    expect(allowed == {"GET", "HEAD", "OPTIONS"}, f"Allow is {answer.headers.get('allow')}")
    return ""


def head(run: Run) -> str:
    """HEAD answers like GET, without a body."""
    answer = run.api.request("HEAD", "/stats").expect(200)
    expect(not answer.content, f"{answer} has a body")
    expect(answer.headers.get("etag"), f"{answer} has no ETag")
    expect(answer.headers.get("content-type") == "application/json", f"{answer} has no type")
    return ""


def preflight(run: Run) -> str:
    """OPTIONS of a browser is answered for any origin, with the methods of the path."""
    answer = run.anybody.request(
        "OPTIONS",
        "/todos",
        origin="https://example.com",
        access_control_request_method="POST",
        access_control_request_headers="authorization,content-type,idempotency-key",
    ).expect(200)
    for name in _CORS:
        expect(answer.headers.get(name), f"{answer} lacks {name}")
    expect(answer.headers["access-control-allow-origin"] == "*", f"{answer} is for one origin")
    allowed = answer.headers["access-control-allow-headers"].lower()
    for name in ("authorization", "content-type", "idempotency-key", "if-match", "prefer"):
        expect(name in allowed, f"{answer} does not allow the header {name}")
    expect("POST" in answer.headers["access-control-allow-methods"], f"{answer} does not allow POST")
    return ""


def cors(run: Run) -> str:
    """The service's own answers can be read by a web page, with their headers."""
    answer = run.api.get("/stats", origin="https://example.com").expect(200)
    expect(answer.headers.get("access-control-allow-origin") == "*", f"{answer} cannot be read by a web page")
    _expect_exposed(answer)
    return ""


def not_acceptable(run: Run) -> str:
    """A request that accepts no type of the path is 406."""
    run.api.get("/stats", accept="text/html").expect_problem(406)
    return ""


def packed_answer(run: Run) -> str:
    """A long answer is packed for who accepts that."""
    run.skip_if_emulated("packs nothing")
    answer = run.anybody.get("/openapi.json", accept_encoding="gzip").expect(200)
    size = f"{len(answer.content):,} bytes"
    expect(answer.headers.get("content-encoding") == "gzip", f"/openapi.json has {size}, unpacked")
    return size


def absolute_urls(run: Run) -> str:
    """A problem's type and a todo's address are URLs under which the API answers."""
    kind = run.anybody.get("/todos").expect_problem(401)["type"]
    expect(kind == f"{run.url}/problems/unauthorized", f"the type is {kind}, not below {run.url}")
    run.anybody.get("/problems/unauthorized").expect(200)
    return ""


def _expect_exposed(answer: Answer) -> None:
    exposed = answer.headers.get("access-control-expose-headers", "").lower().split(",")
    missing = sorted(set(_EXPOSED) - {one.strip() for one in exposed})
    expect(not missing, f"{answer} does not expose {', '.join(missing)}")


def _expect_challenge(answer: Answer, error: str = "") -> None:
    """See that the challenge has its own name: Lambda's answers get another one from the gateway."""
    challenge = answer.headers.get("www-authenticate", "")
    expect(challenge.startswith("Bearer") and error in challenge, f"{answer} has WWW-Authenticate: {challenge!r}")
