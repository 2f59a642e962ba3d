"""DynamoDB refuses temporarily: what can be retried is retried; otherwise the answer is 503 with Retry-After."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.commands import execute
from chalicelib.ledger import ledger
from tests.support.client import Client, list_path, problem
from tests.support.faults import just_before, lost_answers, refusals
from tests.support.in_process import InProcess
from tests.support.reset import forget_todos

pytestmark = pytest.mark.usefixtures("impatient")

ALWAYS = 1000
THROTTLED = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "InternalServerError",
]


@pytest.mark.parametrize("times", [1, 3, 7])
@pytest.mark.parametrize("if_match", [None, '"1"'])
def test_a_conflict_with_a_transaction_is_not_a_lost_race(here: InProcess, times: int, if_match: str | None) -> None:
    todo = here.create()

    with refusals("PutItem", "TransactionConflictException", times) as refused:
        patched = here.patch(f"/todos/{todo['id']}", {"title": "x"}, if_match=if_match)

    assert refused["PutItem"] == times
    assert (patched.status_code, patched.headers["ETag"]) == (200, '"2"')
    assert len(here.events(todo["id"])) == 2


def test_a_conflict_after_a_lost_answer_does_not_write_twice(here: InProcess) -> None:
    todo = here.create()

    with lost_answers("PutItem", 1), refusals("PutItem", "TransactionConflictException", 1):
        patched = here.patch(f"/todos/{todo['id']}", {"title": "x"})

    assert (patched.status_code, patched.headers["ETag"]) == (200, '"2"')
    assert len(here.events(todo["id"])) == 2


def test_a_conflict_that_does_not_end_is_reported(here: InProcess) -> None:
    todo = here.create()

    with refusals("PutItem", "TransactionConflictException", ALWAYS):
        refused = here.patch(f"/todos/{todo['id']}", {"title": "x"})

    problem(refused, 503)
    assert len(here.events(todo["id"])) == 1


def requests_on(path: str) -> dict[str, tuple[str, Callable[[InProcess], Any]]]:
    """Requests, and the operation that each cannot do without."""
    return {
        "creating": ("PutItem", lambda here: here.post("/todos", {"title": "x"})),
        "editing": ("PutItem", lambda here: here.patch(path, {"title": "x"})),
        "editing with a key": ("Query", lambda here: here.patch(path, {"title": "x"}, idempotency_key="k")),
        "reading": ("Query", lambda here: here.get(path)),
        "reading a version": ("GetItem", lambda here: here.get(f"{path}?version=1")),
        "reading the past": ("GetItem", lambda here: here.get(f"{path}?at=2999-01-01")),
        "history": ("Query", lambda here: here.get(f"{path}/events")),
        "listing": ("Query", lambda here: here.get("/todos")),
        "listing by due": ("Query", lambda here: here.get("/todos?sort=due")),
        "lists": ("Query", lambda here: here.get("/lists")),
        "syncing": ("BatchGetItem", lambda here: here.get("/changes")),
        "counting": ("GetItem", lambda here: here.get("/stats")),
        "clearing": ("Query", lambda here: here.delete(list_path("inbox"))),
    }


@pytest.mark.parametrize(
    ("name", "code"),
    [(name, THROTTLED[0]) for name in requests_on("")]
    + [(name, code) for name in ("editing", "reading", "listing") for code in THROTTLED[1:]],
)
def test_throttling_that_does_not_end_is_answered_with_when_to_retry(here: InProcess, name: str, code: str) -> None:
    path = f"/todos/{here.create()['id']}"
    forget_todos()
    operation, request = requests_on(path)[name]

    with refusals(operation, code, ALWAYS, status=500 if code == "InternalServerError" else 400) as refused:
        answer = request(here)

    assert refused[operation] >= 3
    document = problem(answer, 503)
    assert answer.headers["Retry-After"].isdigit()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "injected" not in answer.text
    assert "todo-ledger-local" not in str(document), "names from inside stay inside"


@pytest.mark.parametrize("name", list(requests_on("")))
def test_throttling_that_ends_is_not_noticed(here: InProcess, name: str) -> None:
    path = f"/todos/{here.create()['id']}"
    forget_todos()
    operation, request = requests_on(path)[name]

    with refusals(operation, "ThrottlingException", 2) as refused:
        answer = request(here)

    assert refused[operation] == 2
    assert answer.status_code in (200, 201, 204)


def test_a_write_that_always_loses_gives_up_in_the_end(here: InProcess, client: Client) -> None:
    todo = here.create()
    path = f"/todos/{todo['id']}"
    with refusals("PutItem", "ConditionalCheckFailedException", ALWAYS) as refused:
        answer = here.patch(path, {"title": "x"})

    problem(answer, 503)
    assert answer.headers["Retry-After"].isdigit()
    assert refused["PutItem"] == execute.MAX_TRIES
    assert client.patch(path, {"title": "x"}).headers["ETag"] == '"2"'


@pytest.mark.parametrize("key", [None, "k"])
def test_a_write_that_comes_between_reading_and_writing_is_not_lost(
    here: InProcess, client: Client, key: str | None
) -> None:
    path = f"/todos/{here.create(metadata={'a': 1})['id']}"

    with just_before("PutItem", lambda: client.patch(path, {"metadata": {"b": 2}})):
        patched = here.patch(path, {"metadata": {"c": 3}}, idempotency_key=key)

    assert (patched.status_code, patched.headers["ETag"]) == (200, '"3"')
    assert patched.json()["metadata"] == {"a": 1, "b": 2, "c": 3}


def test_a_twin_that_comes_between_reading_and_writing_is_answered_for_both(here: InProcess, client: Client) -> None:
    path = f"/todos/{here.create()['id']}"
    twins: list[Any] = []

    def patch(one: Any) -> Any:
        return one.patch(path, {"title": "x"}, idempotency_key="k")

    with just_before("PutItem", lambda: twins.append(patch(client))):
        mine = patch(here)

    assert (mine.status_code, mine.headers["ETag"], mine.json()) == (200, '"2"', twins[0].json())
    assert client.get(path).headers["ETag"] == '"2"'


def test_a_412_tells_no_events_beyond_the_todo_that_it_shows(
    here: InProcess, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/todos/{here.create()['id']}"
    client.patch(path, {"title": "second"})
    read_history = ledger.history_within

    def read_after_another_wrote(*arguments: Any) -> Any:
        client.patch(path, {"title": "third"})
        return read_history(*arguments)

    monkeypatch.setattr(ledger, "history_within", read_after_another_wrote)

    document = problem(here.patch(path, {"title": "x"}, if_match='"1"'), 412)

    assert document["events"][-1]["version"] == document["todo"]["version"]
