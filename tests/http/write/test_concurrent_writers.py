"""Many writers of one todo: no version is given twice, none is left out, and nobody's change is lost."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import pytest

from tests.support.client import Client, problem
from tests.support.waiting import at_once

WRITERS = 20


def assert_unbroken(events: list[dict[str, Any]]) -> None:
    """Versions 1 to n, each later than the one before."""
    assert [event["version"] for event in events] == list(range(1, len(events) + 1))
    instants = [event["occurred_at"] for event in events]
    assert instants == sorted(set(instants))
    assert len({event["event_id"] for event in events}) == len(events)


def test_exactly_one_of_twenty_writers_with_if_match_wins_each_version(client: Client) -> None:
    todo = client.create(metadata={"wins": 0})
    path = f"/todos/{todo['id']}"
    rounds = 4
    writers = [client.another() for _ in range(WRITERS)]

    for version in range(1, rounds + 1):
        known = f'"{version}"'
        answers = at_once(
            [
                # Each round has titles of its own: what changes nothing is answered 200 too.
                partial(writer.patch, path, {"title": f"{version}/{name}"}, if_match=known)
                for name, writer in enumerate(writers)
            ]
        )
        winners = [answer for answer in answers if answer.status_code == 200]
        assert [winner.headers["ETag"] for winner in winners] == [f'"{version + 1}"']
        assert {answer.status_code for answer in answers} == {200, 412}
        assert client.get(path).json() == winners[0].json()
    events = client.events(todo["id"])
    assert_unbroken(events)
    assert len(events) == rounds + 1


def test_writers_that_take_up_what_the_loser_is_told_all_get_through(client: Client) -> None:
    """Each adds its mark to what it was told last; a lost update would lose a mark."""
    todo = client.create(metadata={})
    path = f"/todos/{todo['id']}"

    def write(name: str) -> list[dict[str, Any]]:
        mine, known = client.another(), todo
        refusals: list[dict[str, Any]] = []
        while True:
            content = {"title": known["title"], "metadata": {**known["metadata"], name: True}}
            answer = mine.put(path, content, if_match=f'"{known["version"]}"')
            if answer.status_code == 200:
                return refusals
            document = problem(answer, 412)
            refusals.append({"knew": known["version"], **document})
            known = document["todo"]

    told = at_once([partial(write, str(number)) for number in range(WRITERS)])

    history = client.events(todo["id"])
    assert_unbroken(history)
    assert len(history) == WRITERS + 1
    assert set(client.get(path).json()["metadata"]) == {str(number) for number in range(WRITERS)}
    refusals = [refusal for of_one in told for refusal in of_one]
    assert refusals
    for refusal in refusals:
        since = refusal["events"]
        assert since == history[refusal["knew"] : refusal["knew"] + len(since)]
        assert since[-1]["version"] == refusal["todo"]["version"], "the events end where the todo stands"


def test_twenty_patches_of_different_keys_at_once_all_survive(client: Client) -> None:
    todo = client.create(metadata={"kept": True})
    path = f"/todos/{todo['id']}"
    writers = [client.another() for _ in range(WRITERS)]

    answers = at_once(
        [partial(writer.patch, path, {"metadata": {str(key): key}}) for key, writer in enumerate(writers)]
    )

    assert [answer.status_code for answer in answers] == [200] * WRITERS
    assert {answer.headers["ETag"] for answer in answers} == {f'"{version}"' for version in range(2, WRITERS + 2)}
    assert client.get(path).json()["metadata"] == {"kept": True} | {str(key): key for key in range(WRITERS)}
    assert_unbroken(client.events(todo["id"]))


def test_patches_of_different_fields_at_once_all_survive(client: Client) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"
    changes: dict[str, Any] = {
        "title": "x", "notes": "x", "completed": True, "list": "x", "tags": ["x"], "priority": "low",
        "due": "2026-12-01", "remind_at": "2026-12-01", "order": 1, "repeat": "FREQ=DAILY", "parent": str(uuid.uuid4()),
        "source": "x", "metadata": {"x": 1}, "repeat_from": "completion", "time_zone": "Europe/Berlin",
    }  # fmt: skip

    at_once([partial(client.another().patch, path, {name: changes[name]}) for name in changes])

    now = client.get(path).json()
    assert {name: now[name] for name in changes} == changes
    assert_unbroken(client.events(todo["id"]))


@pytest.mark.parametrize("method", ["put", "delete", "restore"])
def test_one_of_many_that_do_the_same_does_it(client: Client, method: str) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"
    if method != "delete":
        client.delete(path)
    deeds = {
        "put": lambda: client.another().put(path, {"title": "x"}, if_none_match="*").status_code,
        "delete": lambda: client.another().delete(path).status_code,
        "restore": lambda: client.another().post(f"{path}/restore").status_code,
    }
    before = len(client.events(todo["id"]))

    statuses = at_once([deeds[method]] * 8)

    expected = {"put": [201] + [412] * 7, "delete": [204] + [410] * 7, "restore": [200] * 8}
    assert sorted(statuses) == expected[method]
    assert len(client.events(todo["id"])) == before + 1
