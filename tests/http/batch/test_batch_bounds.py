"""What a batch may make the service do is bounded, and what it may not is refused as it would be alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.api import pages
from chalicelib.api.bodies import MAX_BODY_BYTES
from chalicelib.api.resources import batch
from chalicelib.todos import representation, rule_days
from tests.http.batch.commands import create, results, statuses
from tests.support.client import Client, next_path, pointers, problem, problem_name
from tests.support.faults import Call, calls_watched
from tests.support.in_process import InProcess
from tests.support.reset import forget_everything
from tests.unit.api.requests_given import a_request

SURROGATE = "\ud800"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({SURROGATE: 1}, ["#/commands", "#/%3F"]),
        ({"commands": [{"op": SURROGATE}]}, ["#/commands/0/op"]),
        ({"commands": [{"op": "patch", "id": SURROGATE}]}, ["#/commands/0/id"]),
        ({"commands": [{"op": "delete", "id": "x", "if_match": SURROGATE}]}, ["#/commands/0/if_match"]),
        ({"commands": [{"op": "create", "key": SURROGATE}]}, ["#/commands/0/key"]),
        ({"commands": [{"op": "create", SURROGATE: 1}]}, ["#/commands/0/%3F"]),
        ({"commands": [{SURROGATE: {SURROGATE: SURROGATE}}]}, ["#/commands/0/op", "#/commands/0/%3F"]),
    ],
    ids=ascii,
)
def test_a_lone_surrogate_is_an_error_of_the_batch(client: Client, body: Any, expected: list[str]) -> None:
    assert set(expected) <= pointers(client.post("/batch", json.dumps(body).encode(), content_type="application/json"))


@pytest.mark.parametrize("version", [SURROGATE, {SURROGATE: SURROGATE}, [SURROGATE]], ids=ascii)
def test_nor_is_one_a_version(client: Client, version: object) -> None:
    todo_id = client.create()["id"]
    answer = client.post(
        f"/todos/{todo_id}/revert", json.dumps({"to_version": version}).encode(), content_type="application/json"
    )
    assert pointers(answer) == {"#/to_version"}
    found = results(client, [{"op": "revert", "id": todo_id, "body": {"to_version": version}}])
    assert statuses(found) == [400]


def test_a_command_may_have_as_long_a_body_as_it_has_alone(client: Client) -> None:
    commands = [
        create(title="fits", key="1"),
        {"op": "create", "body": {"title": "x", "notes": "y" * MAX_BODY_BYTES}},
        {"op": "create", "body": {"title": "a" + "\u0301" * 40_000 + "\u0316" * 40_000}},
        {"op": "patch", "id": client.create()["id"], "body": {"metadata": {"a": ["\ud800"] * MAX_BODY_BYTES}}},
    ]
    answer = client.post("/batch", json.dumps({"commands": commands}).encode(), content_type="application/json")
    assert answer.status_code == 200
    assert statuses(answer.json()["results"]) == [201, 413, 413, 413]


@contextmanager
def bytes_read() -> Iterator[dict[str, int]]:
    """The bytes of events that DynamoDB gives this process."""
    read = {"bytes": 0}

    def count(operation: str, request: Mapping[str, Any], call: Call) -> Any:
        answer = call(request)
        for item in answer.get("Items", ()):
            read["bytes"] += sum(len(str(value)) for value in item.values())
        return answer

    with calls_watched(count):
        yield read


LARGE = 9_000


@pytest.fixture
def edited(here: InProcess) -> str:
    """A todo of 40 large versions."""
    todo_id: str = here.create(notes="0" * LARGE)["id"]
    for number in range(1, 40):
        assert here.patch(f"/todos/{todo_id}", {"notes": str(number % 10) * LARGE}).status_code == 200
    return todo_id


def test_conflicts_on_one_todo_read_its_events_once(here: InProcess, edited: str) -> None:
    stale = [{"op": "patch", "id": edited, "if_match": '"1"', "body": {"title": "x"}} for _ in range(10)]
    with bytes_read() as read:
        found = results(here, stale)
    assert statuses(found) == [412] * 10
    given = [len(each["problem"]["events"]) for each in found]
    assert given[0] > 1
    assert given[1:] == [0] * 9
    assert all(each["problem"]["todo"]["version"] == 40 for each in found)
    # Each reads the newest event twice, to decide and to answer; one reads some more. It was 10 x 39 events.
    size_of_event = 2 * LARGE + 1_000
    assert read["bytes"] < (2 * 10 + batch.MAX_EVENTS_BYTES // size_of_event + 8) * size_of_event


# Its first dates lie farther than a search goes; each asks for as much work as one may take.
SLOW_RULE = "FREQ=SECONDLY;INTERVAL=604800;BYDAY=MO"


def test_the_rules_of_a_batch_take_no_more_work_together_than_a_few_do(here: InProcess) -> None:
    slow = [{"op": "create", "body": {"title": "x", "due": "2026-12-01", "repeat": SLOW_RULE}}] * 60
    found = statuses(results(here, [*slow, create()]))
    assert set(found[:60]) == {400, 413}
    assert found[:60].count(400) <= batch.MAX_WORK_OF_RULES // (rule_days.MAX_WORK // 2)
    assert found[60] == 201


def test_a_rule_that_a_batch_has_no_work_left_for_is_not_taken_for_one_that_has_ended(
    here: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo_id = here.create(due="2026-12-01", repeat="FREQ=DAILY")["id"]
    complete = {"op": "patch", "id": todo_id, "body": {"completed": True}}
    with monkeypatch.context() as patched:
        patched.setattr(batch, "MAX_WORK_OF_RULES", 0)
        found = results(here, [complete, create()])
    assert statuses(found) == [413, 201]
    assert "another batch" in found[0]["problem"]["detail"]
    assert here.get(f"/todos/{todo_id}").json()["completed"] is False
    assert "next-occurrence" in results(here, [complete])[0]["link"]


def test_a_conflict_alone_gives_all_events(here: InProcess, edited: str) -> None:
    document = problem(here.patch(f"/todos/{edited}", {"title": "x"}, if_match='"1"'), 412)
    assert [event["version"] for event in document["events"]] == list(range(2, 41))


def test_the_history_of_a_todo_is_read_as_far_as_a_page_goes(here: InProcess, edited: str) -> None:
    with bytes_read() as read:
        answer = here.get(f"/todos/{edited}/events?limit=3")
    assert [event["version"] for event in answer.json()] == [1, 2, 3]
    assert read["bytes"] < 5 * (2 * LARGE + 1_000)
    assert [event["version"] for event in here.events(edited)] == list(range(1, 41))


def test_a_history_of_more_bytes_than_a_page_has_goes_on_in_the_next(
    here: InProcess, edited: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(representation, "MAX_EVENTS_BYTES", 5 * LARGE)
    pages = here.pages(f"/todos/{edited}/events?limit=200")
    assert len(pages) > 1
    assert [event["version"] for page in pages for event in page] == list(range(1, 41))


def test_a_query_of_many_parameters_is_refused_as_a_whole(client: Client) -> None:
    query = "&".join(f"a{number}=1" for number in range(51))
    assert "51 parameters" in problem(client.get(f"/todos?{query}"), 400)["detail"]


def test_what_is_quoted_of_a_request_is_cut(client: Client) -> None:
    name = "x" * 50_000
    answer = client.post("/todos", {"title": "x", **{f"{name}{number}": 1 for number in range(2)}})
    assert all(len(pointer) <= 500 for pointer in pointers(answer))
    many = client.post("/todos", {"title": "x", **{f"a{number}": 1 for number in range(5_000)}})
    assert len(problem(many, 400)["errors"]) == 100


def test_a_cursor_counts_in_every_process_of_its_deployment(client: Client, here: InProcess) -> None:
    client.created_and_seen("1")
    client.created_and_seen("2")
    path = next_path(client.get("/todos?limit=1"))
    assert here.get(path).status_code == 200
    forget_everything()
    assert here.get(path).status_code == 200


def test_a_cursor_of_the_time_before_they_were_signed_has_expired(client: Client, here: InProcess) -> None:
    client.created_and_seen("1")
    cursor = client.get("/changes").json()["cursor"]
    _, position = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    request = a_request(owner=here.owner, route="/changes")
    unsigned = json.dumps([pages._fingerprint(request, {}, position), position]).encode()
    old = base64.urlsafe_b64encode(unsigned).decode().rstrip("=")
    assert problem_name(problem(client.get(f"/changes?since={old}"), 410)) == "cursor-expired"
    forged = base64.urlsafe_b64encode(json.dumps(["0" * 32, position]).encode()).decode().rstrip("=")
    problem(client.get(f"/changes?since={forged}"), 400)
