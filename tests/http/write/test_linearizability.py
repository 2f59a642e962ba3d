"""Clients at once on few todos, with every verb, preconditions, lost answers and repeats: all they saw is linearizable.

`make race` runs longer: ``--race-operations`` is how many operations each client does, ``--race-seed`` which.
"""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest
import requests

from chalicelib.todos import ids
from chalicelib.todos.ids import Owner
from tests.support.client import Client
from tests.support.linearizability import UNSET, Attempt, violations
from tests.support.thorough import many
from tests.support.waiting import PATIENCE_SECONDS, at_once

CLIENTS: Final = 8
TODOS: Final = 20
# Of each client.
OPERATIONS: Final = 100
# Of connecting and of the answer: the request is sent whole, and nobody stays for the answer.
HANG_UP_SECONDS: Final = (PATIENCE_SECONDS, 1e-6)
OPS: Final = ("create", "put", "patch", "delete", "restore", "revert")


class Racer:
    """One client with its own connection, knowledge and luck, who writes down what it saw."""

    def __init__(self, client: Client, todo_ids: list[str], post_keys: dict[str, str], seed: str) -> None:
        self.client = client
        self.todo_ids = todo_ids
        self.post_keys = post_keys
        self.random = random.Random(seed)
        self.name = seed
        self.count = 0
        self.known: dict[str, int] = {}
        # The versions at which a todo was seen alive, for there are some to go back to.
        self.alive: dict[str, list[int]] = defaultdict(list)
        self.seen: dict[str, list[Attempt]] = defaultdict(list)

    def race(self, operations: int) -> None:
        for _ in range(operations):
            self.count += 1
            act = self.random.choices(
                [self.write, self.read, self.read_version, self.batch, self.post], weights=[60, 20, 5, 10, 5]
            )[0]
            act()

    def write(self) -> None:
        command = self._command(self.random.choice(self.todo_ids), f"{self.name}/{self.count}")
        self._try(lambda: [self._sent(command)], command["key"] is not None)

    def batch(self) -> None:
        """Commands on few todos, some of them on the same; keyed by the request, or not at all."""
        name = f"{self.name}/{self.count}"
        todo_ids = self.random.choices(self.random.sample(self.todo_ids, 3), k=self.random.randint(2, 6))
        commands = [self._command(todo_id, f"{name}/{position}") for position, todo_id in enumerate(todo_ids)]
        key = name if self.random.random() < 0.7 else None
        for command in commands:
            command["key"] = None
        self._try(lambda: self._batched(commands, key), key is not None)

    def post(self) -> None:
        """Several clients post the same under the same key: together they create one todo."""
        todo_id = self.random.choice(list(self.post_keys))
        body, key = {"title": self.post_keys[todo_id]}, self.post_keys[todo_id]

        def posted() -> list[tuple[str, Attempt]]:
            ask = lambda: self.client.post("/todos", body, idempotency_key=key)  # noqa: E731
            return [(todo_id, self._noted(ask, {"command": key, "verb": "create", "body": body, "keyed": True}))]

        self._try(posted, is_keyed=True)

    def read(self) -> None:
        todo_id = self.random.choice(self.todo_ids)
        path, known = f"/todos/{todo_id}", self.known.get(todo_id)
        tag = f'"{known}"' if known and self.random.random() < 0.3 else None
        method = self.random.choice(["GET", "GET", "HEAD"])
        ask = lambda: self.client.request(method, path, if_none_match=tag)  # noqa: E731
        self._note(todo_id, self._noted(ask, {"command": f"{self.name}/{self.count}", "verb": "read"}))

    def read_version(self) -> None:
        todo_id = self.random.choice(self.todo_ids)
        version = max(1, self.known.get(todo_id, 1) + self.random.choice([-2, -1, 0, 0, 1]))
        ask = lambda: self.client.get(f"/todos/{todo_id}?version={version}")  # noqa: E731
        about = {"command": f"{self.name}/{self.count}", "verb": "read_version", "asked": version}
        self._note(todo_id, self._noted(ask, about))

    def _command(self, todo_id: str, name: str) -> dict[str, Any]:
        known = self.known.get(todo_id, 0)
        verb = self.random.choices(OPS, weights=[20, 20, 40, 10, 10, 10])[0]
        if verb == "revert" and not self.alive[todo_id]:
            verb = "create"
        content: dict[str, Any] = {"title": name, "priority": self.random.choice(["low", "high", "none"])}
        mark = str(self.random.randint(1, 4))
        bodies: dict[str, Any] = {
            "create": {**content, "metadata": {mark: name}},
            "put": {**content, "metadata": {mark: name}},
            # Small enough a choice that some change nothing.
            "patch": self.random.choice(
                [
                    {"metadata": {mark: name}},
                    {"metadata": {mark: None}},
                    {"notes": name},
                    {"completed": True},
                    {"title": name, "completed": False},
                ]
            ),
            "revert": {"to_version": self.random.choice(self.alive[todo_id] or [1])},
        }
        versions: int | str | None = None
        if verb != "create":
            versions = self.random.choice([None, known, known, max(known - 1, 1)]) or None
        if verb == "put" and versions is None:
            versions = "*"
        return {
            "op": verb,
            "id": todo_id,
            "body": bodies.get(verb),
            "if_match": versions if versions in (None, "*") else f'"{versions}"',
            "key": name if self.random.random() < 0.5 else None,
            "about": {
                "command": name,
                "verb": verb,
                "body": bodies.get(verb),
                "accepts": frozenset({versions}) if isinstance(versions, int) else None,
                "asked": bodies["revert"]["to_version"] if verb == "revert" else None,
            },
        }

    def _try(self, send: Callable[[], list[tuple[str, Attempt]]], is_keyed: bool) -> None:
        """Send it; once in a while lose the answer, and then mostly send it again where that is safe."""
        is_lost = self.random.random() < 0.2
        for todo_id, attempt in self._losing(send) if is_lost else send():
            self._note(todo_id, attempt)
        if is_keyed and self.random.random() < (0.8 if is_lost else 0.1):
            for todo_id, attempt in send():
                self._note(todo_id, attempt)

    def _losing(self, send: Callable[[], list[tuple[str, Attempt]]]) -> list[tuple[str, Attempt]]:
        """Hang up before the answer comes: the request goes on behind the client's back."""
        patience = self.client.patience
        self.client.patience = HANG_UP_SECONDS
        try:
            return send()
        finally:
            self.client.patience = patience

    def _sent(self, command: dict[str, Any]) -> tuple[str, Attempt]:
        path = f"/todos/{command['id']}"
        headers = {"if_match": command["if_match"], "idempotency_key": command["key"]}
        body = command["body"]
        asks: dict[str, Callable[[], Any]] = {
            "create": lambda: self.client.put(path, body, if_none_match="*", **headers),
            "put": lambda: self.client.put(path, body, **headers),
            "patch": lambda: self.client.patch(path, body, **headers),
            "delete": lambda: self.client.delete(path, **headers),
            "restore": lambda: self.client.post(f"{path}/restore", **headers),
            "revert": lambda: self.client.post(f"{path}/revert", body, **headers),
        }
        about = {**command["about"], "keyed": command["key"] is not None}
        return command["id"], self._noted(asks[command["op"]], about)

    def _batched(self, commands: list[dict[str, Any]], key: str | None) -> list[tuple[str, Attempt]]:
        sent = [{name: value for name, value in command.items() if name != "about"} for command in commands]
        began = time.monotonic()
        try:
            answer = self.client.post("/batch", {"commands": sent}, idempotency_key=key)
        except requests.RequestException:
            results = [None] * len(commands)
        else:
            assert answer.status_code == 200, answer.text
            results = answer.json()["results"]
        ended = time.monotonic()
        batch = f"{self.name}/{began}"
        attempts = []
        for position, (command, result) in enumerate(zip(commands, results, strict=True)):
            about = {**command["about"], "keyed": key is not None, "began": began, "place": (batch, position)}
            if result is None or result["status"] >= 500:
                attempt = Attempt(**about)
            else:
                todo = result.get("todo") or result.get("problem", {}).get("todo")
                attempt = _answered(about, ended, result["status"], result.get("etag"), todo)
            attempts.append((command["id"], attempt))
        return attempts

    def _noted(self, ask: Callable[[], Any], about: dict[str, Any]) -> Attempt:
        about = {**about, "began": time.monotonic()}
        try:
            answer = ask()
        except requests.RequestException:
            return Attempt(**about)
        ended = time.monotonic()
        if answer.status_code >= 500:
            return Attempt(**about)
        document = answer.json() if answer.text else {}
        todo = document if answer.status_code in (200, 201) and document else document.get("todo")
        return _answered(about, ended, answer.status_code, answer.headers.get("ETag"), todo)

    def _note(self, todo_id: str, attempt: Attempt) -> None:
        self.seen[todo_id].append(attempt)
        if attempt.version is not None:
            self.known[todo_id] = attempt.version
            if attempt.todo is not None and attempt.status != 410:
                self.alive[todo_id].append(attempt.version)


