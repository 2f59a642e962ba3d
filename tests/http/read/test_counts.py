"""The counts are exact: of all, and of each list, whatever happens to the todos."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.support.client import Client
from tests.support.waiting import at_once, shows


def test_each_kind_of_change_moves_what_it_should(client: Client) -> None:
    todo = client.created_and_seen(list="a")
    client.created_and_seen(list="a", completed=True)
    path = f"/todos/{todo['id']}"
    steps: list[tuple[Callable[[], Any], dict[str, tuple[int, int, int]]]] = [
        (lambda: None, {"a": (2, 1, 1)}),
        (lambda: client.seen.patch(path, {"completed": True}), {"a": (2, 0, 2)}),
        (lambda: client.seen.patch(path, {"title": "x"}), {"a": (2, 0, 2)}),
        (lambda: client.seen.patch(path, {"list": "b"}), {"a": (1, 0, 1), "b": (1, 0, 1)}),
        (
            lambda: client.seen.patch(path, {"list": "c", "completed": False}),
            {"a": (1, 0, 1), "c": (1, 1, 0)},
        ),
        (lambda: client.seen.delete(path), {"a": (1, 0, 1)}),
        (lambda: client.seen.post(f"{path}/restore"), {"a": (1, 0, 1), "c": (1, 1, 0)}),
        (lambda: client.seen.post(f"{path}/revert", {"to_version": 1}), {"a": (2, 1, 1)}),
    ]

    for change, expected in steps:
        change()
        assert client.lists() == expected
        assert tuple(client.stats().values()) == totals(expected)


def test_an_owner_without_todos_counts_nothing(client: Client) -> None:
    assert client.stats() == {"total": 0, "open": 0, "completed": 0}
    assert client.lists() == {}


def test_after_many_changes_at_once_the_counts_are_those_of_the_todos(client: Client) -> None:
    todos = [client.create(list="a") for _ in range(8)]

    def work(seed: int) -> None:
        mine, chance = client.another(), random.Random(seed)
        for _ in range(12):
            path = f"/todos/{chance.choice(todos)['id']}"
            change = chance.randrange(4)
            if change == 0:
                mine.delete(path)
            elif change == 1:
                mine.post(f"{path}/restore")
            else:
                mine.patch(path, {"list": chance.choice("abc"), "completed": chance.random() < 0.5})

    at_once([partial(work, seed) for seed in range(6)])

    truth = [answer.json() for todo in todos if (answer := client.get(f"/todos/{todo['id']}")).status_code == 200]
    shows(client.lists, recount(truth))
    shows(lambda: tuple(client.stats().values()), totals(recount(truth)))
    shows(lambda: {todo["id"]: todo for todo in client.rows("/todos")}, {todo["id"]: todo for todo in truth})


def recount(todos: list[dict[str, Any]]) -> dict[str, tuple[int, int, int]]:
    """The counts of each list, from the todos themselves."""
    total = Counter(todo["list"] for todo in todos)
    completed = Counter(todo["list"] for todo in todos if todo["completed"])
    return {name: (total[name], total[name] - completed[name], completed[name]) for name in total}


def totals(lists: dict[str, tuple[int, int, int]]) -> tuple[int, ...]:
    return tuple(sum(counts) for counts in zip(*lists.values(), strict=True)) or (0, 0, 0)
