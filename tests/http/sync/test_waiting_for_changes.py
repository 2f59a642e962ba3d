"""Long polling: `Prefer: wait=N` (RFC 7240) on the sync feed, and how many may wait at once."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.api.cursor_key import cursor_key
from chalicelib.api.resources import changes
from chalicelib.views.sync import feed
from tests.support.client import Client, problem
from tests.support.faults import counted
from tests.support.in_process import InProcess
from tests.support.waiting import eventually


def wait_for_a_change(client: Client, path: str) -> Any:
    """The answer to who waits; who was told that nothing has changed yet waits again."""
    return eventually(lambda: (answer := client.get(path, prefer="wait=20")).json()["changes"] and answer)


def test_who_waits_is_told_of_a_change(client: Client) -> None:
    cursor = client.get("/changes").json()["cursor"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for_a_change, client.another(), f"/changes?since={cursor}")
        created = client.created_and_seen()
        answer = waiting.result()

    assert answer.json()["changes"] == [created]
    assert answer.headers["Preference-Applied"] == "wait=20"


def test_so_is_who_waits_for_the_first_change_of_all(client: Client) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for_a_change, client.another(), "/changes")
        created = client.created_and_seen()

    assert waiting.result().json()["changes"] == [created]


def test_a_wait_ends_with_the_first_look_that_finds_a_change(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = here.get("/changes").json()["cursor"]
    created: list[dict[str, Any]] = []
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        if now > 10 and not created:
            created.append(here.created_and_seen())

    monkeypatch.setattr(feed, "time", SimpleNamespace(time_ns=time.time_ns, monotonic=lambda: now, sleep=sleep))
    answer = here.get(f"/changes?since={cursor}", prefer="wait=20")

    assert answer.json()["changes"] == created
    assert 10 < now < 15


def test_nobody_waits_when_there_are_changes_already(here: InProcess) -> None:
    created = here.created_and_seen()
    cursor_key()

    with counted() as traffic:
        answer = here.get("/changes", prefer="wait=20")

    assert answer.json()["changes"] == [created]
    # The pointer is read for each page; the key that signs the cursor was, once for this process.
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


@pytest.mark.parametrize(("preference", "applied"), [("wait=99", "wait=20"), ("wait=0", None), ("wait=x", None)])
def test_nobody_waits_for_longer_than_twenty_seconds(client: Client, preference: str, applied: str | None) -> None:
    client.created_and_seen()

    assert client.get("/changes", prefer=preference).headers.get("Preference-Applied") == applied


def test_only_a_few_of_a_process_wait_at_once_and_the_others_are_told_when_to_come_again(here: InProcess) -> None:
    cursor = here.get("/changes").json()["cursor"]
    path = f"/changes?since={cursor}"
    with ThreadPoolExecutor(changes.MAX_WAITS) as pool:
        waits = [pool.submit(here.get, path, prefer="wait=20") for _ in range(changes.MAX_WAITS)]
        eventually(lambda: changes._waits._left == 0)
        refused = here.get(path, prefer="wait=20")
        not_waiting = here.get(path)
        created = here.create()
        answers = [wait.result() for wait in waits]

    problem(refused, 429)
    assert refused.headers["Retry-After"].isdigit()
    assert refused.headers["RateLimit-Policy"] == '"waits";q=4;qu="concurrent-requests"'
    assert re.fullmatch(r'"waits";r=0;t=\d+', refused.headers["RateLimit"])
    assert not_waiting.status_code == 200
    assert "RateLimit" not in not_waiting.headers
    assert [answer.json()["changes"] for answer in answers] == [[created]] * changes.MAX_WAITS
    left = {int(re.search(r"r=(\d)", answer.headers["RateLimit"])[1]) for answer in answers}  # type: ignore[index]
    assert left == set(range(changes.MAX_WAITS))


def test_a_wait_that_fails_gives_its_place_back(here: InProcess) -> None:
    cursor = here.get("/changes").json()["cursor"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chalicelib.views.queries.current_table", lambda: "no-such-table")
        for _ in range(changes.MAX_WAITS + 1):
            problem(here.get(f"/changes?since={cursor}", prefer="wait=20"), 410)

    here.created_and_seen()
    assert here.get("/changes", prefer="wait=20").status_code == 200
