"""Long polling: `Prefer: wait=N` (RFC 7240) on `/changes`, and how many clients may wait at once."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.api import waits
from chalicelib.api.cursor_key import cursor_key
from chalicelib.api.problems import Problem
from chalicelib.aws import retry, settings_table
from chalicelib.todos import ids
from chalicelib.todos.ids import Owner, Partition
from chalicelib.views.errors import PositionExpired
from chalicelib.views.sync import walk
from tests.support.client import Client, problem
from tests.support.faults import counted, lost_answers, without_pauses
from tests.support.in_process import InProcess
from tests.support.waiting import eventually


def wait_for_a_change(client: Client, path: str) -> Any:
    """The answer to a wait; after an answer without changes it waits again."""
    return eventually(lambda: (answer := client.get(path, prefer="wait=10")).json()["changes"] and answer)


def test_who_waits_is_told_of_a_change(client: Client) -> None:
    cursor = client.get("/changes").json()["cursor"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for_a_change, client.another(), f"/changes?since={cursor}")
        created = client.created_and_seen()
        answer = waiting.result()

    assert answer.json()["changes"] == [created]
    assert answer.headers["Preference-Applied"] == "wait=10"


def test_a_wait_for_the_very_first_change_is_answered_too(client: Client) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for_a_change, client.another(), "/changes")
        created = client.created_and_seen()

    assert waiting.result().json()["changes"] == [created]


def test_a_wait_ends_with_the_first_look_that_finds_a_change(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = here.get("/changes").json()["cursor"]
    created: list[dict[str, Any]] = []
    now = 0.0
    is_creating = False

    def sleep(seconds: float) -> None:
        nonlocal now, is_creating
        if is_creating:
            # The write waits for the views.
            time.sleep(seconds)
            return
        now += seconds
        if now > 5 and not created:
            is_creating = True
            created.append(here.created_and_seen())
            is_creating = False

    monkeypatch.setattr(walk, "time", SimpleNamespace(time_ns=time.time_ns, monotonic=lambda: now))
    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=sleep))
    answer = here.get(f"/changes?since={cursor}", prefer="wait=10")

    assert answer.json()["changes"] == created
    assert 5 < now < 8


def test_nobody_waits_when_there_are_changes_already(here: InProcess) -> None:
    created = here.created_and_seen()
    cursor_key()

    with counted() as traffic:
        answer = here.get("/changes", prefer="wait=10")

    assert answer.json()["changes"] == [created]
    # A sync that begins reads the pointer anew; the key that signs the cursor was read, once for this process.
    assert traffic.requests["GetItem"] == 1


def test_when_the_time_is_up_the_page_is_empty_and_its_cursor_good(client: Client) -> None:
    client.created_and_seen()
    cursor = client.get("/changes").json()["cursor"]
    answer = client.get(f"/changes?since={cursor}", prefer="wait=1")
    page = answer.json()

    assert (page["changes"], page["more"]) == ([], False)
    assert answer.headers["Preference-Applied"] == "wait=1"
    assert answer.elapsed.total_seconds() >= 1
    created = client.created_and_seen("next")
    assert client.get(f"/changes?since={page['cursor']}").json()["changes"] == [created]


@pytest.mark.parametrize(("preference", "applied"), [("wait=99", "wait=10"), ("wait=0", None), ("wait=x", None)])
def test_nobody_waits_for_longer_than_ten_seconds(client: Client, preference: str, applied: str | None) -> None:
    client.created_and_seen()

    assert client.get("/changes", prefer=preference).headers.get("Preference-Applied") == applied


def test_only_a_few_requests_of_an_owner_wait_at_once_and_the_others_are_told_when_to_come_again(
    here: InProcess,
) -> None:
    cursor = here.get("/changes").json()["cursor"]
    path = f"/changes?since={cursor}"
    with ThreadPoolExecutor(waits.MAX_WAITS) as pool:
        waiting = [pool.submit(here.get, path, prefer="wait=10") for _ in range(waits.MAX_WAITS)]
        eventually(lambda: places(here.owner) == waits.MAX_WAITS)
        refused = here.get(path, prefer="wait=10")
        not_waiting = here.get(path)
        created = here.create()
        answers = [wait.result() for wait in waiting]

    problem(refused, 429)
    assert refused.headers["Retry-After"].isdigit()
    assert refused.headers["RateLimit-Policy"] == '"waits";q=4;qu="concurrent-requests"'
    assert re.fullmatch(r'"waits";r=0;t=\d+', refused.headers["RateLimit"])
    assert not_waiting.status_code == 200
    assert "RateLimit" not in not_waiting.headers
    assert [answer.json()["changes"] for answer in answers] == [[created]] * waits.MAX_WAITS
    left = {int(re.search(r"r=(\d)", answer.headers["RateLimit"])[1]) for answer in answers}  # type: ignore[index]
    assert left == set(range(waits.MAX_WAITS))
    assert places(here.owner) == 0


def test_the_bound_holds_for_all_processes_together_and_for_each_owner_alone(
    here: InProcess, client: Client, client_of: Callable[..., Client]
) -> None:
    cursor = client.get("/changes").json()["cursor"]
    with ExitStack() as waiting_here:
        for _ in range(waits.MAX_WAITS):
            waiting_here.enter_context(waits.one_more(here.owner, 10))
        refused = client.get(f"/changes?since={cursor}", prefer="wait=1")
        assert client_of(f"{here.owner}-2").get("/changes", prefer="wait=1").status_code == 200
    assert problem(refused, 429)["detail"].startswith("As many requests of this owner are waiting as may")
    assert client.get(f"/changes?since={cursor}", prefer="wait=1").status_code == 200


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Partition:
    """A stage of the test's own, as far as waiting is concerned, in which two requests may wait at once."""
    mine = Partition(f"#waits-{uuid.uuid4()}")
    monkeypatch.setattr(waits, "STAGE", mine)
    monkeypatch.setenv("WAITS_AT_ONCE", "2")
    return mine


