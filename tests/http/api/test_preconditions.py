"""Every route, and every precondition of RFC 9110, section 13.1: it is evaluated, or the request is refused."""

from __future__ import annotations

from typing import Any, Final

import pytest

from chalicelib.api.conditions import READS
from chalicelib.api.route import Route
from chalicelib.api.routes import ROUTES
from chalicelib.api.web import front
from tests.support.client import Client, problem
from tests.support.waiting import eventually

RUBBISH: Final = "rubbish"
OTHER: Final = '"99"'
A_DATE: Final = "Thu, 01 Jan 1970 00:00:00 GMT"

READING: Final = [route for route in ROUTES if route.method in READS]
WITH_VERSIONS: Final = [route for route in ROUTES if route.conditional]
OTHER_WRITES: Final = [route for route in ROUTES if route.method not in READS and not route.conditional]
BODIES: Final[dict[str, Any]] = {"PUT": {"title": "x"}, "PATCH": {"title": "x"}, "POST": {"to_version": 1}}


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.fixture
def filled(client: Client) -> dict[str, str]:
    """What the paths' parameters stand for: something that exists."""
    feed = client.post("/feeds", {}).json()
    client.put("/preferences", {"lists": []})
    tidied = client.post("/todos", {"title": "Tidy"}, operation_id="tidy", prefer="wait=10")
    return {
        "todo_id": client.created_and_seen(list="garden")["id"],
        "operation_id": tidied.headers["Operation-Id"],
        "list_name": "garden",
        "webhook_id": client.post("/webhooks", {"url": "http://127.0.0.1:9/"}).json()["id"],
        "feed_id": feed["id"],
        "asset": "page.css",
        "file": front.asset_name("page.css"),
        "name": "not-found",
        "token": feed["url"].partition("token=")[2],
    }


def path_of(route: Route, filled: dict[str, str]) -> str:
    path = route.path.format(**filled)
    return f"{path}?token={filled['token']}" if route.path == "/todos.ics" else path


@pytest.mark.parametrize("method", READS)
@pytest.mark.parametrize("route", READING, ids=name)
def test_a_read_evaluates_the_tags(client: Client, filled: dict[str, str], route: Route, method: str) -> None:
    path = path_of(route, filled)
    tag = client.get(path).headers["ETag"]
    is_strong = not tag.startswith("W/")

    def status(**headers: str) -> int:
        answer = client.request(method, path, **headers)
        assert method == "GET" or answer.text == ""
        return int(answer.status_code)

    assert status(if_match=OTHER) == 412
    assert status(if_match=RUBBISH) == 400
    assert status(if_match="*") == 200
    assert status(if_match=f"{OTHER}, {tag}") == (200 if is_strong else 412)
    assert status(if_match=OTHER, if_none_match=tag) == 412, "If-Match comes first (section 13.2.2)"
    # Deliveries go on meanwhile, so that their tag may be another at the next look.
    eventually(lambda: status(if_match="*", if_none_match=client.get(path).headers["ETag"]) == 304)
    assert status(if_none_match=RUBBISH) == 400
    assert status(if_none_match=OTHER) == 200
    eventually(lambda: status(if_none_match=f"{OTHER}, {client.get(path).headers['ETag']}") == 304)


@pytest.mark.parametrize("route", READING, ids=name)
def test_a_read_ignores_what_only_saves_a_transfer(client: Client, filled: dict[str, str], route: Route) -> None:
    """Sections 13.1.3 and 13.1.5: nothing has a modification date, and there are no ranges."""
    answer = client.get(path_of(route, filled), if_modified_since=A_DATE, if_range=A_DATE, range="bytes=0-1")

    assert answer.status_code == 200
    assert "Last-Modified" not in answer.headers


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_a_condition_on_a_date_is_refused_rather_than_dropped(
    client: Client, filled: dict[str, str], route: Route
) -> None:
    refused = client.request(
        route.method, path_of(route, filled), {}, if_unmodified_since=A_DATE, if_match='"1"', accept=route.produces[0]
    )

    assert "If-Match" in problem(refused, 400)["detail"]
    assert client.get(f"/todos/{filled['todo_id']}").json()["version"] == 1


@pytest.mark.parametrize("route", WITH_VERSIONS, ids=name)
def test_a_write_of_what_has_a_version_evaluates_the_tags(client: Client, filled: dict[str, str], route: Route) -> None:
    path, body = path_of(route, filled), BODIES.get(route.method, {})

    for headers, status in [
        ({"if_match": OTHER}, 412),
        ({"if_match": RUBBISH}, 400),
        ({"if_match": 'W/"1"'}, 412),
        ({"if_none_match": "*"}, 412),
        ({"if_none_match": RUBBISH}, 400),
        ({"if_none_match": '"1"'}, 400 if route.method == "PUT" else 412),
    ]:
        assert problem(client.request(route.method, path, body, **headers), status)
    assert client.get(f"/todos/{filled['todo_id']}").json()["version"] == 1
    assert client.get("/preferences").json() == {"lists": []}


@pytest.mark.parametrize("condition", [{"if_match": '"1"'}, {"if_match": "*"}, {"if_none_match": "*"}])
@pytest.mark.parametrize("route", OTHER_WRITES, ids=name)
def test_any_other_write_refuses_what_it_cannot_evaluate(
    client: Client, filled: dict[str, str], route: Route, condition: dict[str, str]
) -> None:
    before = client.stats(), client.get("/webhooks").json(), client.get("/feeds").json()

    refused = client.request(route.method, path_of(route, filled), {"title": "x"}, **condition)

    (header,) = condition
    assert header.replace("_", "-") in problem(refused, 400)["detail"].lower()
    assert (client.stats(), client.get("/webhooks").json(), client.get("/feeds").json()) == before


def test_a_condition_that_cannot_hold_is_no_reason_to_hide_what_is_wrong(client: Client) -> None:
    """Conditions are evaluated where the request would succeed without them (section 13.2.1)."""
    problem(client.get("/todos/0197e1f0-0000-7000-8000-00000000000a", if_match=OTHER), 404)
    problem(client.get("/todos?colour=red", if_match=OTHER), 400)


def test_an_older_version_is_named_by_its_own_tag(client: Client) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"
    client.patch(path, {"title": "Buy bread"})

    assert client.get(f"{path}?version=1", if_match='"1"').status_code == 200
    assert problem(client.get(path, if_match='"1"'), 412)
    assert client.get(path, if_match='"1"').headers["ETag"] == '"2"'