def _answered(
    about: dict[str, Any], ended: float, status: int, etag: str | None, todo: dict[str, Any] | None
) -> Attempt:
    return Attempt(**about, ended=ended, status=status, version=int(etag.strip('"')) if etag else None, todo=todo)


def test_what_many_clients_saw_of_a_few_todos_is_linearizable(
    client: Client, owner: str, pytestconfig: pytest.Config
) -> None:
    operations = pytestconfig.getoption("--race-operations") or many(OPERATIONS)
    seed = pytestconfig.getoption("--race-seed")
    post_keys = {ids.id_for_key(Owner(owner), f"post-{number}"): f"post-{number}" for number in range(TODOS // 4)}
    todo_ids = [*post_keys, *(str(uuid.uuid4()) for _ in range(TODOS - len(post_keys)))]
    racers = [Racer(client.another(), todo_ids, post_keys, f"{seed}-{number}") for number in range(CLIENTS)]

    at_once([partial(racer.race, operations) for racer in racers])

    found: list[str] = []
    outcomes: Counter[tuple[str, int | None]] = Counter()
    for todo_id in todo_ids:
        attempts = [attempt for racer in racers for attempt in racer.seen[todo_id]]
        outcomes.update((attempt.verb, attempt.status) for attempt in attempts)
        events = client.events(todo_id) if client.get(f"/todos/{todo_id}").status_code != 404 else []
        found += [f"{todo_id}: {violation}" for violation in violations(attempts, events)]
    assert found == []
    # And it was a race: every verb succeeded, and was refused, and some answers were lost.
    statuses = {status for _, status in outcomes}
    assert {200, 201, 204, 404, 410, 412, None} <= statuses, outcomes
    assert {verb for verb, status in outcomes if status in (200, 201, 204)} == {*OPS, "read", "read_version"}


def test_the_checker_knows_every_field_of_a_todo(client: Client) -> None:
    from_the_ledger = {"id", "version", "url", "created_at", "updated_at", "completed_at"}
    assert client.create().keys() == UNSET.keys() | from_the_ledger