def test_requests_of_all_owners_together_wait_only_as_far_as_the_stage_can_bear(
    here: InProcess, stage: Partition
) -> None:
    cursor = here.get("/changes").json()["cursor"]
    with ExitStack() as waiting:
        for number in range(2):
            waiting.enter_context(waits.one_more(Owner(f"{here.owner}-{number}"), 10))
        assert taken(stage) == 2
        refused = here.get(f"/changes?since={cursor}", prefer="wait=10")
        not_waiting = here.get(f"/changes?since={cursor}")
        # It has none of its owner's places either.
        assert places(here.owner) == 0

    assert problem(refused, 429)["detail"].startswith("As many requests are waiting as may")
    assert refused.headers["Retry-After"].isdigit()
    # These are the owner's limits, and not the reason.
    assert "RateLimit" not in refused.headers
    assert not_waiting.status_code == 200
    assert taken(stage) == 0
    with waits.one_more(here.owner, 10):
        assert taken(stage) == 1


@pytest.mark.parametrize(("at_once", "of_an_owner"), [(1, 1), (2, 1), (3, 1), (6, 3), (100, 4)])
def test_no_owner_takes_all_places_of_a_small_stage(
    monkeypatch: pytest.MonkeyPatch, at_once: int, of_an_owner: int
) -> None:
    monkeypatch.setenv("WAITS_AT_ONCE", str(at_once))
    assert waits.waits_of_an_owner() == of_an_owner
    assert waits.limit_headers(0)["RateLimit-Policy"] == f'"waits";q={of_an_owner};qu="concurrent-requests"'


def test_many_who_come_at_once_get_no_more_places_than_there_are(here: InProcess, stage: Partition) -> None:
    leave = threading.Event()

    def wait(number: int) -> bool:
        try:
            with waits.one_more(Owner(f"{here.owner}-{number}"), 10):
                leave.wait()
                return True
        except Problem:
            return False

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(wait, number) for number in range(8)]
        eventually(lambda: sum(one.done() for one in waiting) == 6)
        assert taken(stage) == 2
        leave.set()
    assert sum(one.result() for one in waiting) == 2
    assert taken(stage) == 0


