"""A ledger in memory at the service's seam, with another writer and with answers that get lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.commands import execute
from chalicelib.ledger import ledger
from chalicelib.ledger.errors import VersionTaken
from chalicelib.todos import fold, ids, instants
from chalicelib.todos.decide import Command
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Owner, Partition
from tests.support.events import after

OWNER = "me"
TODO_ID = "0197e1f0-0000-7000-8000-000000000001"
STREAM = ids.stream_id(Partition(OWNER), TODO_ID)


@dataclass
class MemoryLedger:
    """
    Attributes
    ----------
    calls : list of str
        The names of the calls made so far.
    before : mapping of str to list of callables
        What happens just before the next call of that name, and then before the one after it.
    lost_answers : int
        So many appends are written without an answer; the retry inside `append` then finds the version taken.
    """

    events: list[Event] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    before: defaultdict[str, list[Callable[[], object]]] = field(default_factory=lambda: defaultdict(list))
    lost_answers: int = 0

    def latest(self, stream: str) -> Event | None:
        self._called("latest", stream)
        return self.events[-1] if self.events else None

    def at_version(self, stream: str, version: int) -> Event | None:
        self._called("at_version", stream)
        return self.events[version - 1] if 1 <= version <= len(self.events) else None

    def version_with_key(self, stream: str, key: str) -> int | None:
        self._called("version_with_key", stream)
        return next((event.version for event in self.events if event.idempotency_key == key), None)

    def append(self, event: Event) -> None:
        self._called("append", event.stream_id)
        assert event.version <= len(self.events) + 1, "nobody writes n + 1 without having read n"
        if event.version <= len(self.events):
            raise VersionTaken
        self.events.append(event)
        if self.lost_answers:
            self.lost_answers -= 1
            raise VersionTaken

    def _called(self, name: str, stream: str) -> None:
        assert stream == STREAM
        if self.before[name]:
            self.before[name].pop(0)()
        self.calls.append(name)

    def another_writes(self, command: Command, *, key: str | None = None, request_hash: str | None = None) -> Event:
        """What another process, which this one knows nothing of, appends meanwhile."""
        before = self.events[-1] if self.events else None
        at = instants.instant_after(before.occurred_at if before else None)
        event = after(before, STREAM, command, at=at, actor="another", idempotency_key=key, request_hash=request_hash)
        assert event is not None
        self.events.append(event)
        return event

    def assert_unbroken(self) -> None:
        """Versions are 1 … n, every state is the fold of what led to it, and time goes on."""
        for event in self.events:
            assert fold.fold(self.events[: event.version]) == event.state
        assert all(one.occurred_at < other.occurred_at for one, other in pairwise(self.events))


def command_request(command: Command, **options: Any) -> execute.CommandRequest:
    """A command request of the caller whose todo this is."""
    return execute.CommandRequest(owner=Owner(OWNER), todo_id=TODO_ID, command=command, actor=OWNER, **options)


def keyed(command: Command, key: str = "k", request_hash: str = "h", **options: Any) -> execute.CommandRequest:
    return command_request(command, idempotency_key=key, request_hash=request_hash, **options)


def given_a_ledger(monkeypatch: pytest.MonkeyPatch, *commands: Command) -> MemoryLedger:
    """A ledger that the service uses, in which another writer has done these commands; nothing is remembered of it."""
    memory = MemoryLedger()
    for name in ("latest", "at_version", "version_with_key", "append"):
        monkeypatch.setattr(ledger, name, getattr(memory, name))
    for command in commands:
        memory.another_writes(command)
    return memory


def remembered(memory: MemoryLedger) -> MemoryLedger:
    """The same, once this process has read it."""
    execute.current(Owner(OWNER), TODO_ID)
    memory.calls.clear()
    return memory
