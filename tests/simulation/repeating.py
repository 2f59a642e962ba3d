"""A schedule of repeating todos and of those that follow them: completed, reopened, reverted, edited, deleted."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from chalicelib.ledger import codec
from chalicelib.todos import earlier_ids, fold, ids, instants
from chalicelib.todos.decide import Command, Create, Delete, Patch, Remind, Replace, Restore, Revert
from chalicelib.todos.events import COMPLETED, CONTENT_FIELDS, CREATED, DEFAULTS, EDITED, REOPENED, Event
from chalicelib.todos.ids import Owner
from tests.simulation import audit
from tests.simulation.customers import REMINDERS, TODOS, Customers, WrongAnswer
from tests.simulation.seams import EVENTS, Seat
from tests.simulation.series import breaches
from tests.simulation.world import World

OWNER: Final = Owner("b%ob/#")
DUES: Final = ("2026-12-01", "2026-12-02", "2026-12-04T09:00:00+01:00", "2026-12-09")
RULES: Final = ("FREQ=DAILY", "FREQ=DAILY;COUNT=3", "FREQ=WEEKLY")
MOST_COMMANDS: Final = 10
# So many todos in a row that follow each other are drawn for commands.
DEPTH: Final = 4
# Who wrote what was there before the clients came.
BEFORE: Final = "before"
# What a load says of a todo from elsewhere.
FROM_ELSEWHERE: Final = {"created_at": "2019-05-04T10:00:00.000Z"}
DAY: Final = 24 * 60 * 60 * 1000


class RepeatingCustomers(Customers):
    """Clients of one or two todos that repeat, and of whatever follows them."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._owners = (OWNER,)
        self._todos = TODOS[: self._draw.choice((1, 1, 2))]
        self._partition = ids.partition_of(OWNER)
        for todo_id in self._todos:
            self._begin(todo_id)

    def _begin(self, todo_id: str) -> None:
        """A todo that repeats, some with a history from before a todo knew of its next occurrence."""
        content = self._content()
        history = self._draw.choice((0, 0, 0, 1, 2, 3))
        self._append(todo_id, CREATED, {**content, **(FROM_ELSEWHERE if history % 2 else {})})
        if history >= 1:
            self._append(todo_id, EDITED, {"title": "Before"})
        if history >= 2:
            self._complete_as_before(todo_id, {"completed_at": FROM_ELSEWHERE["created_at"]} if history == 3 else {})
        if history >= 3:
            self._append(todo_id, REOPENED, {"completed": False})
            self._append(todo_id, EDITED, {"due": "2026-12-03"})

    def _complete_as_before(self, todo_id: str, times: dict[str, Any]) -> None:
        completion = self._append(todo_id, COMPLETED, {"completed": True, **times})
        following = earlier_ids.id_of_next(self._partition, todo_id, completion.state, earlier_ids.Steps())
        assert following is not None
        content = {"title": "Before", "due": "2026-12-03", "repeat": "FREQ=DAILY"}
        self._append(following, CREATED, {**content, "completed": False}, cause=completion)
        self._following.append(following)

    def _append(self, todo_id: str, kind: str, change: dict[str, Any], cause: Event | None = None) -> Event:
        stream = ids.stream_id(self._partition, todo_id)
        version = self._version(stream)
        before = self._event(stream, version)
        at = instants.instant_after(before.occurred_at if before else None)
        change = {name: value for name, value in change.items() if before is not None or value != DEFAULTS[name]}
        event = Event(
            stream, version + 1, f"{stream}/{version}", kind, change,
            fold.evolve(before.state if before else None, kind, change, at), fold.STATE_SCHEMA, BEFORE, at,
            causation_id=cause.event_id if cause else None,
        )  # fmt: skip
        self._world.engine.put_item({"TableName": EVENTS, "Item": codec.encode(event)})
        return event

    def _choose_todo(self, owner: Owner) -> str:
        following = list(self._following)
        for each in (*self._todos, *self._following):
            for _ in range(DEPTH):
                each = ids.id_for_next(each)
                following.append(each)
        existing = [each for each in following if self._version(ids.stream_id(self._partition, each))]
        return self._draw.choice(existing if existing and self._draw.random() < 0.45 else self._todos)

    def _command(self, stream: str) -> Command:
        draw = self._draw
        kind = draw.random()
        if kind < 0.32:
            return Patch({"completed": True} | (self._fields() if draw.random() < 0.15 else {}))
        if kind < 0.54:
            return Patch({"completed": False} | (self._fields() if draw.random() < 0.1 else {}))
        if kind < 0.68:
            return Patch(self._fields())
        if kind < 0.76:
            then = self._event(stream, draw.randint(1, max(1, self._version(stream))))
            if then is not None and not then.state["deleted"]:
                return Revert(then.state)
        if kind < 0.8:
            return Replace(self._content() | {"completed": draw.random() < 0.5})
        if kind < 0.83:
            return Create(self._content() | {"completed": draw.random() < 0.5})
        if kind < 0.86:
            return Remind(draw.choice(REMINDERS))
        return Delete() if kind < 0.94 else Restore()

    def _content(self) -> dict[str, Any]:
        chosen = {"due": self._draw.choice((None, *DUES)), "repeat": self._draw.choice(RULES)}
        return {name: DEFAULTS[name] for name in CONTENT_FIELDS} | {"title": "Todo"} | chosen

    def _fields(self) -> dict[str, Any]:
        draw = self._draw
        drawn = {
            "title": draw.choice(("Todo", "Another")),
            "due": draw.choice(DUES),
            "remind_at": draw.choice(REMINDERS),
            "repeat": draw.choice((*RULES, None)),
            "repeat_from": draw.choice(("due", "completion", "next_future")),
        }
        return {name: value for name, value in drawn.items() if draw.random() < 0.3}


class RepeatingSchedule:
    """Clients at once on a few repeating todos, with failures; then rest, and the audit.

    Attributes
    ----------
    accepted : int
        How many breaches were found that are accepted (`series.Breach.is_accepted`).
    """

    def __init__(self, seed: int, seat: Seat) -> None:
        self.world = World(seed, seat)
        self._draw = self.world.draw
        self._customers = RepeatingCustomers(self.world)
        self.accepted = 0

    def run(self) -> list[str]:
        """What is wrong in the end, or the one wrong answer that a client got before."""
        try:
            for number in range(self._draw.choice((1, 2, 2, 3))):
                if number:
                    self.world.scheduler.finish_aftermath()
                    self.world.scheduler.now += self._draw.randrange(20) * DAY
                for client in range(self._draw.randint(1, 3)):
                    work = partial(self._customers.work, self._draw.randint(1, MOST_COMMANDS))
                    self.world.spawn(f"client {client}", work)
                self.world.scheduler.run()
            self.world.faults.active = False
            self.world.scheduler.finish_aftermath()
            self._customers.check_the_end()
        except WrongAnswer as wrong:
            return [f"answer: {wrong}"]
        return self._differences()

    def _differences(self) -> list[str]:
        commits = self.world.commits()
        self.accepted = sum(breach.is_accepted for breach in breaches(commits))
        found = [f"streams: {line}" for line in audit.streams(self.world.all_events())]
        return found + [f"series: {line}" for line in audit.series(commits)]
