"""DELETE of a list's todos clears it: at once when they are few, by the queue's worker when they are many."""

from __future__ import annotations

import uuid

import pytest

from chalicelib.ledger import ledger
from chalicelib.todos import content, decide, ids, instants
from tests.support.client import Client, list_path, problem
from tests.support.events import after
from tests.support.faults import refusals
from tests.support.in_process import InProcess
from tests.support.waiting import shows


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


def test_a_repeat_goes_on_where_the_first_request_was_cut_off(here: InProcess) -> None:
    meant = [here.created_and_seen(list="shopping")["id"] for _ in range(3)]
    with refusals("PutItem", "ProvisionedThroughputExceededException", body_contains=meant[1]):
        problem(here.delete(list_path("shopping"), idempotency_key="clear"), 503)
    since = here.created_and_seen(list="shopping")["id"]

    assert here.delete(list_path("shopping"), idempotency_key="clear").status_code == 204

    assert [here.get(f"/todos/{todo}").status_code for todo in (*meant, since)] == [410, 410, 410, 200]


def test_clearing_may_wait_until_the_list_shows_it(client: Client) -> None:
    client.created_and_seen(list="shopping")

    cleared = client.delete(list_path("shopping"), prefer="wait=10")

    assert (cleared.status_code, cleared.headers["Preference-Applied"]) == (204, "wait=10")
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


def write_todos(owner: str, list_name: str, count: int) -> None:
    """So many todos, by the ledger's own transactions as the loader writes them."""
    stated = content.validate({"title": "Buy milk", "list": list_name})
    now, partition = instants.instant_after(None), ids.partition_of(owner)
    streams = [ids.stream_id(partition, str(uuid.uuid4())) for _ in range(count)]
    created = [after(None, stream, decide.Create(stated), at=now, actor=owner) for stream in streams]
    group = [event for event in created if event is not None]
    for begin in range(0, count, ledger.MAX_TRANSACTION_ITEMS):
        assert ledger.append_together(group[begin : begin + ledger.MAX_TRANSACTION_ITEMS]) == {}
