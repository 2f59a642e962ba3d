"""POST /batch when DynamoDB fails in the middle, or there is more to answer than an answer holds."""

from __future__ import annotations

import json
import threading
import uuid
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.http.batch.commands import create, results, statuses
from tests.support.client import Client, Verbs, problem_name
from tests.support.faults import Attempt, Send, around, just_before, lost_answers, refusals
from tests.support.in_process import InProcess
from tests.support.waiting import PATIENCE_SECONDS

LAMBDA_ANSWER_BYTES = 6_291_556


def chain(todo_id: str, *titles: str) -> list[dict[str, Any]]:
    """A todo created and then renamed, one command after the other."""
    renames = [{"op": "patch", "id": todo_id, "body": {"title": title}} for title in titles[1:]]
    return [create(todo_id, titles[0]), *renames]


def titles_of(client: Verbs, todo_id: str) -> list[str]:
    return [event["change"]["title"] for event in client.events(todo_id)]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("keyed_by", ["the request", "each command"])
@pytest.mark.parametrize("fault", ["refused", "answers lost"])
def test_a_batch_that_broke_in_the_middle_is_brought_to_its_end_by_a_repeat(
    here: InProcess, client: Client, fault: str, keyed_by: str
) -> None:
    broken, whole = str(uuid.uuid4()), str(uuid.uuid4())
    commands = [*chain(broken, "a", "b-breaks", "c", "d"), *chain(whole, "e", "f"), create(title="made")]
    headers = {"idempotency_key": "b"} if keyed_by == "the request" else {}
    if keyed_by == "each command":
        commands = [{**command, "key": f"key-{position}"} for position, command in enumerate(commands)]
    inject: AbstractContextManager[Any] = (
        lost_answers("PutItem", 100, body_contains="b-breaks")
        if fault == "answers lost"
        else refusals("PutItem", "InternalServerError", status=500, body_contains="b-breaks")
    )

    with inject:
        first = results(here, commands, **headers)

    # What follows on the same todo waits for the repeat: done now, it would come before the one that it follows.
    assert statuses(first) == [201, 503, 503, 503, 201, 200, 201]
    assert titles_of(client, broken) == (["a"] if fault == "refused" else ["a", "b-breaks"])
    for repeated_by in (here, client):
        again = results(repeated_by, commands, **headers)
        assert statuses(again) == [201, 200, 200, 200, 201, 200, 201]
        assert [again[position] for position in (0, 4, 5)] == [first[position] for position in (0, 4, 5)]
        assert again[6]["id"] == first[6]["id"]
        assert (titles_of(client, broken), titles_of(client, whole)) == (["a", "b-breaks", "c", "d"], ["e", "f"])
        assert titles_of(client, again[6]["id"]) == ["made"]


@pytest.mark.usefixtures("impatient")
def test_an_answer_lost_in_the_middle_is_healed_without_any_key(here: InProcess) -> None:
    todo_id = str(uuid.uuid4())

    with lost_answers("PutItem", 3, body_contains="b-lost") as done:
        found = results(here, chain(todo_id, "a", "b-lost", "c"))

    assert done["PutItem"] == 3
    assert statuses(found) == [201, 200, 200]
    assert titles_of(here, todo_id) == ["a", "b-lost", "c"]


def test_a_writer_between_two_commands_is_met_as_alone(here: InProcess, client: Client) -> None:
    todo = here.create("first")
    path = f"/todos/{todo['id']}"
    commands = [
        {"op": "patch", "id": todo["id"], "if_match": '"1"', "body": {"notes": "mine"}},
        {"op": "patch", "id": todo["id"], "body": {"order": 1}},
    ]

    with just_before("PutItem", lambda: client.patch(path, {"title": "another's"})):
        stale, decided_anew = results(here, commands)

    assert (stale["status"], decided_anew["status"]) == (412, 200)
    assert (decided_anew["todo"]["title"], decided_anew["todo"]["notes"]) == ("another's", None)


