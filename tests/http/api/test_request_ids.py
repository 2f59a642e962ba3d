"""`X-Request-Id`: the event and the answer have the caller's own id, or without one the gateway's."""

from __future__ import annotations

import pytest

from tests.support.client import Client, list_path, problem

UNKNOWN = "/todos/0197e1f0-0000-7000-8000-00000000000a"


@pytest.mark.parametrize("given", ["a", "~!#{}", "0197e1f0-0000-7000-8000-00000000000a", "x" * 200])
def test_the_callers_id_becomes_the_events_correlation_id_and_comes_back(client: Client, given: str) -> None:
    created = client.post("/todos", {"title": "x"}, x_request_id=given)

    assert (created.status_code, created.headers["X-Request-Id"]) == (201, given)
    assert client.events(created.json()["id"])[0]["correlation_id"] == given


def test_without_one_each_request_has_the_gateways(client: Client) -> None:
    answers = [client.post("/todos", {"title": "x"}) for _ in range(2)]

    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(ids)) == 2
    assert [client.events(answer.json()["id"])[0]["correlation_id"] for answer in answers] == ids


def test_every_verb_and_the_clearing_of_a_list_pass_it_on(client: Client) -> None:
    todo = client.created_and_seen(list="a")
    path = f"/todos/{todo['id']}"
    requests = [
        client.patch(path, {"title": "2"}, x_request_id="2"),
        client.put(path, {"title": "3", "list": "a"}, if_match="*", x_request_id="3"),
        client.delete(path, x_request_id="4"),
        client.post(f"{path}/restore", x_request_id="5"),
        client.seen.post(f"{path}/revert", {"to_version": 1}, x_request_id="6"),
        client.delete(list_path("a"), x_request_id="7"),
    ]

    assert [answer.headers["X-Request-Id"] for answer in requests] == list("234567")
    assert [event["correlation_id"] for event in client.events(todo["id"])][1:] == list("234567")


@pytest.mark.parametrize("given", ["", "a b", "é", "x" * 201, "a\tb"])
def test_another_id_is_refused_and_nothing_written(client: Client, given: str) -> None:
    path = f"/todos/{client.create()['id']}"

    refused = client.patch(path, {"title": "x"}, x_request_id=given)

    assert "X-Request-Id" in problem(refused, 400)["detail"]
    assert refused.headers["X-Request-Id"] not in ("", given)
    assert client.get(path).headers["ETag"] == '"1"'


def test_problems_and_empty_answers_carry_it_too(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"
    answers = {
        204: client.delete(f"/todos/{client.create()['id']}", x_request_id="mine"),
        304: client.get(path, if_none_match='"1"', x_request_id="mine"),
        400: client.post("/todos", b"{", x_request_id="mine"),
        404: client.get(UNKNOWN, x_request_id="mine"),
        405: client.put("/stats", {}, x_request_id="mine"),
        406: client.get("/stats", accept="text/html", x_request_id="mine"),
        412: client.delete(path, if_match='"9"', x_request_id="mine"),
        415: client.post("/todos", {}, content_type="text/plain", x_request_id="mine"),
    }

    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    assert {answer.headers["X-Request-Id"] for answer in answers.values()} == {"mine"}


def test_what_the_gateway_answers_itself_has_an_id(client: Client) -> None:
    nowhere, nobody = client.get("/nowhere"), Client(client.url, "x").get("/todos")

    assert problem(nowhere, 404)
    assert problem(nobody, 401)
    assert len({nowhere.headers["X-Request-Id"], nobody.headers["X-Request-Id"], ""}) == 3
