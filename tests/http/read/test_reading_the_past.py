"""`GET /todos?at=` and `GET /stats?at=`: what was, page by page; what it costs, and what it refuses."""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.ledger import ledger
from chalicelib.todos import fold, ids, instants
from chalicelib.todos.events import CREATED, EDITED, Event
from chalicelib.todos.ids import Owner
from chalicelib.views import codec, pointer, schema
from chalicelib.views.as_of import walk
from tests.support.client import next_path, problem
from tests.support.faults import Call, calls_watched, counted, refusals, without_pauses
from tests.support.in_process import InProcess
from tests.support.waiting import eventually, shows

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3600 * 1000, 24 * 3600 * 1000


def at(instant: str | int) -> str:
    """The parameter for an instant, in RFC 3339 or in milliseconds since 1970."""
    return f"at={quote(instant if isinstance(instant, str) else instants.format_milliseconds(instant))}"


def counts_of(here: InProcess, path: str) -> tuple[int, int, int]:
    """The counts of the last page."""
    found = here.pages(path)
    assert [page["more"] for page in found] == [True] * (len(found) - 1) + [False]  # type: ignore[call-overload]
    last: Any = found[-1]
    assert last["open"] == last["total"] - last["completed"]
    return last["total"], last["open"], last["completed"]


def one_by_one(here: InProcess, todo_ids: list[str], instant: str) -> list[dict[str, Any]]:
    """What each todo was by its own history, which needs no views."""
    answers = [here.get(f"/todos/{todo_id}?{at(instant)}") for todo_id in sorted(todo_ids)]
    assert {answer.status_code for answer in answers} <= {200, 404, 410}
    return [answer.json() for answer in answers if answer.status_code == 200]


def write_versions(owner: Owner, count: int, first: int) -> tuple[str, list[str]]:
    """A todo of so many versions, a minute apart from `first` on; its id, and when they occurred."""
    todo_id, state, group = str(uuid.uuid4()), None, []
    stream = ids.stream_id(ids.partition_of(owner), todo_id)
    for version in range(1, count + 1):
        occurred_at = instants.format_milliseconds(first + version * MINUTE)
        kind, change = (CREATED if version == 1 else EDITED), {"title": str(version)}
        state = fold.evolve(state, kind, change, occurred_at)
        event_id = str(uuid.uuid4())
        group.append(Event(stream, version, event_id, kind, change, state, fold.STATE_SCHEMA, owner, occurred_at))
    for begin in range(0, count, ledger.MAX_TRANSACTION_ITEMS):
        assert ledger.append_together(group[begin : begin + ledger.MAX_TRANSACTION_ITEMS]) == {}
    return todo_id, [event.occurred_at for event in group]