def test_what_cannot_be_begun_in_time_is_left_to_a_repeat(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [create(title="x"), create(title="y")]
    with monkeypatch.context() as patch:
        patch.setattr("chalicelib.api.resources.batch.LAST_START_SECONDS", -1)
        late = results(here, commands, idempotency_key="b")

    assert statuses(late) == [503, 503]
    for result in late:
        assert here.get(f"/todos/{result['id']}").status_code == 404
    in_time = results(here, commands, idempotency_key="b")
    assert [(result["status"], result["id"]) for result in in_time] == [(201, result["id"]) for result in late]


def test_the_batch_stands_when_the_views_do_not_answer(here: InProcess, impatient: None) -> None:
    with refusals("BatchGetItem", "ThrottlingException", times=10) as refused:
        answer = here.post("/batch", {"commands": [create()]}, prefer="wait=1")

    assert refused
    assert statuses(answer.json()["results"]) == [201]
    assert "Preference-Applied" not in answer.headers


def big(number: int) -> dict[str, Any]:
    """Nearly as large a todo as there may be, of characters that take room in a Lambda's answer."""
    return {"title": "x", "notes": f"{number}" + "ä" * 8_000, "metadata": {"a": '"' * 2_000}}


def test_an_answer_never_passes_what_a_lambda_can_give(here: InProcess) -> None:
    commands = [{"op": "create", "body": big(number)} for number in range(100)]
    batch = json.dumps({"commands": commands}, ensure_ascii=False).encode()

    answer = here.post("/batch", batch, idempotency_key="b")

    found = answer.json()["results"]
    assert len(json.dumps(answer.text)) < LAMBDA_ANSWER_BYTES
    assert statuses(found) == [201] * 100
    in_short = [result for result in found if result["todo"] is None]
    assert 0 < len(in_short) < 100
    assert found[-len(in_short) :] == in_short
    for result in in_short[:3]:
        read = here.get(f"/todos/{result['id']}")
        assert (result["etag"], result["location"]) == (read.headers["ETag"], read.json()["url"])
    assert here.post("/batch", batch, idempotency_key="b").json()["results"] == found


def test_refusals_that_would_tell_too_much_keep_their_kind(here: InProcess) -> None:
    todo = here.create()
    for number in range(4):
        here.patch(f"/todos/{todo['id']}", big(number))
    stale = {"op": "patch", "id": todo["id"], "if_match": '"1"', "body": {"title": "mine"}}

    answer = here.post("/batch", {"commands": [stale] * 100})

    found = answer.json()["results"]
    assert len(json.dumps(answer.text)) < LAMBDA_ANSWER_BYTES
    assert statuses(found) == [412] * 100
    assert {result["etag"] for result in found} == {'"5"'}
    assert [event["version"] for event in found[0]["problem"]["events"]] == [2]
    assert found[-1]["problem"].keys() == {"type", "title", "status", "detail"}


def test_a_body_of_nothing_but_mistakes_is_answered_within_bounds(here: InProcess) -> None:
    mistakes = {f"unknown-{number}": 1 for number in range(100_000)}
    as_many_as_a_body_has = dict(list(mistakes.items())[:6_000])

    in_a_todo = here.post("/batch", {"commands": [{"op": "create", "body": as_many_as_a_body_has}]})
    in_the_command = here.post("/batch", {"commands": [{"op": "create", **mistakes}]})

    (result,) = in_a_todo.json()["results"]
    assert (result["status"], problem_name(result["problem"])) == (400, "bad-request")
    assert len(json.dumps(in_a_todo.text)) < LAMBDA_ANSWER_BYTES
    assert len(in_the_command.json()["errors"]) == 100


def test_different_todos_are_done_at_the_same_time(here: InProcess) -> None:
    """No put is sent before all ten are about to be: one after the other, the first would wait for ever."""
    commands = [create(str(uuid.uuid4())) for _ in range(10)]
    all_there = threading.Barrier(len(commands), timeout=PATIENCE_SECONDS)

    def wait(attempt: Attempt, send: Send) -> None:
        if attempt.operation == "PutItem":
            all_there.wait()
        send()

    with around(wait):
        found = results(here, commands)

    assert statuses(found) == [201] * 10