@pytest.mark.parametrize("at_once", [waits.MAX_WAITS, 2 * waits.MAX_WAITS])
def test_a_process_that_ends_while_it_waits_keeps_its_places_for_a_while_only(
    here: InProcess, stage: Partition, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    now = 1_000_000_000.0
    monkeypatch.setattr(waits, "time", SimpleNamespace(time=lambda: now))
    monkeypatch.setenv("WAITS_AT_ONCE", str(at_once))
    owners = [here.owner] * waits.MAX_WAITS
    if at_once == waits.MAX_WAITS:
        owners = [here.owner, Owner(f"{here.owner}-1")] * (waits.MAX_WAITS // 2)
    abandoned = [waits.one_more(owner, 10) for owner in owners]
    for each in abandoned:
        each.__enter__()
    # The stage is full in the one case, the owner in both.
    other = Owner(f"{here.owner}-2") if at_once == waits.MAX_WAITS else here.owner
    with pytest.raises(Problem):
        waits.one_more(other, 10).__enter__()
    now += 10 + waits.MARGIN_SECONDS
    with waits.one_more(other, 10) as left:
        assert left == waits.waits_of_an_owner() - 1
    for each in abandoned:
        each.__exit__(None, None, None)


@pytest.mark.parametrize("is_the_owners", [True, False])
def test_a_place_is_taken_once_although_the_answer_to_that_is_lost(
    here: InProcess, stage: Partition, monkeypatch: pytest.MonkeyPatch, is_the_owners: bool
) -> None:
    without_pauses(monkeypatch)
    # Of these there is no other one to take.
    monkeypatch.setattr(waits, "MAX_WAITS", 1)
    monkeypatch.setenv("WAITS_AT_ONCE", "1")
    partition = ids.partition_of(here.owner) if is_the_owners else stage
    with lost_answers("UpdateItem", 1, body_contains=f'"{partition}"') as lost, waits.one_more(here.owner, 10) as left:
        assert lost["UpdateItem"] == 1
        assert left == 0
        assert (places(here.owner), taken(stage)) == (1, 1)
    assert (places(here.owner), taken(stage)) == (0, 0)


def test_who_gives_a_place_back_late_does_not_take_it_from_another(
    here: InProcess, stage: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000_000.0
    monkeypatch.setattr(waits, "time", SimpleNamespace(time=lambda: now))
    late = waits.one_more(here.owner, 10)
    late.__enter__()
    now += 10 + waits.MARGIN_SECONDS
    with waits.one_more(here.owner, 10):
        late.__exit__(None, None, None)
        assert (places(here.owner), taken(stage)) == (1, 1)


def test_only_a_request_that_waits_pays_for_its_place(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    here.created_and_seen()
    with counted() as without:
        cursor = here.get("/changes").json()["cursor"]
    with counted() as at_once:
        here.get("/changes", prefer="wait=10")
    # The first of them may have had to look up which views table is in use.
    assert at_once.requests <= without.requests
    assert at_once.write_units == 0

    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(walk, "time", SimpleNamespace(time_ns=time.time_ns, monotonic=lambda: now))
    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=sleep))
    with counted() as waited:
        here.get(f"/changes?since={cursor}", prefer="wait=1")
    # A place of the owner and one of the stage, taken and given back.
    assert (waited.requests["UpdateItem"], waited.write_units) == (4, 4)


def test_a_wait_that_fails_gives_its_place_back(here: InProcess) -> None:
    cursor = here.get("/changes").json()["cursor"]
    looks = 0

    def fail_later(*_: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks % 2 == 0:
            assert places(here.owner) == 1
            raise PositionExpired("gone")
        return real(*_)

    real = walk.page
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "page", fail_later)
        for _ in range(waits.MAX_WAITS + 1):
            problem(here.get(f"/changes?since={cursor}", prefer="wait=10"), 410)

    assert places(here.owner) == 0


def places(owner: Owner) -> int:
    """How many requests of an owner wait."""
    return taken(ids.partition_of(owner))


def taken(partition: Partition) -> int:
    """How many places of a partition are taken."""
    return sum("held" in item for item in settings_table.beginning_with(partition, "waits#"))
