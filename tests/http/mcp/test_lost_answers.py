"""Thousands of calls of which every fifth loses its answer and is made again under a new id, as assistants do.

By default 200; 10,000 with `--thorough 50`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalicelib.aws import memory
from chalicelib.todos import ids
from chalicelib.todos.ids import Owner
from stack.operate import audit
from tests.support.assistant import Assistant, Posting, in_process
from tests.support.client import Client
from tests.support.thorough import many
from tests.support.waiting import eventually

CALLS = 200
LOST = 0.2
OPTIONAL = ("notes", "due", "remind_at", "tags", "order")


class Lost(Exception):
    """The answer did not arrive; what was asked for is done."""


@dataclass
class Session:
    """An assistant, and the todos as they must be: by id, each with its version and what it has."""

    chance: random.Random
    post: Posting
    todos: dict[str, dict[str, Any]] = field(default_factory=dict)
    repeated: int = 0
    lost: int = 0

    def __post_init__(self) -> None:
        self.assistant = Assistant(self.unreliable)

    def unreliable(self, body: bytes, headers: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        answer = self.post(body, headers)
        if self.chance.random() < LOST:
            self.lost += 1
            raise Lost
        return answer

    def call(self, tool: str, **arguments: Any) -> list[dict[str, Any]]:
        """The results of a call, made until an answer arrives."""
        while True:
            try:
                rows: list[dict[str, Any]] = self.assistant.done(tool, **arguments)["results"]
            except Lost:
                # The next one may come to another process.
                memory.forget() if self.chance.random() < 0.05 else None
                continue
            return rows

    def add(self, number: int) -> None:
        todos = [self.content(f"errand {number}.{part}") for part in range(self.chance.randint(1, 3))]
        for row, todo in zip(self.call("add", todos=todos), todos, strict=True):
            assert row["id"] not in self.todos, "each text is another"
            assert row["version"] == 1
            self.repeated += row["status"] == "repeated"
            self.todos[row["id"]] = {"version": 1, "deleted": False, "completed": False, **todo}

    def content(self, title: str) -> dict[str, Any]:
        some: dict[str, Any] = {
            "notes": "n" * 20, "due": "2030-01-01", "remind_at": "2029-12-31", "tags": ["a", "b"], "order": 7,
        }  # fmt: skip
        return {"title": title, **{name: some[name] for name in OPTIONAL if self.chance.random() < 0.7}}

    def write(self, number: int) -> None:
        """Change, complete, delete or restore one todo, at the version that was read or without one."""
        todo_id = self.chance.choice(sorted(self.todos))
        todo = self.todos[todo_id]
        named: dict[str, Any] = {"id": todo_id}
        if self.chance.random() < 0.7:
            named["if_version"] = todo["version"]
        effect: dict[str, Any]
        if todo["deleted"]:
            tool, effect = "restore", {"deleted": False}
        else:
            tool, effect = self.chance.choice(
                [*[("change", {})] * 4, ("complete", {"completed": True}), ("delete", {"deleted": True})]
            )
        arguments: dict[str, Any] = {}
        if tool == "complete" and todo["completed"]:
            arguments, effect = {"completed": False}, {"completed": False}
        if tool == "change":
            effect = {"title": f"{todo['title']}'{number}"} if self.chance.random() < 0.5 else {"notes": f"n{number}"}
            cleared = [name for name in OPTIONAL if name not in effect and self.chance.random() < 0.1]
            # What a model sends for what it does not mean.
            nulls = {name: None for name in OPTIONAL if name not in effect and self.chance.random() < 0.3}
            named |= {**effect, **nulls} | ({"clear": cleared} if cleared else {})
            effect |= dict.fromkeys(cleared)
        (row,) = self.call(tool, todos=[named], **arguments)
        # What was deleted already is answered without its version.
        assert row.get("version", todo["version"] + 1) == todo["version"] + 1, f"{tool} {named}: done once"
        todo |= {**effect, "version": todo["version"] + 1}


def test_nothing_is_doubled_and_nothing_emptied_that_nobody_named(
    environment: None, owner: str, client: Client, client_of: Callable[..., Client]
) -> None:
    session = Session(random.Random(1), in_process(owner, actor="agent", client="claude"))
    for number in range(many(CALLS)):
        if number < 5 or session.chance.random() < 0.25:
            session.add(number)
        else:
            session.write(number)

    assert session.lost > many(CALLS) / 10
    assert session.repeated > 0
    for todo_id, todo in session.todos.items():
        found = client.get(f"/todos/{todo_id}")
        if todo["deleted"]:
            assert found.status_code == 410
            continue
        answered = found.json()
        expected = {name: todo.get(name) for name in ("title", "completed", "version", *OPTIONAL)}
        assert {name: answered[name] for name in expected} == expected, todo_id
    alive = sum(not todo["deleted"] for todo in session.todos.values())
    eventually(lambda: client.stats()["total"] == alive)
    # Other tests leave other owners, for whose views the audit must not wait.
    found = audit.audit_views(patience=0).findings.differences
    assert [each for each in found if each.subject.split("#")[0] == ids.partition_of(Owner(owner))] == []
