"""`GET /operations/{id}`: what was done as part of an operation, by whom and when, and nothing of other owners."""

from __future__ import annotations

import uuid
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest

from chalicelib.aws import dynamodb
from chalicelib.aws.errors import Refusal
from chalicelib.commands import operations
from chalicelib.todos import ids
from tests.support.client import Client, next_path, problem
from tests.support.in_process import InProcess


def path_of(operation: str) -> str:
    return f"/operations/{quote(operation, safe='')}"


def titles_by_page(here: InProcess, path: str) -> list[list[str]]:
    """The titles in the events of each page, of ten pages at most."""
    found: list[list[str]] = []
    while path and len(found) < 10:
        answer = here.get(path)
        found.append([event["change"]["title"] for event in answer.json()["events"]])
        path = next_path(answer)
    return found


def test_it_has_the_events_of_all_its_todos_in_their_order(client: Client, owner: str) -> None:
    name = "tidy/up#1%20~"
    one = client.post("/todos", {"title": "one"}, operation_id=name).json()
    other = client.post("/todos", {"title": "other"}, operation_id="another").json()
    client.patch(f"/todos/{other['id']}", {"title": "2"}, operation_id=name)
    client.patch(f"/todos/{one['id']}", {"title": "2"})
    client.delete(f"/todos/{one['id']}", operation_id=name)

    answer = client.get(path_of(name))

    assert (answer.status_code, answer.json()["operation"]) == (200, name)
    events = answer.json()["events"]
    assert [(event["todo"], event["version"], event["type"]) for event in events] == [
        (one["id"], 1, "TodoCreated"), (other["id"], 2, "TodoEdited"), (one["id"], 3, "TodoDeleted"),
    ]  # fmt: skip
    assert events[1] == {"todo": other["id"], **client.events(other["id"])[1]}
    assert {event["actor"] for event in events} == {owner}
    assert next_path(answer) == ""


def test_it_comes_in_pages_each_event_once(here: InProcess) -> None:
    commands = [{"op": "create", "body": {"title": str(number)}} for number in range(7)]
    operation = here.post("/batch", {"commands": commands}).headers["Operation-Id"]

    for limit in (1, 3, 7, 8):
        pages = titles_by_page(here, f"{path_of(operation)}?limit={limit}")
        assert sorted(title for page in pages for title in page) == [str(number) for number in range(7)]
        assert all(len(page) <= limit for page in pages)


def test_large_events_come_in_as_many_pages_as_they_need(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.todos.representation.within_bounds.__defaults__", (1500,))
    for number in range(4):
        here.post("/todos", {"title": str(number), "notes": "x" * 700}, operation_id="large")

    assert titles_by_page(here, path_of("large")) == [["0"], ["1"], ["2"], ["3"]]


def test_a_loads_events_are_read_from_all_keys_in_one_order(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "LOADER", here.owner)
    operations.spread(ids.partition_of(here.owner), "import")
    for number in range(20):
        here.post("/todos", {"title": str(number)}, operation_id="import")

    first = here.get(f"{path_of('import')}?limit=12")
    rest = here.get(next_path(first))

    titles = [event["change"]["title"] for answer in (first, rest) for event in answer.json()["events"]]
    assert titles == [str(number) for number in range(20)]


@pytest.mark.parametrize("name", ["nothing", "~nothing", "x" * 65, "a b", "é"])
def test_an_operation_without_events_does_not_exist(here: InProcess, name: str) -> None:
    problem(here.get(path_of(name)), 404)


def test_another_owners_operation_does_not_exist(here: InProcess) -> None:
    here.post("/todos", {"title": "x"}, operation_id="mine")

    assert here.get(path_of("mine")).status_code == 200
    problem(InProcess(str(uuid.uuid4())).get(path_of("mine")), 404)


def test_a_cursor_of_another_operation_is_refused(here: InProcess) -> None:
    for name in ("one", "other"):
        for _ in range(2):
            here.post("/todos", {"title": "x"}, operation_id=name)
    cursor = next_path(here.get(f"{path_of('one')}?limit=1")).partition("?")[2]

    problem(here.get(f"{path_of('other')}?{cursor}"), 400)


def test_until_the_index_is_made_the_answer_is_to_try_again(here: InProcess) -> None:
    """As DynamoDB says it while it fills an index that was added to a table."""
    here.post("/todos", {"title": "x"}, operation_id="mine")
    query = dynamodb.client().query

    def backfilling(**request: Any) -> Any:
        if request.get("IndexName") == "by_operation":
            message = "Cannot read from backfilling global secondary index: by_operation"
            raise Refusal({"Error": {"Code": "ValidationException", "Message": message}}, "Query")
        return query(**request)

    with patch.object(dynamodb.client(), "query", backfilling):
        refused = here.get(path_of("mine"))

    problem(refused, 503)
    assert int(refused.headers["Retry-After"]) > 0
