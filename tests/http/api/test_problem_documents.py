"""Whatever goes wrong, and whoever says so, the answer is a problem document that a web page may read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib import __version__
from chalicelib.api.answer_headers import EXPOSED
from tests.support.client import Client, problem

SOME_ID = "0197e1f0-0000-7000-8000-00000000000a"
PRIVATE_METHODS_OF = {
    "/todos": {"GET", "HEAD", "POST"},
    f"/todos/{SOME_ID}": {"GET", "HEAD", "PUT", "PATCH", "DELETE"},
    f"/todos/{SOME_ID}/events": {"GET", "HEAD"},
    f"/todos/{SOME_ID}/restore": {"POST"},
    f"/todos/{SOME_ID}/revert": {"POST"},
    "/lists": {"GET", "HEAD"},
    "/lists/inbox/todos": {"GET", "HEAD", "POST", "DELETE"},
    "/changes": {"GET", "HEAD"},
    "/stats": {"GET", "HEAD"},
    "/webhooks": {"GET", "HEAD", "POST"},
    f"/webhooks/{SOME_ID}": {"GET", "HEAD", "PATCH", "DELETE"},
    f"/webhooks/{SOME_ID}/ping": {"POST"},
    f"/webhooks/{SOME_ID}/rotate": {"POST"},
    f"/webhooks/{SOME_ID}/deliveries": {"GET", "HEAD"},
}
PUBLIC_METHODS_OF = {
    path: {"GET", "HEAD"}
    for path in (
        "/",
        "/health",
        "/openapi.json",
        "/docs",
        "/docs/start.js",
        "/problems",
        "/problems/not-found",
        "/sw.js",
        "/manifest.webmanifest",
    )
}
METHODS_OF = PRIVATE_METHODS_OF | PUBLIC_METHODS_OF
OFFERED = dict.fromkeys(("/", "/docs", "/problems", "/problems/not-found"), "text/html") | {
    "/docs/start.js": "text/javascript",
    "/sw.js": "text/javascript",
    "/manifest.webmanifest": "application/manifest+json",
}
ALL_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture(params=["with a token", "without one"])
def anyone(request: pytest.FixtureRequest, client: Client) -> Client:
    return client if request.param == "with a token" else Client(client.url, None)


@pytest.mark.parametrize("path", METHODS_OF)
def test_a_method_that_a_path_does_not_have_is_refused_with_those_it_has(anyone: Client, path: str) -> None:
    for method in sorted(ALL_METHODS - METHODS_OF[path] - {"HEAD"}):
        # Whatever else is wrong with the request.
        refused = anyone.request(method, f"{path}?colour=red", {}, accept="text/html", content_type="text/plain")
        problem(refused, 405)
        assert set(refused.headers["Allow"].split(", ")) == METHODS_OF[path] | {"OPTIONS"}


@pytest.mark.parametrize("path", ["/restore", "/revert"])
def test_head_is_refused_where_there_is_no_get(anyone: Client, path: str) -> None:
    refused = anyone.head(f"/todos/{SOME_ID}{path}")

    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize("method", sorted(ALL_METHODS - {"HEAD"}))
@pytest.mark.parametrize("path", ["/nowhere", "/todo", "/todos/1/2/3", "/lists/a/b", "/lists/a/b/todos", "/docs/a/b"])
def test_an_unknown_path_is_not_found(anyone: Client, method: str, path: str) -> None:
    refused = anyone.request(method, path)

    problem(refused, 404)
    assert refused.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", PRIVATE_METHODS_OF)
def test_without_a_token_every_method_of_every_path_is_unauthorized(client: Client, path: str) -> None:
    nobody = Client(client.url, None)

    for method in sorted(METHODS_OF[path] - {"HEAD"}):
        refused = nobody.request(method, path, {})
        problem(refused, 401)
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert refused.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", METHODS_OF)
def test_a_browser_is_allowed_every_route(client: Client, path: str) -> None:
    """The preflight comes without a token, and asks for what the request will carry (Fetch standard, CORS protocol)."""
    preflight = Client(client.url, None).options(
        path,
        origin="https://example.com",
        access_control_request_method="GET",
        access_control_request_headers="authorization, if-match",
    )

    assert preflight.status_code in (200, 204)
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Methods"].split(",")[-1] == "OPTIONS"
    assert set(preflight.headers["Access-Control-Allow-Methods"].split(",")) == METHODS_OF[path] | {"OPTIONS"}
    allowed = {name.strip().lower() for name in preflight.headers["Access-Control-Allow-Headers"].split(",")}
    assert allowed >= {
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "prefer",
        "x-request-id",
    }


@pytest.mark.parametrize("path", METHODS_OF)
def test_options_says_what_a_path_has(client: Client, path: str) -> None:
    """`Allow` (RFC 9110, section 9.3.7), and where there is PATCH what it takes (RFC 5789, section 3.1)."""
    options = Client(client.url, None).options(path)

    assert set(options.headers["Allow"].split(", ")) == METHODS_OF[path] | {"OPTIONS"}
    assert ("Accept-Patch" in options.headers) == ("PATCH" in METHODS_OF[path])


def test_accepted_patches_are_named_with_the_todo_and_when_another_type_is_sent(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"
    refused = client.patch(path, {"title": "x"}, content_type="application/xml")

    problem(refused, 415)
    for answer in (client.get(path), client.options(path), refused):
        assert answer.headers["Accept-Patch"].split(", ") == [
            "application/merge-patch+json",
            "application/json-patch+json",
            "application/json",
        ]


@pytest.mark.parametrize("path", METHODS_OF)
def test_who_accepts_nothing_that_a_path_has_is_told_what_there_is(client: Client, path: str) -> None:
    offered = OFFERED.get(path, "application/json")
    for method in sorted(METHODS_OF[path] - {"HEAD", "DELETE"}):
        refused = client.request(method, path, {}, accept="audio/ogg, image/*")
        assert offered in problem(refused, 406)["detail"]


def test_what_has_no_body_to_answer_with_suits_who_accepts_no_json(client: Client) -> None:
    assert client.delete(f"/todos/{client.create()['id']}", accept="text/html").status_code == 204


def test_what_answers_carry_is_exposed_to_a_browser(client: Client, client_of: Callable[..., Client]) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"
    answers = {
        200: client.get(path),
        201: client.post("/todos", {"title": "x"}),
        304: client.get(path, if_none_match='"1"'),
        400: client.post("/todos", b"{"),
        401: Client(client.url, "x").get(path),
        403: client_of("x", scope="").get(path),
        404: client.get("/nowhere"),
        405: client.put("/stats", {}),
        412: client.delete(path, if_match='"9"'),
        415: client.post("/todos", {}, content_type="text/plain"),
        428: client.put(path, {}),
    }
    carried = {
        "Content-Disposition": client.get("/export"),
        "WWW-Authenticate": answers[401],
        "Accept-Patch": answers[200],
        "Accept-Encoding": client.post("/todos", b"\x1f\x8b", content_encoding="gzip"),
        "Allow": answers[405],
        "ETag": answers[304],
        "Location": answers[201],
        "X-Request-Id": answers[404],
    }

    assert [answer.status_code for answer in answers.values()] == list(answers)
    for status, answer in answers.items():
        assert answer.headers["Access-Control-Allow-Origin"] == "*", status
        assert set(answer.headers["Access-Control-Expose-Headers"].split(",")) == set(EXPOSED), status
    for name, answer in carried.items():
        assert name in answer.headers
        assert name in answer.headers["Access-Control-Expose-Headers"].split(",")


def test_each_kind_of_problem_has_a_type_of_its_own(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"
    answers = (
        client.post("/todos", b"{"), Client(client.url, None).get(path), client.get(f"/todos/{SOME_ID}"),
        client.put("/stats"), client.delete(path, if_match='"9"'), client.post("/todos", {}, content_type="text/plain"),
        client.put(path, {"title": "x"}), client.post("/todos", {"title": "x", "notes": "x" * 140_000}),
    )  # fmt: skip

    assert len({answer.json()["type"] for answer in answers}) == len(answers)


def test_the_type_of_a_problem_is_the_address_of_its_page(client: Client) -> None:
    """Those that the gateway answers itself, too: an unknown path, and no valid token."""
    nobody = Client(client.url, None)
    for answer in (client.get(f"/todos/{SOME_ID}"), nobody.get("/nowhere"), nobody.get("/todos")):
        address = answer.json()["type"]
        assert address.startswith(f"{client.url}/problems/")
        assert nobody.get(address.removeprefix(client.url)).status_code == 200


def test_health_answers_anyone_with_the_versions(anyone: Client) -> None:
    health = anyone.get("/health")

    assert health.status_code == 200
    assert health.json()["status"] == "ok"
    assert health.json()["version"] == __version__
    assert "state_schema" in health.json()
    assert anyone.head("/health").status_code == 200