def created_together(here: InProcess, count: int, **fields: Any) -> list[dict[str, Any]]:
    """So many todos that the views show, in as many batches as they take."""
    todos: list[dict[str, Any]] = []
    for begin in range(0, count, 50):
        commands = [
            {"op": "create", "body": {"title": str(number), **fields}}
            for number in range(begin, min(begin + 50, count))
        ]
        todos += [result["todo"] for result in here.post("/batch", {"commands": commands}).json()["results"]]
    shows(lambda: here.get("/stats").json()["total"], count)
    return todos


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets this process have another day, by milliseconds from now."""
    real = instants.now_milliseconds

    def move(milliseconds: int) -> None:
        monkeypatch.setattr(instants, "now_milliseconds", lambda: real() + milliseconds)

    return move


def test_at_each_instant_it_has_what_each_todos_history_has(here: InProcess) -> None:
    draw = random.Random(7)
    todos: dict[str, dict[str, Any]] = {}
    moments: list[str] = []
    for number in range(40):
        alive = [todo_id for todo_id, todo in todos.items() if todo]
        gone = [todo_id for todo_id, todo in todos.items() if not todo]
        if (len(todos) < 7 and draw.random() < 0.4) or not alive:
            todo = here.create(str(number), list=draw.choice("ab"))
        elif gone and draw.random() < 0.3:
            todo = here.post(f"/todos/{draw.choice(gone)}/restore").json()
        elif draw.random() < 0.2:
            todo_id = draw.choice(alive)
            here.delete(f"/todos/{todo_id}")
            todos[todo_id] = {}
            moments.append(here.events(todo_id)[-1]["occurred_at"])
            continue
        else:
            fields = {"title": str(number), "completed": draw.random() < 0.5, "list": draw.choice("ab")}
            todo = here.patch(f"/todos/{draw.choice(alive)}", fields).json()
        todos[todo["id"]] = todo
        moments.append(todo["updated_at"])
    last = here.created_and_seen("the last")
    everything = {todo["id"]: todo for todo in (*todos.values(), last) if todo}
    eventually(lambda: {row["id"]: row for row in here.rows("/todos")} == everything)

    before = instants.format_milliseconds(instants.milliseconds_of(moments[0]) - 1)
    for instant in (*moments, before, last["updated_at"]):
        expected = one_by_one(here, [*todos, last["id"]], instant)
        assert here.rows(f"/todos?{at(instant)}") == expected
        assert here.rows(f"/todos?limit=2&{at(instant)}") == expected
        completed = sum(todo["completed"] for todo in expected)
        counts = (len(expected), len(expected) - completed, completed)
        assert counts_of(here, f"/stats?limit=2&{at(instant)}") == counts_of(here, f"/stats?{at(instant)}") == counts
        of_list = [todo for todo in expected if todo["list"] == "a"]
        assert here.rows(f"/todos?list=a&limit=2&{at(instant)}") == of_list
        assert here.rows(f"/lists/a/todos?{at(instant)}") == of_list


def test_its_filters_look_at_what_was(here: InProcess) -> None:
    todo = here.created_and_seen(
        "Plant the GARLIC", notes="deep", list="garden", tags=["autumn", "home"], priority="high",
        due="2026-12-01T00:30:00+02:00", time_zone="Europe/Vienna",
    )  # fmt: skip
    plain = here.created_and_seen("plain", list="other")
    then = plain["updated_at"]
    changed = {"title": "x", "notes": None, "list": "b", "tags": None, "priority": "none", "completed": True}
    here.seen.patch(f"/todos/{todo['id']}", {**changed, "due": None, "time_zone": None})
    here.seen.delete(f"/todos/{plain['id']}")

    for query, expected in {
        "": [todo, plain],
        "q=garlic": [todo],
        "q=deep": [todo],
        "list=garden": [todo],
        "list=b": [],
        "tag=autumn&tag=home": [todo],
        "tag=spring": [],
        "priority=high": [todo],
        "priority=none": [plain],
        "completed=false": [todo, plain],
        "completed=true": [],
        "due=none": [plain],
        "due=none&due_from=2026-11-01": [],
        "due_from=2026-12-01": [todo],
        "due_from=2026-12-02": [],
        "due_until=2026-12-01": [todo],
        "due_until=2026-11-30": [],
        "due_before=2026-12-01": [todo],
        "due_after=2026-12-01": [],
        "due_after=2026-11-30T22:00:00Z": [todo],
    }.items():
        found = here.rows(f"/todos?{query}&{at(then)}")
        assert found == sorted(expected, key=lambda each: str(each["id"])), query


def test_what_happens_between_two_pages_changes_none_of_them(here: InProcess) -> None:
    todos = sorted((here.created_and_seen(str(number)) for number in range(5)), key=lambda todo: str(todo["id"]))
    first = here.get(f"/todos?limit=2&{at(max(todo['updated_at'] for todo in todos))}")
    here.seen.delete(f"/todos/{todos[3]['id']}")
    here.seen.patch(f"/todos/{todos[2]['id']}", {"title": "changed", "list": "a"})
    here.seen.patch(f"/todos/{todos[0]['id']}", {"title": "changed", "list": "z"})
    here.created_and_seen("new")

    assert first.json() + here.rows(next_path(first)) == todos


def test_counts_go_on_from_page_to_page(here: InProcess) -> None:
    todos = created_together(here, 5)
    then = max(todo["updated_at"] for todo in todos)
    here.seen.patch(f"/todos/{todos[0]['id']}", {"completed": True})

    assert [page["total"] for page in here.pages(f"/stats?limit=2&{at(then)}")] == [2, 4, 5]  # type: ignore[call-overload]
    assert counts_of(here, f"/stats?{at(then)}") == (5, 5, 0)
    first = here.get(f"/stats?limit=2&{at(then)}")
    here.seen.delete(f"/todos/{todos[1]['id']}")
    assert counts_of(here, next_path(first).replace("limit=2", "limit=1")) == (5, 5, 0)


def test_it_is_exact_for_as_long_as_tombstones_are_kept(here: InProcess, today: Callable[[int], None]) -> None:
    todo = here.created_and_seen("deleted later")
    here.seen.delete(f"/todos/{todo['id']}")
    for path in (f"/todos?{at(todo['updated_at'])}", f"/stats?{at(todo['updated_at'])}"):
        today(codec.TOMBSTONE_SECONDS * 1000 - HOUR - 2 * MINUTE)
        assert "Complete-Since" not in here.get(path).headers
        today(codec.TOMBSTONE_SECONDS * 1000)
        since = here.get(path).headers["Complete-Since"]
        assert since > todo["updated_at"], "its deletion may be missing by now"
        assert instants.milliseconds_of(since) < instants.milliseconds_of(todo["updated_at"]) + HOUR + 5 * MINUTE
        assert "Complete-Since" not in here.get(f"{path.partition('?')[0]}?{at(since)}").headers

    key = {"owner": {"S": ids.partition_of(here.owner)}, "sk": {"S": schema.todo_key(todo["id"])}}
    dynamodb.client().delete_item(TableName=pointer.pointer().reader, Key=key)
    assert here.rows(f"/todos?{at(todo['updated_at'])}") == []


def test_an_instant_ahead_of_this_clock_by_less_than_clocks_differ_is_no_future(
    here: InProcess, today: Callable[[int], None]
) -> None:
    today(-9 * SECOND)
    todo = here.created_and_seen("of a clock that is ahead")
    today(-18 * SECOND)
    assert here.rows(f"/todos?{at(todo['updated_at'])}") == [todo]
    today(-30 * SECOND)
    for path in ("/todos", "/lists/a/todos", "/stats"):
        (error,) = problem(here.get(f"{path}?{at(todo['updated_at'])}"), 400)["errors"]
        assert error == {"parameter": "at", "detail": "is in the future"}


@pytest.mark.parametrize(
    "given",
    [
        "", "now", "yesterday", "2026-13-01", "2026-02-30", "2026-11-30T09:00:00", "2026-11-30 09:00:00Z",
        "2026-11-30T09:00:00+01:00", "2026-11-30T24:00:00Z", "2016-12-31T23:59:60Z", "2026-11-30T09:00:00%2B24:00",
        "2026-11-30T09:00:00.0000000001Z", "9999-12-31", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00%2B23:59", "0000-01-01", "-2026-11-30", "1796077821292", "%D9%A2026-11-30", "%00", "%FF",
        "2026-11-30T09:00:00Z" * 200, "2025-01-01&at=2025-01-01",
    ],
)  # fmt: skip
def test_an_instant_that_is_none_or_is_not_past_is_refused(here: InProcess, given: str) -> None:
    for path in ("/todos", "/stats"):
        errors = problem(here.get(f"{path}?at={given}"), 400)["errors"]
        assert [error["parameter"] for error in errors] == ["at"]


@pytest.mark.parametrize(
    "given", ["2025-01-01", "0001-01-01", "1970-01-01T00:00:00Z", "2026-11-30t09:00:00%2B23:59", "0001-01-01T00:00:00Z"]
)
def test_before_there_was_anything_there_is_nothing(here: InProcess, given: str) -> None:
    here.created_and_seen()

    assert here.rows(f"/todos?at={given}") == []
    assert counts_of(here, f"/stats?at={given}") == (0, 0, 0)


def test_an_instant_is_the_same_however_it_is_written(here: InProcess) -> None:
    todo = here.created_and_seen()
    here.seen.patch(f"/todos/{todo['id']}", {"title": "later"})
    then = datetime.fromisoformat(todo["updated_at"])
    finer = todo["updated_at"].replace("Z", "999999Z")
    for written in (then.astimezone(UTC).isoformat(), (then + timedelta(hours=5)).isoformat()[:-6] + "+05:00", finer):
        assert here.rows(f"/todos?{at(written)}") == [todo]


def test_what_was_has_no_other_order(here: InProcess) -> None:
    for sort in ("due", "order", "created"):
        (error,) = problem(here.get(f"/todos?at=2025-01-01&sort={sort}"), 400)["errors"]
        assert error["parameter"] == "sort"
    for query in ("limit=1", "cursor=x"):
        (error,) = problem(here.get(f"/stats?{query}"), 400)["errors"]
        assert error["parameter"] == query.partition("=")[0]


def test_a_cursor_is_its_owners_and_its_instants(here: InProcess) -> None:
    todos = created_together(here, 3)
    then, other = at(max(todo["updated_at"] for todo in todos)), at("2025-01-01")
    for path in ("/todos", "/stats"):
        following = next_path(here.get(f"{path}?limit=1&{then}"))
        cursor = following.partition("cursor=")[2].partition("&")[0]
        assert here.get(following).status_code == 200
        stranger = InProcess(f"{here.owner}x")
        for asked in (
            stranger.get(following),
            here.get(f"{path}?limit=1&{other}&cursor={cursor}"),
            here.get(f"{path}?limit=1&cursor={cursor}"),
            here.get(f"{path}?limit=1&{then}&cursor={cursor[:-1]}"),
            here.get(f"{'/stats' if path == '/todos' else '/todos'}?limit=1&{then}&cursor={cursor}"),
        ):
            problem(asked, 400)
    following = next_path(here.get(f"/todos?limit=1&{then}"))
    problem(here.get(following + "&completed=true"), 400)
    now = next_path(here.get("/todos?limit=1"))
    problem(here.get(f"{now}&{then}"), 400)


def test_an_event_that_cannot_be_read_gives_way_to_the_one_before(here: InProcess) -> None:
    todo = here.created_and_seen("one")
    broken = here.seen.patch(f"/todos/{todo['id']}", {"title": "two"}).json()
    here.seen.patch(f"/todos/{todo['id']}", {"title": "three"})
    other = here.created_and_seen("other")
    here.seen.patch(f"/todos/{other['id']}", {"title": "changed"})
    stream = ids.stream_id(ids.partition_of(here.owner), todo["id"])
    dynamodb.client().update_item(
        TableName=settings.events_table(),
        Key={"stream_id": {"S": stream}, "version": {"N": "2"}},
        UpdateExpression="SET #change = :broken",
        ExpressionAttributeNames={"#change": "change"},
        ExpressionAttributeValues={":broken": {"S": "{"}},
    )

    assert here.rows(f"/todos?{at(broken['updated_at'])}") == [todo]
    assert [row["id"] for row in here.rows(f"/todos?{at(other['updated_at'])}")] == sorted([todo["id"], other["id"]])


def test_a_page_takes_a_query_and_a_batch_of_reads_for_each_halving(here: InProcess) -> None:
    todos = created_together(here, 60)
    created = at(max(todo["updated_at"] for todo in todos))
    commands = [{"op": "patch", "id": todo["id"], "body": {"title": "edited"}} for todo in todos]
    here.post("/batch", {"commands": commands})
    for title in ("2", "3", "4", "5", "6"):
        here.seen.patch(f"/todos/{todos[0]['id']}", {"title": title})
    eventually(lambda: all(row["version"] > 1 for row in here.rows("/todos?limit=200")))
    assert next_path(here.get("/todos?limit=1")), "from now on the process has the key of cursors"
    for query, expected in {
        f"/todos?{created}": {"Query": 1, "BatchGetItem": 3},
        f"/todos?limit=59&{created}": {"Query": 1, "BatchGetItem": 3},
        # A filter reads as much as comes at once.
        f"/todos?q=zzz&{created}": {"Query": 1, "BatchGetItem": 3},
        f"/stats?{created}": {"Query": 1, "BatchGetItem": 3},
        f"/todos?{at('2025-01-01')}": {"Query": 2},
        f"/todos?{at(instants.now_milliseconds())}": {"Query": 1},
    }.items():
        with counted() as traffic:
            assert here.get(query).status_code == 200
        # Now and then which table is in use is read, too.
        assert traffic.requests - Counter(GetItem=1) == expected, query


def test_a_todo_of_thousands_of_versions_takes_as_many_requests_as_halvings(here: InProcess) -> None:
    count = 2000
    begun = instants.now_milliseconds() - 3 * DAY
    todo_id, occurred = write_versions(here.owner, count, begun)
    plain = here.created_and_seen("plain")
    eventually(lambda: any(row["version"] == count for row in here.rows("/todos")))

    for version in (1, 2, 999, 1000, 1001, count - 1, count):
        with counted() as traffic:
            (found,) = here.get(f"/todos?{at(occurred[version - 1])}").json()
        assert (found["id"], found["version"], found["title"]) == (todo_id, version, str(version))
        assert traffic.requests["Query"] == 1
        assert traffic.requests["BatchGetItem"] <= count.bit_length()
    assert here.rows(f"/todos?{at(begun)}") == []
    assert counts_of(here, f"/stats?{at(plain['updated_at'])}") == (2, 2, 0)


def test_a_page_ends_before_its_answer_is_too_large(here: InProcess) -> None:
    # In the Lambda's answer each of these takes four bytes.
    todos = created_together(here, 70, notes='"' * 14_000)
    then = max(todo["updated_at"] for todo in todos)
    commands = [{"op": "patch", "id": todo["id"], "body": {"notes": None}} for todo in todos]
    here.post("/batch", {"commands": commands})
    eventually(lambda: all(row["notes"] is None for row in here.rows("/todos?limit=200")))

    pages = here.pages(f"/todos?limit=200&{at(then)}")
    assert [todo for page in pages for todo in page] == sorted(todos, key=lambda todo: str(todo["id"]))
    assert len(pages) > 1
    assert all(len(json.dumps(json.dumps(page))) < 6_000_000 for page in pages)


def test_a_page_that_has_done_enough_is_empty_and_has_a_next(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "REQUESTS_OF_A_PAGE", 2)
    monkeypatch.setattr(walk, "SEARCHES_AT_ONCE", 2)
    todos = created_together(here, 5)
    then = at(max(todo["updated_at"] for todo in todos))
    for todo in todos:
        here.seen.patch(f"/todos/{todo['id']}", {"list": "a"})

    assert [len(page) for page in here.pages(f"/todos?list=a&{then}")] == [0, 0, 0]
    assert counts_of(here, f"/stats?{then}") == (5, 5, 0)
    assert len(here.pages(f"/stats?{then}")) == 3


def test_keys_that_were_left_unprocessed_are_asked_for_again(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    without_pauses(monkeypatch)
    todos = created_together(here, 5)
    then = at(max(todo["updated_at"] for todo in todos))
    for todo in todos:
        here.seen.patch(f"/todos/{todo['id']}", {"list": "a"})
    left: list[int] = []

    def leave_some(operation: str, request: Mapping[str, Any], call: Call) -> Any:
        answer = call(request)
        if operation != "BatchGetItem" or len(left) == 3:
            return answer
        ((table, items),) = answer["Responses"].items()
        keys = [{"stream_id": item["stream_id"], "version": item["version"]} for item in items[1:]]
        left.append(len(keys))
        if not keys:
            return answer
        unprocessed = {table: {"Keys": keys, "ConsistentRead": True}}
        return {**answer, "Responses": {table: items[:1]}, "UnprocessedKeys": unprocessed}

    with calls_watched(leave_some):
        found = here.rows(f"/todos?{then}")
    assert left == [4, 3, 2]
    assert found == sorted(todos, key=lambda todo: str(todo["id"]))
    with refusals("BatchGetItem", "ProvisionedThroughputExceededException"):
        problem(here.get(f"/todos?{then}"), 503)
    with refusals("Query", "ProvisionedThroughputExceededException"):
        problem(here.get(f"/stats?{then}"), 503)


def test_it_has_a_validator_as_every_read_has(here: InProcess) -> None:
    todo = here.created_and_seen()
    for path in (f"/todos?{at(todo['updated_at'])}", f"/stats?{at(todo['updated_at'])}"):
        answer = here.get(path)
        assert answer.headers["Cache-Control"] == "private, no-cache"
        here.seen.patch(f"/todos/{todo['id']}", {"title": path})
        assert here.get(path, if_none_match=answer.headers["ETag"]).status_code == 304
