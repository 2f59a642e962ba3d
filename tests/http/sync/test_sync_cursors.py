"""Sync cursors: refused if they are another's or malformed, and 410 once the views no longer have what follows."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.aws import dynamodb
from chalicelib.todos import ids, instants
from chalicelib.views import current, pointer, schema
from chalicelib.views.pointer import Pointer
from chalicelib.views.sync import walk
from tests.support.client import Client, next_path, problem, problem_name
from tests.support.in_process import InProcess
from tests.support.replica import Replica

MINUTE, DAY = 60_000, 24 * 3600 * 1000
GARBLED = ["", "x", "%00", "AAAA", "bnVsbA", "W10", "WzEsMl0", "e30", "%C3%A9", pytest.param("a" * 5000, id="long")]


@pytest.fixture
def synced(here: InProcess) -> Replica:
    """A copy of three todos, at the end of the feed, whose next pages are not held back."""
    for number in range(3):
        here.created_and_seen(str(number))
    replica = Replica(here)
    replica.sync()
    return replica


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets this process's time pass, by milliseconds: the log's entries are that much older."""

    def pass_time(milliseconds: int) -> None:
        clock = SimpleNamespace(time_ns=lambda: time.time_ns() + milliseconds * 1_000_000, monotonic=time.monotonic)
        monkeypatch.setattr(walk, "time", clock)

    return pass_time


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "PATIENCE_SECONDS", 0)


@pytest.mark.parametrize("cursor", GARBLED)
def test_a_garbled_one_is_refused(client: Client, cursor: str) -> None:
    (error,) = problem(client.get(f"/changes?since={cursor}"), 400)["errors"]

    assert error["parameter"] == "since"


def test_another_owners_is_refused(client: Client, client_of: Callable[..., Client], owner: str) -> None:
    cursor = client.get("/changes").json()["cursor"]

    problem(client_of(f"{owner}-2").get(f"/changes?since={cursor}"), 400)
    assert client.get(f"/changes?since={cursor}").status_code == 200


def test_another_routes_is_refused(client: Client) -> None:
    for number in range(2):
        client.created_and_seen(str(number))
    other = next_path(client.get("/todos?limit=1")).partition("cursor=")[2]
    mine = client.get("/changes").json()["cursor"]

    problem(client.get(f"/changes?since={other}"), 400)
    problem(client.get(f"/todos?limit=1&cursor={mine}"), 400)


def test_one_that_was_tampered_with_is_refused(client: Client) -> None:
    cursor = client.get("/changes").json()["cursor"]
    fingerprint, position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))

    for changed in ("", "x", position.replace(",0,", ",1,", 1), "[" * 2000, position + " "):
        text = base64.urlsafe_b64encode(json.dumps([fingerprint, changed]).encode()).decode().rstrip("=")
        problem(client.get(f"/changes?since={text}"), 400)


