"""DELETE of a list's todos clears it: at once when they are few, by the queue's worker when they are many."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.aws import settings_table
from chalicelib.ledger import ledger
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos import content, decide, ids, instants
from chalicelib.todos.events import Event
from tests.support.client import Client, list_path, problem, problem_name
from tests.support.events import after
from tests.support.faults import just_before, refusals
from tests.support.in_process import InProcess
from tests.support.waiting import in_time, shows


def test_a_small_list_is_cleared_at_once_each_todo_by_its_own_event(client: Client) -> None:
    meant = [client.created_and_seen(list="a/b", completed=done) for done in (True, False)]
    kept = client.created_and_seen(list="a")

    cleared = client.delete(list_path("a/b"))

    assert (cleared.status_code, cleared.text) == (204, "")
    for todo in meant:
        assert client.get(f"/todos/{todo['id']}").status_code == 410
        assert [event["type"] for event in client.events(todo["id"])] == ["TodoCreated", "TodoDeleted"]
    shows(client.lists, {"a": (1, 1, 0)})
    shows(client.stats, {"total": 1, "open": 1, "completed": 0})
    assert client.get(f"/todos/{kept['id']}").status_code == 200


def test_clearing_what_is_empty_is_no_error_and_repeating_it_adds_nothing(client: Client) -> None:
    assert client.delete(list_path("empty")).status_code == 204
    todo = client.created_and_seen(list="full")

    assert [client.delete(list_path("full")).status_code for _ in range(2)] == [204, 204]
    assert len(client.events(todo["id"])) == 2


def test_a_repeat_with_its_key_spares_what_has_come_since(client: Client) -> None:
    meant = client.created_and_seen(list="shopping")
    assert client.delete(list_path("shopping"), idempotency_key="clear-1").status_code == 204
    since = client.created_and_seen(list="shopping")

    again = client.delete(list_path("shopping"), idempotency_key="clear-1")

    assert (again.status_code, again.text) == (204, "")
    assert client.get(f"/todos/{meant['id']}").status_code == 410
    assert client.get(f"/todos/{since['id']}").status_code == 200
    problem(client.delete(list_path("another"), idempotency_key="clear-1"), 422)
    problem(client.delete(list_path("shopping"), idempotency_key="a b"), 400)
    assert client.delete(list_path("shopping"), idempotency_key="clear-2").status_code == 204
    assert client.get(f"/todos/{since['id']}").status_code == 410


def test_a_repeat_with_its_key_spares_what_was_restored_or_moved_in_or_edited_since(client: Client) -> None:
    """Born before the first request is not "was in the list then"."""
    restored, moved, put_again = (client.created_and_seen(list=name) for name in ("shopping", "garden", "shopping"))
    assert client.delete(list_path("shopping"), idempotency_key="clear-1").status_code == 204
    shows(client.lists, {"garden": (1, 1, 0)})
    assert client.seen.post(f"/todos/{restored['id']}/restore").status_code == 200
    assert client.seen.patch(f"/todos/{moved['id']}", {"list": "shopping"}).status_code == 200
    again = {"title": "x", "list": "shopping"}
    assert client.seen.put(f"/todos/{put_again['id']}", again, if_none_match="*").status_code == 201

    assert client.delete(list_path("shopping"), idempotency_key="clear-1").status_code == 204

    for todo in (restored, moved, put_again):
        assert client.get(f"/todos/{todo['id']}").status_code == 200


def test_a_repeat_spares_what_has_come_since_the_list_was_found_empty(client: Client) -> None:
    assert client.delete(list_path("empty"), idempotency_key="clear-1").status_code == 204
    todo = client.created_and_seen(list="empty")

    assert client.delete(list_path("empty"), idempotency_key="clear-1").status_code == 204

    assert client.get(f"/todos/{todo['id']}").status_code == 200


def test_what_was_changed_since_the_list_showed_it_stays(here: InProcess) -> None:
    todo = here.created_and_seen(list="shopping")
    path = f"/todos/{todo['id']}"
    with just_before("PutItem", lambda: here.patch(path, {"notes": "wait, this one stays"})):
        assert here.delete(list_path("shopping"), idempotency_key="clear").status_code == 204

    assert here.get(path).json()["version"] == 2
    assert here.delete(list_path("shopping"), idempotency_key="clear").status_code == 204
    assert here.get(path).json()["version"] == 2


def test_a_todo_that_cannot_be_deleted_keeps_no_other_from_it(here: InProcess) -> None:
    meant = [here.created_and_seen(list="shopping")["id"] for _ in range(12)]
    with patch.object(ledger, "append", refusing(meant[3])):
        refused = problem(here.delete(list_path("shopping"), idempotency_key="clear"), 409)

    assert problem_name(refused) == "list-unfinished"
    assert refused["todos"] == [meant[3]]
    assert [here.get(f"/todos/{todo}").status_code for todo in meant] == [410] * 3 + [200] + [410] * 8
    assert here.delete(list_path("shopping"), idempotency_key="clear").status_code == 204
    assert here.get(f"/todos/{meant[3]}").status_code == 410


def test_a_key_stands_for_what_it_was_first_used_for(client: Client) -> None:
    assert client.delete(list_path("a"), idempotency_key="k").status_code == 204
    problem(client.delete(list_path("b"), idempotency_key="k"), 422)
    problem(client.post("/lists/a/rename", {"to": "b"}, idempotency_key="k"), 422)
    assert client.post("/lists/a/rename", {"to": "b"}, idempotency_key="l").status_code == 200
    problem(client.delete(list_path("a"), idempotency_key="l"), 422)
    problem(client.post("/lists/a/rename", {"to": "c"}, idempotency_key="l"), 422)


@pytest.mark.usefixtures("environment")
def test_a_record_expires_after_the_days_that_the_contract_states(here: InProcess) -> None:
    assert here.delete(list_path("a"), idempotency_key="k").status_code == 204

    item = settings_table.find(ids.partition_of(here.owner), "clearing#k")
    assert item is not None
    left = int(item[settings_table.TTL_ATTRIBUTE]["N"]) - time.time()
    assert 29 * 86_400 < left < 31 * 86_400
    (parameter,) = (
        each for each in here.get("/openapi.json").json()["paths"]["/lists/{list_name}/todos"]["delete"]["parameters"]
        if each["name"] == "Idempotency-Key"
    )  # fmt: skip
    assert "30 days" in parameter["description"]


def test_a_key_of_an_earlier_version_deletes_nothing_and_says_why(here: InProcess) -> None:
    todo = here.created_and_seen(list="shopping")
    older: dict[str, Any] = {
        "list": {"S": "shopping"},
        "asked_at": {"S": "2999-01-01T00:00:00.000Z"},
        "at_once": {"BOOL": True},
    }
    key = settings_table.key(ids.partition_of(here.owner), "clearing#k")
    assert settings_table.put_new({**key, **older})

    refused = problem(here.delete(list_path("shopping"), idempotency_key="k"), 409)

    assert "earlier version" in refused["detail"]
    problem(here.delete(list_path("another"), idempotency_key="k"), 422)
    assert here.get(f"/todos/{todo['id']}").status_code == 200


def test_a_repeat_goes_on_where_the_first_request_was_cut_off(here: InProcess) -> None:
    meant = [here.created_and_seen(list="shopping")["id"] for _ in range(3)]
    with refusals("PutItem", "ProvisionedThroughputExceededException", body_contains=f"#{meant[1]}"):
        problem(here.delete(list_path("shopping"), idempotency_key="clear"), 503)
    since = here.created_and_seen(list="shopping")["id"]

    assert here.delete(list_path("shopping"), idempotency_key="clear").status_code == 204

    assert [here.get(f"/todos/{todo}").status_code for todo in (*meant, since)] == [410, 410, 410, 200]


def test_clearing_may_wait_until_the_list_shows_it(client: Client) -> None:
    client.created_and_seen(list="shopping")

    cleared = in_time(lambda: client.delete(list_path("shopping"), idempotency_key="k", prefer="wait=10"))

    assert cleared.status_code == 204
    assert client.rows(list_path("shopping")) == []
    assert client.stats()["total"] == 0


@pytest.mark.parametrize("precondition", ["if_match", "if_none_match"])
def test_a_list_has_no_version_to_be_cleared_at(client: Client, precondition: str) -> None:
    todo = client.created_and_seen(list="shopping")
    tag = client.get(list_path("shopping")).headers["ETag"]

    problem(client.delete(list_path("shopping"), **{precondition: tag}), 400)

    assert client.get(f"/todos/{todo['id']}").status_code == 200


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("count", "status"), [(200, 204), (201, 202), (450, 202)])
def test_more_than_two_hundred_are_left_to_the_worker(client: Client, owner: str, count: int, status: int) -> None:
    write_todos(owner, "long", count)
    kept = client.created_and_seen(list="other")
    shows(client.lists, {"long": (count, count, 0), "other": (1, 1, 0)})

    cleared = client.delete(list_path("long"), idempotency_key="clear")

    assert cleared.status_code == status
    assert client.delete(list_path("long"), idempotency_key="clear").status_code == status
    shows(client.lists, {"other": (1, 1, 0)})
    shows(client.stats, {"total": 1, "open": 1, "completed": 0})
    assert client.rows(list_path("long")) == []
    assert client.get(f"/todos/{kept['id']}").status_code == 200


def refusing(todo_id: str) -> Callable[[Event], None]:
    """The ledger's append, for which an event of this todo is too large."""
    real = ledger.append

    def append(event: Event) -> None:
        if event.stream_id.endswith(todo_id):
            raise EventTooLarge(70_000)
        real(event)

    return append


def write_todos(owner: str, list_name: str, count: int) -> None:
    """So many todos, by the ledger's own transactions as the loader writes them."""
    stated = content.validate({"title": "Buy milk", "list": list_name})
    now, partition = instants.instant_after(None), ids.partition_of(owner)
    streams = [ids.stream_id(partition, str(uuid.uuid4())) for _ in range(count)]
    created = [after(None, stream, decide.Create(stated), at=now, actor=owner) for stream in streams]
    group = [event for event in created if event is not None]
    for begin in range(0, count, ledger.MAX_TRANSACTION_ITEMS):
        assert ledger.append_together(group[begin : begin + ledger.MAX_TRANSACTION_ITEMS]) == {}
