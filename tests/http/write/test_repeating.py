"""Repeating todos over HTTP: the answer names the next one, and a wait is for both."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from chalicelib.todos import ids
from tests.support.client import Client
from tests.support.waiting import in_time

DAILY = {"title": "Water", "due": "2026-12-01", "repeat": "FREQ=DAILY"}


def following(answer: Any) -> str:
    """The path of the todo that an answer names as the next occurrence."""
    url, relation = answer.headers["Link"].split(">")
    assert relation == '; rel="next-occurrence"'
    path: str = url[url.index("/todos/") :]
    return path


def titles_and_dates(client: Client) -> list[tuple[str, str]]:
    return [(row["title"], row["due"]) for row in client.rows("/todos?completed=false")]


def waited(client: Client, todo: dict[str, Any], **change: Any) -> Any:
    """The answer to a patch, once it says that the views have what it wrote."""
    key = str(uuid.uuid4())
    return in_time(lambda: client.patch(f"/todos/{todo['id']}", change, idempotency_key=key, prefer="wait=10"))


def test_a_wait_after_a_completion_is_for_both(client: Client) -> None:
    todo = client.create(**DAILY)
    for title in ("Water", "Water the garlic"):
        completed = waited(client, todo, title=title, completed=True)
        assert titles_and_dates(client) == [(title, "2026-12-02")]
        assert client.get(following(completed)).json()["title"] == title
        assert "Link" not in waited(client, todo, completed=False).headers
        assert titles_and_dates(client) == [(title, "2026-12-01")]
        assert client.get(following(completed)).status_code == 410


def test_a_batch_waits_for_both_and_names_the_next_one(client: Client) -> None:
    todo = client.create(**DAILY)
    body = {"commands": [{"op": "patch", "id": todo["id"], "body": {"completed": True}}]}
    answer = in_time(lambda: client.post("/batch", body, idempotency_key="b", prefer="wait=10"))
    (result,) = answer.json()["results"]
    assert result["link"].endswith('; rel="next-occurrence"')
    assert titles_and_dates(client) == [("Water", "2026-12-02")]


@pytest.mark.parametrize("repeat_from", ["due", "completion", "next_future", None])
def test_what_it_repeats_from_is_a_field_like_any_other(client: Client, repeat_from: str | None) -> None:
    todo = client.create(**DAILY, repeat_from=repeat_from)
    assert todo["repeat_from"] == repeat_from
    assert client.patch(f"/todos/{todo['id']}", {"repeat_from": None}).json()["repeat_from"] is None
    refused = client.patch(f"/todos/{todo['id']}", {"repeat_from": "sunrise"})
    assert refused.status_code == 400
    assert [error["pointer"] for error in refused.json()["errors"]] == ["#/repeat_from"]


def test_one_that_is_late_goes_to_the_future(client: Client) -> None:
    late = {**DAILY, "due": "2020-01-01", "repeat_from": "next_future"}
    completed = client.patch(f"/todos/{client.create(**late)['id']}", {"completed": True})
    assert client.get(following(completed)).json()["due"] > completed.json()["completed_at"]


def test_a_time_zone_keeps_the_time_of_day_over_a_change_of_the_clocks(client: Client) -> None:
    todo = client.create(
        title="Water",
        due="2026-10-24T07:00:00Z",
        remind_at="2026-10-24",
        repeat="FREQ=DAILY",
        time_zone="Europe/Berlin",
    )
    assert (todo["due"], todo["time_zone"]) == ("2026-10-24T07:00:00Z", "Europe/Berlin")
    following_one = client.get(following(client.patch(f"/todos/{todo['id']}", {"completed": True}))).json()
    assert following_one["due"] == "2026-10-25T09:00:00+01:00"
    assert (following_one["remind_at"], following_one["time_zone"]) == ("2026-10-25", "Europe/Berlin")


def test_a_skipped_time_comes_back_on_the_day_after(client: Client) -> None:
    todo = client.create(title="Water", due="2026-03-28T02:30:00+01:00", repeat="FREQ=DAILY", time_zone="Europe/Berlin")
    dates = []
    for _ in range(2):
        todo = client.get(following(client.patch(f"/todos/{todo['id']}", {"completed": True}))).json()
        dates.append(todo["due"])
    assert dates == ["2026-03-29T02:30:00+01:00", "2026-03-30T02:30:00+02:00"]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "europe/berlin", "x" * 65, 1])
def test_what_is_no_time_zone_is_refused(client: Client, name: object) -> None:
    refused = client.post("/todos", {"title": "Water", "time_zone": name})
    assert refused.status_code == 400
    assert [error["pointer"] for error in refused.json()["errors"]] == ["#/time_zone"]


def test_a_next_occurrence_is_not_its_own_parent(client: Client) -> None:
    # Its id follows from this one's, so a client can name it before it exists.
    todo_id = str(uuid.uuid4())
    client.put(f"/todos/{todo_id}", {**DAILY, "parent": ids.id_for_next(todo_id)}, if_none_match="*")
    completed = client.patch(f"/todos/{todo_id}", {"completed": True})
    assert client.get(following(completed)).json()["parent"] is None