def test_it_is_fit_for_a_url_and_names_nothing_from_inside(client: Client) -> None:
    cursor = client.get("/changes").json()["cursor"]

    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert b"views" not in base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def test_one_from_before_a_rebuild_is_gone(here: InProcess, synced: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    another = "todo-ledger-local-views-another"
    monkeypatch.setattr(pointer, "pointer", lambda: Pointer(another, (another,)))
    current.forget()

    assert is_gone(here, synced)


def test_one_that_was_last_at_the_end_before_the_log_begins_is_gone(
    here: InProcess, synced: Replica, later: Callable[[int], None]
) -> None:
    """The log's end may have expired with nothing after it: an empty page would hide that."""
    later(89 * DAY + MINUTE)

    assert is_gone(here, synced)


def test_one_that_is_asked_for_now_and_then_stays_good(
    here: InProcess, synced: Replica, later: Callable[[int], None]
) -> None:
    for days in (88, 2 * 88, 3 * 88):
        later(days * DAY)
        assert synced.sync() == []
    here.created_and_seen("new")
    assert [change["title"] for change in synced.sync()] == ["new"]


def test_where_entries_have_expired_it_is_gone(here: InProcess, synced: Replica, later: Callable[[int], None]) -> None:
    revision = newest_revision(here)
    for title in ("expired", "kept"):
        here.created_and_seen(title)
    take_away(here, schema.log_key(revision + 1))
    later(2 * MINUTE)

    assert is_gone(here, synced)


def test_where_a_tombstone_has_expired_it_is_gone(
    here: InProcess, synced: Replica, later: Callable[[int], None]
) -> None:
    gone = next(iter(synced.todos))
    here.seen.delete(f"/todos/{gone}")
    take_away(here, schema.todo_key(gone))
    later(2 * MINUTE)

    assert is_gone(here, synced)


def test_who_starts_over_then_comes_to_an_end(here: InProcess, synced: Replica, later: Callable[[int], None]) -> None:
    for title in ("expired", "kept"):
        here.created_and_seen(title)
    take_away(here, schema.log_key(newest_revision(here) - 1))
    later(2 * MINUTE)
    again = Replica(here, limit=2)

    assert len(again.sync()) == 5
    here.created_and_seen("new")
    assert [change["title"] for change in again.sync()] == ["new"]


def test_what_is_older_than_a_minute_comes_once_in_a_first_sync(
    here: InProcess, synced: Replica, later: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "CHANGES_BEFORE_THE_FIRST", 1)
    assert len(Replica(here, limit=2).sync()) == 5, "the two that were not looked at before come again"
    later(2 * MINUTE)

    assert len(Replica(here, limit=2).sync()) == 3


def test_so_does_who_starts_when_the_whole_log_has_expired(
    here: InProcess, synced: Replica, later: Callable[[int], None]
) -> None:
    for revision in range(1, newest_revision(here) + 1):
        take_away(here, schema.log_key(revision))
    again = Replica(here)
    assert len(again.sync()) == 3
    here.created_and_seen("new")
    # For a minute nobody can tell what has expired from what is not visible yet.
    assert (again.page()["changes"], again.page()["more"]) == ([], True)
    later(2 * MINUTE)
    entry = take_away(here, schema.log_key(newest_revision(here)))
    just_now = instants.format_milliseconds(instants.milliseconds_of(entry["at"]["S"]) + 2 * MINUTE)
    dynamodb.client().put_item(TableName=pointer.pointer().reader, Item=entry | {"at": {"S": just_now}})

    assert [change["title"] for change in again.page()["changes"]] == ["new"]


def test_so_does_who_comes_back_to_it_while_nothing_happens(
    here: InProcess, synced: Replica, later: Callable[[int], None]
) -> None:
    for revision in range(1, newest_revision(here) + 1):
        take_away(here, schema.log_key(revision))
    again = Replica(here)
    again.sync()
    later(2 * MINUTE)
    assert again.sync() == []
    here.created_and_seen("new")

    assert [change["title"] for change in again.sync()] == ["new"]


def test_a_revision_that_is_not_visible_yet_is_waited_for(here: InProcess, synced: Replica) -> None:
    revision = newest_revision(here)
    for title in ("late", "early"):
        here.created_and_seen(title)
    late = take_away(here, schema.log_key(revision + 1))
    assert (synced.page()["changes"], synced.page()["more"]) == ([], True)
    dynamodb.client().put_item(TableName=pointer.pointer().reader, Item=late)

    assert [change["title"] for change in synced.sync()] == ["late", "early"]


@pytest.mark.parametrize("is_new", [True, False])
def test_a_row_that_is_not_visible_yet_is_waited_for_too(here: InProcess, synced: Replica, is_new: bool) -> None:
    todo_id = here.create("late")["id"] if is_new else next(iter(synced.todos))
    before = item(here, schema.todo_key(todo_id))
    here.seen.patch(f"/todos/{todo_id}", {"title": "late"})
    after = take_away(here, schema.todo_key(todo_id))
    if not is_new:
        dynamodb.client().put_item(TableName=pointer.pointer().reader, Item=before)
    here.created_and_seen("early")
    assert (synced.page()["changes"], synced.page()["more"]) == ([], True)
    dynamodb.client().put_item(TableName=pointer.pointer().reader, Item=after)

    assert [change["title"] for change in synced.sync()] == ["late", "early"]


def test_a_first_sync_brings_later_what_was_not_visible_when_it_began(here: InProcess, synced: Replica) -> None:
    todo_id = next(iter(synced.todos))
    before = item(here, schema.todo_key(todo_id))
    here.seen.patch(f"/todos/{todo_id}", {"title": "late"})
    after = item(here, schema.todo_key(todo_id))
    dynamodb.client().put_item(TableName=pointer.pointer().reader, Item=before)
    again = Replica(here)
    assert again.page()["more"]
    assert again.todos[todo_id]["title"] != "late"
    dynamodb.client().put_item(TableName=pointer.pointer().reader, Item=after)

    again.sync()
    assert again.todos[todo_id]["title"] == "late"


def is_gone(here: InProcess, replica: Replica) -> bool:
    document = problem(here.get(f"/changes?since={replica.cursor}"), 410)
    return problem_name(document) == "cursor-expired"


def key_of(here: InProcess, sort_key: str) -> dict[str, Any]:
    return {"owner": {"S": ids.partition_of(here.owner)}, "sk": {"S": sort_key}}


def item(here: InProcess, sort_key: str) -> dict[str, Any]:
    """An item of the views; empty where there is none."""
    answer = dynamodb.client().get_item(
        TableName=pointer.pointer().reader, Key=key_of(here, sort_key), ConsistentRead=True
    )
    found: dict[str, Any] = answer.get("Item", {})
    return found


def take_away(here: InProcess, sort_key: str) -> dict[str, Any]:
    """Remove an item from the views, as its TTL does."""
    found = item(here, sort_key)
    assert found
    dynamodb.client().delete_item(TableName=pointer.pointer().reader, Key=key_of(here, sort_key))
    return found


def newest_revision(here: InProcess) -> int:
    return int(item(here, schema.TALLY_KEY)["revision"]["N"])
