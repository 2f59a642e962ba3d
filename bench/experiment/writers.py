"""Mixed commands of several owners, executed by the service's own code at a steady rate."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from chalicelib.commands import execute
from chalicelib.todos import ids
from chalicelib.todos.decide import Command, Create, Delete, Patch, Restore
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS
from chalicelib.todos.ids import Owner

OWNERS: Final = tuple(f"owner/{number}" for number in range(12))
LISTS: Final = ("inbox", "home", "garden", "work/2026")
WRITERS: Final = 4
EVENTS_A_SECOND: Final = 80

_EMPTY: Final = {name: DEFAULTS[name] for name in CONTENT_FIELDS}


def write(events: int, seed: int, progress: Callable[[int], None] = lambda _: None) -> None:
    """Append this many events. A seed determines the commands, but not their ids or the order between writers."""
    shares = [events // WRITERS + (number < events % WRITERS) for number in range(WRITERS)]
    appended = _Counter(progress)
    with ThreadPoolExecutor(WRITERS, thread_name_prefix="writer") as pool:
        writing = [
            pool.submit(_Writer(seed * WRITERS + number, appended).write, share) for number, share in enumerate(shares)
        ]
        for each in writing:
            each.result()


class _Counter:
    def __init__(self, progress: Callable[[int], None]) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._progress = progress

    def add(self) -> None:
        with self._lock:
            self._count += 1
            self._progress(self._count)


class _Writer:
    """Changes todos of its own, whose owners all writers share."""

    def __init__(self, seed: int, appended: _Counter) -> None:
        self._random = random.Random(seed)
        self._appended = appended
        self._live: list[tuple[str, str]] = []
        self._deleted: list[tuple[str, str]] = []

    def write(self, events: int) -> None:
        started = time.monotonic()
        for number in range(events):
            time.sleep(max(0.0, started + number * WRITERS / EVENTS_A_SECOND - time.monotonic()))
            while not self._command():
                pass
            self._appended.add()

    def _command(self) -> bool:
        """Execute one command; False if it made no event."""
        chance = self._random.random()
        if chance < 0.3 or not self._live:
            todo = (self._random.choice(OWNERS), ids.new_uuid())
            self._live.append(todo)
            return self._execute(todo, Create(_EMPTY | {"title": "Water the plants", "list": self._list()}))
        if chance < 0.35 and self._deleted:
            todo = self._taken(self._deleted)
            self._live.append(todo)
            return self._execute(todo, Restore())
        if chance < 0.45:
            todo = self._taken(self._live)
            self._deleted.append(todo)
            return self._execute(todo, Delete())
        # Most commands change a todo that was changed a moment ago, so that a batch has several versions of one todo.
        recent = self._live[-30:] if chance < 0.8 else self._live
        return self._execute(self._random.choice(recent), Patch(self._change()))

    def _change(self) -> dict[str, Any]:
        return self._random.choice(
            [
                {"title": f"Water the plants {self._random.randrange(10**6)}"},
                {"list": self._list()},
                {"completed": self._random.random() < 0.7},
                {"order": self._random.randrange(1000)},
                {"due": f"2030-01-{self._random.randint(1, 31):02}"},
            ]
        )

    def _list(self) -> str:
        return self._random.choice(LISTS)

    def _taken(self, todos: list[tuple[str, str]]) -> tuple[str, str]:
        return todos.pop(self._random.randrange(len(todos)))

    def _execute(self, todo: tuple[str, str], command: Command) -> bool:
        owner, todo_id = todo
        request = execute.CommandRequest(
            owner=Owner(owner), todo_id=todo_id, command=command, actor=owner, is_new=isinstance(command, Create)
        )
        _, appended = execute.execute(request)
        return appended
