"""Clients of the service: they draw commands, send them again after errors, and check what they are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.commands import execute
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos import ids
from chalicelib.todos.content import InvalidContent
from chalicelib.todos.decide import (
    NOTHING_CHANGED,
    Command,
    Create,
    Delete,
    IfMatch,
    Patch,
    Refusal,
    Remind,
    Replace,
    Restore,
    Revert,
    decide,
)
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, Event
from chalicelib.todos.ids import Owner
from tests.simulation.scheduler import Crash
from tests.simulation.world import Memory, World

OWNERS = ("alice", "b%ob/#")
TODOS = tuple(f"0197e1f0-0000-7000-8000-{number:012d}" for number in range(4))
LISTS = ("inbox", "home", "a/b#c é")
REMINDERS = ("2026-12-01T09:00:00Z", "2026-12-02T10:00:00+01:00")
MOST_TRIES = 5
TRANSIENT = (LedgerUnavailable, execute.TooContended)


class WrongAnswer(AssertionError):
    """A client was told what is not so."""


def _after(todo_id: str) -> list[str]:
    """The first two that follow a todo if it repeats."""
    following = ids.id_for_next(todo_id)
    return [following, ids.id_for_next(following)]


@dataclass(slots=True)
class Sent:
    """A command as some client sends it, perhaps more than once and perhaps beside another."""

    request: execute.CommandRequest
    answered: str | None = None


class Customers:
    """All clients of one schedule, who know each other's commands well enough to send them again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._draw = world.draw
        self._sent: list[Sent] = []
        self._number = 0
        self.acknowledged: dict[str, Event] = {}
        # A todo of its own for each schedule's POST requests would leave nothing to race for.
        self._owners = OWNERS[: self._draw.randint(1, 2)]
        self._todos = TODOS[: self._draw.randint(1, len(TODOS))]
        self._following = [following for todo in self._todos for following in _after(todo)]
        self._keyed = self._draw.choice((0.3, 0.7, 1.0))

    def work(self, commands: int) -> None:
        """One client, and the warm process that serves it."""
        memory = Memory()
        done = 0
        while done < commands:
            done += 1
            try:
                self._world.scheduler.pause()
                self._send(self._choose(), memory)
            except Crash:
                memory.forget()

    def check_the_end(self) -> None:
        """No acknowledged write is lost."""
        for event in self.acknowledged.values():
            found = self._event(event.stream_id, event.version)
            if found is None or found.event_id != event.event_id:
                raise WrongAnswer(f"lost: {event}")

    def _choose(self) -> Sent:
        if self._sent and self._draw.random() < 0.15:
            # A repeat from anywhere, long after or at this moment.
            return self._draw.choice(self._sent)
        sent = Sent(self._request())
        if sent.request.idempotency_key is not None:
            self._sent.append(sent)
        return sent

    def _request(self) -> execute.CommandRequest:
        draw = self._draw
        owner = draw.choice(self._owners)
        todo_id = self._choose_todo(Owner(owner))
        stream = ids.stream_id(ids.partition_of(Owner(owner)), todo_id)
        key = None
        if draw.random() < self._keyed:
            self._number += 1
            # Now and then a key is used again for something else.
            key = f"key {self._number if draw.random() < 0.95 else draw.randint(1, self._number)}"
        command = self._command(stream)
        if_match = None
        if not isinstance(command, Create) and draw.random() < 0.25:
            version = self._version(stream)
            if_match = IfMatch(frozenset({max(1, version - draw.randrange(2))}) if draw.random() < 0.9 else None)
        asked = execute.request_hash(type(command).__name__, todo_id, repr(command)) if key else None
        return execute.CommandRequest(
            Owner(owner), todo_id, command, actor="client", if_match=if_match, idempotency_key=key, request_hash=asked
        )

    def _choose_todo(self, owner: Owner) -> str:
        """One of the clients' own todos, or of those that follow them by now: nobody creates one under such an id."""
        partition = ids.partition_of(owner)
        following = [each for each in self._following if self._version(ids.stream_id(partition, each))]
        return self._draw.choice(following if following and self._draw.random() < 0.3 else self._todos)

    def _command(self, stream: str) -> Command:
        kind = self._draw.random()
        if kind < 0.25:
            return Create(self._content())
        if kind < 0.35:
            return Replace(self._content())
        if kind < 0.65:
            return Patch(self._fields() or {"notes": str(self._draw.randrange(5))})
        if kind < 0.75:
            return Patch({"completed": self._draw.random() < 0.5})
        if kind < 0.78:
            return Remind(self._draw.choice(REMINDERS))
        if kind < 0.83 and (version := self._version(stream)):
            then = self._event(stream, self._draw.randint(1, version))
            assert then is not None
            if not then.state["deleted"]:
                return Revert(then.state)
        return Delete() if kind < 0.92 else Restore()

    def _content(self) -> dict[str, Any]:
        return {name: DEFAULTS[name] for name in CONTENT_FIELDS} | {"title": "Todo"} | self._fields()

    def _fields(self) -> dict[str, Any]:
        draw = self._draw
        drawn = {
            "completed": draw.random() < 0.5,
            "list": draw.choice(LISTS),
            "order": draw.randrange(-3, 3),
            "due": f"2026-12-0{draw.randint(1, 9)}",
            "remind_at": draw.choice(REMINDERS),
            "repeat": "FREQ=DAILY;COUNT=3",
        }
        return {name: value for name, value in drawn.items() if draw.random() < 0.35}

    def _send(self, sent: Sent, memory: Memory) -> None:
        request = sent.request
        for _ in range(self._draw.randint(1, MOST_TRIES)):
            done_before = self._done(request)
            version_before = self._version(request.stream)
            try:
                event, appended = execute.execute(request)
            except Crash:
                memory.forget()
            except TRANSIENT:
                pass
            except execute.KeyReused:
                if self._done(request) is not None or not self._with_key(request):
                    raise WrongAnswer(f"refused as reused: {request}") from None
                return
            except (Refusal, InvalidContent) as refusal:
                self._check_refusal(request, refusal, done_before, version_before)
                return
            else:
                self._check_outcome(sent, event, appended, done_before, version_before)
                return
            if request.idempotency_key is None:
                # Nobody can know whether it happened: to send it again might do it twice.
                return

    def _check_outcome(
        self, sent: Sent, event: Event, appended: bool, done_before: Event | None, version_before: int
    ) -> None:
        request = sent.request
        self.acknowledged[event.event_id] = event
        standing = self._event(request.stream, event.version)
        if standing != event:
            raise WrongAnswer(f"answered {event} where {standing} stands")
        if done_before is not None and done_before.event_id != event.event_id:
            raise WrongAnswer(f"{request} was done as {done_before} and is answered {event}")
        if request.idempotency_key is not None:
            if sent.answered not in (None, event.event_id) or event.idempotency_key != request.idempotency_key:
                raise WrongAnswer(f"a repeat of {request} is answered {event}")
            sent.answered = event.event_id
        if appended:
            self._check_append(request, event, version_before)
        elif request.idempotency_key is None and event.version < version_before:
            raise WrongAnswer(f"{request} is said to change nothing, by an old state")

    def _check_append(self, request: execute.CommandRequest, event: Event, version_before: int) -> None:
        """It was decided on the very state that it follows, and on none from before the request."""
        before = self._event(request.stream, event.version - 1)
        decided = decide(request.command, before.state if before else None, event.version - 1, request.if_match)
        decided = decided or NOTHING_CHANGED
        # What the event does to the next occurrence is told by its own audit.
        stated, change = ({**each, "next": None} for each in (decided.change, event.change))
        if event.version <= version_before or (decided.type, stated) != (event.type, change):
            raise WrongAnswer(f"{request} made {event} of {before}")

    def _check_refusal(
        self, request: execute.CommandRequest, refusal: Exception, done_before: Event | None, version_before: int
    ) -> None:
        """It is what some version says that was the newest while the request was under way."""
        if done_before is not None:
            raise WrongAnswer(f"{request} was done as {done_before} and is refused: {refusal!r}")
        for version in range(version_before, self._version(request.stream) + 1):
            event = self._event(request.stream, version)
            try:
                decide(request.command, event.state if event else None, version, request.if_match)
            except type(refusal):
                return
            except (Refusal, InvalidContent):
                continue
        raise WrongAnswer(f"{request} was refused without a reason: {refusal!r}")

    def _done(self, request: execute.CommandRequest) -> Event | None:
        if request.idempotency_key is None:
            return None
        return next((event for event in self._with_key(request) if event.request_hash == request.request_hash), None)

    def _with_key(self, request: execute.CommandRequest) -> list[Event]:
        return [
            event for event in self._world.events(request.stream) if event.idempotency_key == request.idempotency_key
        ]

    def _version(self, stream: str) -> int:
        return len(self._world.event_items(stream))

    def _event(self, stream: str, version: int) -> Event | None:
        items = self._world.event_items(stream)
        return self._world.event(items[version - 1]) if 1 <= version <= len(items) else None
