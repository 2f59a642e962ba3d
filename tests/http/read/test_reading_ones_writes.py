"""Prefer: wait (RFC 7240): the answer comes when the views have the write."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.api import waits
from chalicelib.aws import retry, settings_table
from chalicelib.todos.ids import Partition
from chalicelib.views import queries
from tests.support.client import Client, list_path
from tests.support.faults import refusals
from tests.support.in_process import InProcess
from tests.support.waiting import in_time


def test_a_write_that_waited_is_in_list_counts_and_stats(client: Client) -> None:
    todo = {"title": "x", "due": "2026-12-01"}
    created = in_time(lambda: client.post(list_path("now"), todo, idempotency_key="k", prefer="wait=10"))

    assert created.headers["Preference-Applied"] == "wait=10"
    assert client.rows("/todos") == client.rows(list_path("now")) == client.rows("/todos?sort=due") == [created.json()]
    assert client.lists() == {"now": (1, 1, 0)}
    assert client.stats() == {"total": 1, "open": 1, "completed": 0}


def test_every_write_may_wait(client: Client) -> None:
    path = f"/todos/{uuid.uuid4()}"
    steps: list[tuple[Callable[..., Any], tuple[int, int, int]]] = [
        (partial(client.put, path, {"title": "x"}, if_none_match="*"), (1, 1, 0)),
        (partial(client.put, path, {"title": "x", "completed": True}, if_match="*"), (1, 0, 1)),
        (partial(client.patch, path, {"completed": False}), (1, 1, 0)),
        (partial(client.delete, path), (0, 0, 0)),
        (partial(client.post, f"{path}/restore"), (1, 1, 0)),
        (partial(client.post, f"{path}/revert", {"to_version": 2}), (1, 0, 1)),
    ]

    for number, (write, expected) in enumerate(steps):
        waited = in_time(partial(write, idempotency_key=str(number), prefer="wait=10"))
        assert waited.headers["Preference-Applied"] == "wait=10"
        assert tuple(client.stats().values()) == expected


def test_a_write_that_changed_nothing_need_not_wait(client: Client) -> None:
    todo = client.created_and_seen()

    unchanged = in_time(lambda: client.patch(f"/todos/{todo['id']}", {"title": "Buy milk"}, prefer="wait=10"))

    assert (unchanged.headers["ETag"], unchanged.headers["Preference-Applied"]) == ('"1"', "wait=10")


@pytest.mark.parametrize(
    ("preference", "applied"),
    [
        ("wait=99", "wait=10"),
        ("respond-async, wait=5", "wait=5"),
        ('WAIT="5"', "wait=5"),
        ("wait=5; a=b", "wait=5"),
        ("wait=0", None),
        ("wait=soon", None),
        ("wait", None),
        ("return=minimal", None),
    ],
)
def test_only_a_preference_to_wait_is_applied_and_ten_seconds_at_most(
    client: Client, preference: str, applied: str | None
) -> None:
    create = partial(client.post, "/todos", {"title": "x"}, idempotency_key="k", prefer=preference)
    created = create() if applied is None else in_time(create)

    assert created.status_code == 201
    assert created.headers.get("Preference-Applied") == applied


def test_when_the_time_runs_out_the_write_stands_and_the_answer_does_not_say_applied(
    here: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_the_views_lag(monkeypatch)

    created = here.post("/todos", {"title": "x"}, prefer="wait=1")

    assert created.status_code == 201
    assert "Preference-Applied" not in created.headers
    assert here.get(f"/todos/{created.json()['id']}").status_code == 200


@pytest.mark.parametrize("places", [0, 1])
def test_while_the_views_lag_a_write_waits_only_with_a_place(
    here: InProcess, monkeypatch: pytest.MonkeyPatch, places: int
) -> None:
    let_the_views_lag(monkeypatch)
    stage = Partition(f"#waits-{uuid.uuid4()}")
    monkeypatch.setattr(waits, "STAGE", stage)
    monkeypatch.setenv("WAITS_AT_ONCE", str(places))
    now = 0.0
    taken = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        taken.append(any("held" in item for item in settings_table.beginning_with(stage, "waits#")))

    monkeypatch.setattr(queries, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=sleep))
    created = here.post("/todos", {"title": "x"}, prefer="wait=10")

    assert created.status_code == 201
    assert "Preference-Applied" not in created.headers
    # It takes its place only after a second, in which the views usually follow.
    assert not taken[0]
    assert any(taken) == (places == 1)
    assert now == pytest.approx(10 if places else 1)
    assert not any("held" in item for item in settings_table.beginning_with(stage, "waits#"))


@pytest.mark.usefixtures("impatient")
def test_when_the_views_do_not_answer_the_write_stands_all_the_same(here: InProcess) -> None:
    with refusals("BatchGetItem", "ThrottlingException", times=10) as refused:
        created = here.post("/todos", {"title": "x"}, prefer="wait=1")

    assert refused
    assert created.status_code == 201, created.text
    assert "Preference-Applied" not in created.headers


def let_the_views_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every todo that is asked for, the views are one version behind, for ever."""
    monkeypatch.setattr(
        "chalicelib.views.queries._rows",
        lambda _, wanted: {key["sk"]["S"]: {"version": {"N": "0"}} for key in wanted},
    )
