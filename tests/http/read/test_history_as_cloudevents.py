"""The history as CloudEvents: on request, in the shape that the topic and webhooks use."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

from chalicelib.todos import representation
from tests.support.client import Client, next_path, problem
from tests.support.in_process import InProcess

JSON = "application/json"
BATCH = "application/cloudevents-batch+json"


@pytest.fixture
def changed(client: Client) -> dict[str, Any]:
    """A todo with a history of four events, the last of them its deletion."""
    todo = client.create("Plant the garlic", tags=["é"])
    path = f"/todos/{todo['id']}"
    client.patch(path, {"notes": "Cloves are in the shed"})
    client.patch(path, {"completed": True})
    client.delete(path)
    return todo


def test_each_event_parses_as_a_cloudevent_and_says_what_the_history_says(
    client: Client, changed: dict[str, Any]
) -> None:
    path = f"/todos/{changed['id']}/events"

    answer = client.get(path, accept=BATCH)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, BATCH)
    history = client.get(path).json()
    assert len(history) == len(answer.json()) == 4
    for message, event in zip(answer.json(), history, strict=True):
        structured = HTTPMessage({"content-type": "application/cloudevents+json"}, json.dumps(message).encode())
        parsed: Any = from_http_event(structured)
        assert parsed.get_id() == event["event_id"]
        assert parsed.get_source() == changed["url"]
        assert parsed.get_subject() == changed["id"]
        assert parsed.get_type() == f"todo-ledger.{event['type']}"
        assert parsed.get_time().isoformat(timespec="milliseconds") == event["occurred_at"].replace("Z", "+00:00")
        assert parsed.get_data()["event"] == {name: event[name] for name in event if name != "idempotency_key"}
        assert parsed.get_data()["state"]["version"] == event["version"]
    assert answer.json()[0]["data"]["state"] == changed


def test_they_come_in_the_same_pages(client: Client, changed: dict[str, Any]) -> None:
    first = client.get(f"/todos/{changed['id']}/events?limit=3", accept=BATCH)
    rest = client.get(next_path(first), accept=BATCH)

    versions = [message["data"]["event"]["version"] for message in [*first.json(), *rest.json()]]
    assert (len(first.json()), versions) == (3, [1, 2, 3, 4])
    assert next_path(rest) == ""


def test_a_page_ends_before_it_is_too_large_for_an_answer(
    here: InProcess, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo = here.create("x", notes="n" * 2000)
    for number in range(4):
        here.patch(f"/todos/{todo['id']}", {"order": number})
    path = f"/todos/{todo['id']}/events"
    # The bound holds for what is answered, which repeats the whole todo in each event.
    monkeypatch.setattr(representation.within_bounds, "__defaults__", (6000,))

    first = here.get(path, accept=BATCH)

    assert 0 < len(first.json()) < 5
    assert len(first.text.encode()) < 6000 + 100
    assert len(here.get(path).json()) == 5


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, JSON), ("*/*", JSON), (BATCH, BATCH), (f"{BATCH};q=0.9, {JSON}", JSON),
        (f"{JSON};q=0.5, {BATCH}", BATCH), ("application/*", JSON),
    ],
)  # fmt: skip
def test_the_answer_depends_on_accept_and_says_so(
    client: Client, changed: dict[str, Any], accept: str | None, answered: str
) -> None:
    answer = client.get(f"/todos/{changed['id']}/events", accept=accept or "")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, answered)
    assert answer.headers["Vary"] == "Accept"


def test_the_two_forms_have_different_tags(client: Client, changed: dict[str, Any]) -> None:
    path = f"/todos/{changed['id']}/events"
    tag = client.get(path, accept=BATCH).headers["ETag"]

    unchanged = client.get(path, accept=BATCH, if_none_match=tag)

    assert (unchanged.status_code, unchanged.headers["Vary"]) == (304, "Accept")
    assert client.get(path, accept=JSON, if_none_match=tag).status_code == 200


def test_what_cannot_be_answered_says_what_can(client: Client, changed: dict[str, Any]) -> None:
    refused = client.get(f"/todos/{changed['id']}/events", accept="text/html")

    assert BATCH in problem(refused, 406)["detail"]
    assert refused.headers["Vary"] == "Accept"


def test_a_problem_stays_a_problem_document_whatever_is_accepted(client: Client) -> None:
    problem(client.get("/todos/0197e1f0-0000-7000-8000-00000000000a/events", accept=BATCH), 404)
