"""Copies that follow by `/changes` end as the service is, whatever two devices of an owner did at the same time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import pytest

from tests.http.batch.commands import new_id
from tests.support.client import Client
from tests.support.replica import Replica
from tests.support.waiting import at_once, shows

LISTS: Final = ("a", "b", "c/d", "é %")
OPERATIONS_EACH: Final = 20


class Device:
    """A client that does what chance says to todos and lists that it shares with another."""

    def __init__(self, client: Client, name: str, todo_ids: list[str]) -> None:
        self.client = client
        self.todo_ids = todo_ids
        # What was sent to lists under a key, to be sent again.
        self.keyed: list[Callable[[], Any]] = []
        self._chance = random.Random(name)
        self._name = name
        self._count = 0

    def act(self) -> None:
        """One operation."""
        deeds = {
            self.create: 4, self.complete: 6, self.reopen: 4, self.edit: 4, self.revert: 3, self.delete: 2,
            self.restore: 2, self.clear: 1, self.rename: 1, self.repeat: 2, self.batch: 2, self.name_list: 1,
        }  # fmt: skip
        (deed,) = self._chance.choices(list(deeds), list(deeds.values()))
        deed()

    def create(self) -> None:
        created = self._sent(self.client.post("/todos", self._content()))
        self.todo_ids.append(created.json()["id"])

    def complete(self) -> None:
        self._patch({"completed": True})

    def reopen(self) -> None:
        self._patch({"completed": False})

    def edit(self) -> None:
        self._patch({"title": self._new_name(), "list": self._list(), "due": self._due()})

    def revert(self) -> None:
        self._sent(self.client.post(f"{self._path()}/revert", {"to_version": self._chance.randint(1, 3)}))

    def delete(self) -> None:
        self._sent(self.client.delete(self._path()))

    def restore(self) -> None:
        self._sent(self.client.post(f"{self._path()}/restore"))

    def clear(self) -> None:
        name, key = self._list(), self._new_name()
        self._keep(lambda: self.client.delete(f"/lists/{_quoted(name)}/todos", idempotency_key=key))

    def rename(self) -> None:
        name, to, key = self._list(), self._list(), self._new_name()
        self._keep(lambda: self.client.post(f"/lists/{_quoted(name)}/rename", {"to": to}, idempotency_key=key))

    def repeat(self) -> None:
        if self.keyed:
            self._sent(self._chance.choice(self.keyed)())

    def batch(self) -> None:
        of_its_own = new_id()
        commands: list[dict[str, Any]] = [
            {"op": "create", "id": of_its_own, "body": self._content()},
            {"op": "patch", "id": of_its_own, "body": {"completed": True}},
            {"op": "patch", "id": self._todo_id(), "body": {"completed": self._chance.random() < 0.5}},
            {"op": "patch", "id": self._todo_id(), "body": {"list": self._list()}},
            {"op": "delete", "id": self._todo_id()},
            {"op": "restore", "id": self._todo_id()},
        ]
        done = self._sent(self.client.post("/batch", {"commands": commands}, idempotency_key=self._new_name()))
        results = done.json()["results"]
        assert all(result["status"] < 500 for result in results), results
        self.todo_ids.append(of_its_own)
        self.todo_ids.extend(_next_of(result["link"]) for result in results if "link" in result)

    def name_list(self) -> None:
        method = self._chance.choice(["PUT", "DELETE"])
        self._sent(self.client.request(method, f"/lists/{_quoted(self._list())}"))

    def _patch(self, change: dict[str, Any]) -> None:
        answer = self._sent(self.client.patch(self._path(), change))
        if "next-occurrence" in answer.headers.get("Link", ""):
            self.todo_ids.append(_next_of(answer.headers["Link"]))

    def _keep(self, send: Callable[[], Any]) -> None:
        self._sent(send())
        self.keyed.append(send)

    @staticmethod
    def _sent(answer: Any) -> Any:
        # A device that is late is refused what the other has made impossible.
        assert answer.status_code < 300 or answer.status_code in {400, 404, 409, 410}, answer.text
        return answer

    def _content(self) -> dict[str, Any]:
        repeat = self._chance.choice([None, "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=DAILY;COUNT=2"])
        return {"title": self._new_name(), "list": self._list(), "due": self._due(), "repeat": repeat}

    def _new_name(self) -> str:
        self._count += 1
        return f"{self._name}-{self._count}"

    def _due(self) -> str:
        return f"2027-03-{self._chance.randint(1, 28):02}"

    def _list(self) -> str:
        return self._chance.choice(LISTS)

    def _todo_id(self) -> str:
        return self._chance.choice(self.todo_ids)

    def _path(self) -> str:
        return f"/todos/{self._todo_id()}"


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _next_of(link: str) -> str:
    """The id in `<…/todos/{id}>; rel="next-occurrence"`."""
    return link.partition(">")[0].rpartition("/")[2]


def by_id(todos: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {todo["id"]: todo for todo in todos}


def live_todos(client: Client, todo_ids: list[str]) -> dict[str, dict[str, Any]]:
    """The todos that are not deleted, by id, each as the ledger has it."""
    answers = [client.get(f"/todos/{todo_id}") for todo_id in dict.fromkeys(todo_ids)]
    assert {answer.status_code for answer in answers} <= {200, 410}
    return by_id([answer.json() for answer in answers if answer.status_code == 200])


def counts(todos: dict[str, dict[str, Any]]) -> dict[str, tuple[int, int, int]]:
    """The (total, open, completed) of each list, of the whole by the name of "*"."""
    total = Counter(name for todo in todos.values() for name in (todo["list"], "*"))
    done = Counter(name for todo in todos.values() if todo["completed"] for name in (todo["list"], "*"))
    return {name: (total[name], total[name] - done[name], done[name]) for name in total}


def counts_of_service(client: Client) -> dict[str, tuple[int, int, int]]:
    """What `/lists` and `/stats` say, without the names that are only kept."""
    stats = client.stats()
    everything = {**client.lists(), "*": (stats["total"], stats["open"], stats["completed"])}
    return {name: numbers for name, numbers in everything.items() if numbers[0]}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_copy_from_the_start_and_a_late_one_end_as_the_service(client: Client, seed: int) -> None:
    todo_ids = [client.create("first", list=name, due="2027-03-01", repeat="FREQ=DAILY")["id"] for name in LISTS]
    devices = [Device(client.another(), f"{seed}-{name}", todo_ids) for name in ("one", "other")]
    early, late = Replica(client.another(), limit=3), Replica(client.another(), limit=7)

    work_while_following(devices, [early])
    work_while_following(devices, [early, late])

    live = live_todos(client, todo_ids)
    assert live
    shows(lambda: counts_of_service(client), counts(live))
    for repeat in (send for device in devices for send in device.keyed):
        assert repeat().status_code < 300
    assert live_todos(client, todo_ids) == live, "a repeat did something"
    shows(lambda: by_id(client.rows("/todos?limit=200")), live)
    for replica in (early, late):
        shows(lambda replica=replica: (replica.sync(), replica.todos)[1], live)  # type: ignore[misc]


def work_while_following(devices: list[Device], replicas: list[Replica]) -> None:
    """Both devices work at the same time, and each copy asks for page after page until they have finished."""
    finished: list[Device] = []

    def work(device: Device) -> None:
        try:
            for _ in range(OPERATIONS_EACH):
                device.act()
        finally:
            finished.append(device)

    def follow(replica: Replica) -> None:
        while len(finished) < len(devices):
            replica.page()

    at_once([*(partial(work, device) for device in devices), *(partial(follow, replica) for replica in replicas)])
