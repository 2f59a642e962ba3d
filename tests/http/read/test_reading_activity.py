"""`GET /activity`: what happened, newest first, each event once, by filters; and what it costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.todos import ids
from chalicelib.todos.events import dump_json
from chalicelib.views import current, pointer, schema
from chalicelib.views.activity import reading, walk
from tests.support.client import Client, next_path, problem, problem_name
from tests.support.faults import counted
from tests.support.in_process import InProcess
from tests.support.waiting import eventually

MINUTE, HOUR, DAY = 60_000, 3600 * 1000, 24 * 3600 * 1000


def pages_of(client: InProcess | Client, path: str = "/activity") -> list[dict[str, Any]]:
    """Every page, of a hundred at most."""
    found: list[dict[str, Any]] = []
    while path and len(found) < 100:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        path = next_path(answer)
    return found


def events_of(client: InProcess | Client, path: str = "/activity") -> list[tuple[str, int]]:
    return [(event["todo"], event["version"]) for page in pages_of(client, path) for event in page["events"]]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets this process's time pass, by milliseconds."""

    def pass_time(milliseconds: int) -> None:
        clock = SimpleNamespace(time_ns=lambda: time.time_ns() + milliseconds * 1_000_000)
        monkeypatch.setattr(reading, "time", clock)

    return pass_time


def edited(here: InProcess, todo: dict[str, Any], **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = here.seen.patch(f"/todos/{todo['id']}", fields).json()
    return found


def take_away(here: InProcess, revision: int) -> dict[str, Any]:
    """Remove an entry of the log, as if it were not visible yet, or as its TTL does."""
    table = pointer.pointer().reader
    key = {"owner": {"S": ids.partition_of(here.owner)}, "sk": {"S": schema.log_key(revision)}}
    item: dict[str, Any] = dynamodb.client().get_item(TableName=table, Key=key)["Item"]
    dynamodb.client().delete_item(TableName=table, Key=key)
    return item


def test_it_has_the_events_of_all_todos_newest_first(client: Client) -> None:
    one = client.created_and_seen("one")
    other = client.created_and_seen("other")
    client.seen.patch(f"/todos/{one['id']}", {"title": "2"})
    client.seen.delete(f"/todos/{other['id']}")

    def has_all() -> Any:
        (page,) = pages_of(client)
        return len(page["events"]) == 4 and page

    page = eventually(has_all)

    by_todo = {todo["id"]: client.events(todo["id"]) for todo in (one, other)}
    assert page["events"] == [
        {"todo": other["id"], **by_todo[other["id"]][1]},
        {"todo": one["id"], **by_todo[one["id"]][1]},
        {"todo": other["id"], **by_todo[other["id"]][0]},
        {"todo": one["id"], **by_todo[one["id"]][0]},
    ]
    assert page["complete_from"] < one["created_at"]


def test_who_has_nothing_gets_nothing(here: InProcess) -> None:
    (page,) = pages_of(here)
    assert page["events"] == []


def test_it_comes_in_pages_each_event_once(here: InProcess) -> None:
    expected = []
    for number in range(3):
        todo = here.created_and_seen(str(number))
        edited(here, todo, title=f"{number}, edited")
        expected += [(todo["id"], 1), (todo["id"], 2)]

    for limit in (1, 2, 5, 6, 7):
        pages = pages_of(here, f"/activity?limit={limit}")
        assert [(event["todo"], event["version"]) for page in pages for event in page["events"]] == expected[::-1]
        assert all(len(page["events"]) <= limit for page in pages)
        assert [page["complete_from"] is None for page in pages] == [True] * (len(pages) - 1) + [False]
        assert len(pages) == -(-6 // limit)


def test_what_happens_between_two_pages_is_not_in_this_reading(here: InProcess) -> None:
    todo = here.created_and_seen("one")
    other = here.created_and_seen("other")
    first = here.get("/activity?limit=1")
    edited(here, todo, title="2")

    assert events_of(here, next_path(first)) == [(todo["id"], 1)]
    assert events_of(here) == [(todo["id"], 2), (other["id"], 1), (todo["id"], 1)]


def test_it_has_what_is_asked_for(here: InProcess) -> None:
    one = here.created_and_seen("one", list="a")
    named = here.seen.patch(f"/todos/{one['id']}", {"title": "2"}, operation_id="tidy#1").json()
    moved = edited(here, one, list="b")
    other = here.created_and_seen("other", list="c")
    done = edited(here, other, completed=True)
    created, of_operation, left, begun, ended = (
        (one["id"], 1), (one["id"], 2), (one["id"], 3), (other["id"], 1), (other["id"], 2),
    )  # fmt: skip
    everything = [ended, begun, left, of_operation, created]

    for query, expected in {
        "type=TodoCompleted": [ended],
        "type=TodoCreated": [begun, created],
        "operation=tidy%231": [of_operation],
        "client=none": [],
        f"actor={quote(here.owner)}": everything,
        "actor=nobody": [],
        "list=a": [left, of_operation, created],
        "list=b": [left],
        "list=c&type=TodoCompleted": [ended],
        "list=d": [],
        f"since={moved['updated_at']}": [ended, begun, left],
        f"until={named['updated_at']}": [of_operation, created],
        f"since={named['updated_at']}&until={moved['updated_at']}": [left, of_operation],
        "since=2100-01-01": [],
        "until=2000-01-01": [],
        f"todo={one['id']}": [left, of_operation, created],
        f"todo={one['id']}&since={moved['updated_at']}": [left],
        f"todo={one['id']}&list=b": [left],
        f"todo={here.owner.removeprefix('owner-')}": [],
    }.items():
        for limit in (1, 50):
            assert events_of(here, f"/activity?{query}&limit={limit}") == expected, query
    assert done["completed"]


def test_with_each_event_comes_what_was_before(here: InProcess) -> None:
    todo = here.created_and_seen("one", notes="first")
    edited(here, todo, title="two", notes=None)
    here.seen.delete(f"/todos/{todo['id']}")

    for path in ("/activity?include=before", f"/activity?include=before&todo={todo['id']}&limit=1"):
        events = [event for page in pages_of(here, path) for event in page["events"]]
        assert [event["before"] for event in events] == [{}, {"title": "one", "notes": "first"}, None]
        assert [event["version"] for event in events] == [3, 2, 1]


def test_a_todos_own_history_is_all_there_is(here: InProcess) -> None:
    todo = here.created_and_seen("one")
    edited(here, todo, title="2")
    for revision in (1, 2):
        take_away(here, revision)

    (page,) = pages_of(here, f"/activity?todo={todo['id']}")
    assert [event["version"] for event in page["events"]] == [2, 1]
    assert page["complete_from"] is None


def test_an_event_that_cannot_be_read_is_named_in_its_place(here: InProcess) -> None:
    todo = here.created_and_seen("one")
    edited(here, todo, title="2")
    edited(here, todo, title="3")
    stream = ids.stream_id(ids.partition_of(here.owner), todo["id"])
    dynamodb.client().update_item(
        TableName=settings.events_table(),
        Key={"stream_id": {"S": stream}, "version": {"N": "2"}},
        UpdateExpression="SET #change = :broken",
        ExpressionAttributeNames={"#change": "change"},
        ExpressionAttributeValues={":broken": {"S": "{"}},
    )

    for path in ("/activity", f"/activity?todo={todo['id']}", "/activity?limit=1"):
        events = [event for page in pages_of(here, path) for event in page["events"]]
        assert events[1] == {"todo": todo["id"], "version": 2}
        assert [event["version"] for event in events] == [3, 2, 1]
    before = [event.get("before") for event in pages_of(here, "/activity?include=before")[0]["events"]]
    assert before == [None, None, None]
    assert events_of(here, f"/activity?actor={here.owner}") == [(todo["id"], 3), (todo["id"], 1)]


def test_large_events_come_in_as_many_pages_as_they_need(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.api.resources.activity._MAX_BYTES", 1500)
    expected = [(here.created_and_seen("x", notes="x" * 700)["id"], 1) for _ in range(3)]

    assert [len(page["events"]) for page in pages_of(here)] == [1, 1, 1]
    assert events_of(here) == expected[::-1]


def test_so_do_those_that_had_much_before(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.api.resources.activity._MAX_BYTES", 2500)
    todos = [here.created_and_seen("x", notes="x" * 1500) for _ in range(3)]
    for todo in todos:
        edited(here, todo, notes=None)

    for query in ("?limit=50", "?include=before"):
        pages = pages_of(here, f"/activity{query}")
        assert all(len(page["events"]) == 1 or len(dump_json(page["events"])) < 2500 + 100 for page in pages)
        assert len({(event["todo"], event["version"]) for page in pages for event in page["events"]}) == 6
        assert sum(len(page["events"]) for page in pages) == 6
    pages = pages_of(here, f"/activity?include=before&todo={todos[0]['id']}")
    assert [[event["version"] for event in page["events"]] for page in pages] == [[2], [1]]


def test_a_page_that_looks_at_enough_is_empty_and_has_a_next(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "EVENTS_OF_A_PAGE", 2)
    todo = here.created_and_seen("sought", list="a")
    for _ in range(4):
        here.created_and_seen("x")

    pages = pages_of(here, "/activity?list=a")
    assert [len(page["events"]) for page in pages] == [0, 0, 1]
    assert pages[-1]["events"][0]["todo"] == todo["id"]


def test_what_is_not_visible_yet_is_skipped_at_first_and_waited_for_later(
    here: InProcess, monkeypatch: pytest.MonkeyPatch, later: Callable[[int], None]
) -> None:
    todos = [here.created_and_seen(str(number)) for number in range(5)]
    a, b, c, d, e = [(todo["id"], 1) for todo in todos]
    late = take_away(here, 4)
    table = pointer.pointer().reader
    assert events_of(here) == [c, b, a], "it begins below what may come"
    dynamodb.client().put_item(TableName=table, Item=late)
    assert events_of(here) == [e, d, c, b, a]

    first = here.get("/activity?limit=1")
    late = take_away(here, 4)
    waiting = here.get(next_path(first))
    assert waiting.json()["events"] == []
    assert next_path(waiting) != ""
    dynamodb.client().put_item(TableName=table, Item=late)
    assert events_of(here, next_path(waiting)) == [d, c, b, a]

    take_away(here, 4)
    later(2 * MINUTE)
    answer = here.get(next_path(first))
    assert (answer.json()["events"], next_path(answer)) == ([], "")
    assert answer.json()["complete_from"] > todos[4]["created_at"], "it has expired"


def test_an_entry_of_an_older_version_of_the_service_ends_it(here: InProcess) -> None:
    here.created_and_seen("old")
    new = here.created_and_seen("new")
    entry = take_away(here, 1)
    del entry["counts"]
    dynamodb.client().put_item(TableName=pointer.pointer().reader, Item=entry)

    (page,) = pages_of(here)
    assert [event["todo"] for event in page["events"]] == [new["id"]]
    assert page["complete_from"] > entry["at"]["S"]


def test_a_cursor_is_good_for_a_day_and_its_views(
    here: InProcess, later: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        here.created_and_seen(str(number))
    path = next_path(here.get("/activity?limit=1"))
    later(DAY - MINUTE)
    assert len(events_of(here, path)) == 2
    # A walk's reach is the same for an hour, and the cursor's age is counted from that.
    later(DAY + HOUR + MINUTE)
    assert problem_name(problem(here.get(path), 410)) == "cursor-expired"

    later(0)
    monkeypatch.setattr(reading, "generation_of", lambda table: f"another than of {table}")
    assert problem_name(problem(here.get(path), 410)) == "cursor-expired"


def test_a_cursor_is_its_owners_and_its_querys(here: InProcess) -> None:
    for number in range(3):
        here.created_and_seen(str(number))
    path = next_path(here.get("/activity?limit=1"))
    problem(here.get(path + "&type=TodoCreated"), 400)
    problem(InProcess(f"{here.owner}x").get(path), 400)
    problem(here.get(path.replace("cursor=", "cursor=x")), 400)


@pytest.mark.parametrize(
    "query", ["todo=x", "since=x", "until=yesterday", "include=after", "list=..", "limit=0", "cursor=x", "of=me"]
)
def test_what_it_does_not_understand_is_refused(here: InProcess, query: str) -> None:
    (error,) = problem(here.get(f"/activity?{query}"), 400)["errors"]
    assert error["parameter"] == query.partition("=")[0]


def test_a_page_takes_few_requests_and_writes_nothing(here: InProcess) -> None:
    commands: list[dict[str, Any]] = [{"op": "create", "body": {"title": str(number)}} for number in range(60)]
    results = here.post("/batch", {"commands": commands}).json()["results"]
    commands = [{"op": "patch", "id": result["id"], "body": {"title": "edited"}} for result in results]
    here.post("/batch", {"commands": commands})
    eventually(lambda: len(events_of(here)) == 120)

    # The pointer, a part of the log, and the events; then those before them.
    for query, expected in {"": 3, "&include=before": 4}.items():
        current.forget()
        with counted() as traffic:
            page = here.get(f"/activity?limit=50{query}").json()
        assert len(page["events"]) == 50
        assert traffic.requests.keys() == {"GetItem", "Query", "BatchGetItem"}, "no write"
        assert sum(traffic.requests.values()) <= expected, traffic.requests
