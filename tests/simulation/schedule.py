"""One schedule: clients, projectors and readers at once, failures, outages and expiry; then rest, and the audit."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import stack.operate.catchup
import stack.operate.redrive
import stack.operate.republish
from chalicelib.aws.errors import AWSError
from chalicelib.todos import ids
from chalicelib.triggers import publish, remind, remind_page
from chalicelib.views import schema
from chalicelib.views.errors import ProjectionIncomplete, ViewsUnavailable
from tests.simulation import audit
from tests.simulation.customers import OWNERS, Customers, WrongAnswer
from tests.simulation.delivery import Delivery, Handler
from tests.simulation.list_customers import ListCustomers
from tests.simulation.reader import Reader
from tests.simulation.rebuilding import Rebuilding
from tests.simulation.scheduler import Crash
from tests.simulation.seams import QUARANTINE, REMIND, Seat
from tests.simulation.undo_customers import OperatingCustomers, UndoCustomers
from tests.simulation.workers import Workers
from tests.simulation.world import Sweeper, World

MINUTES = 60 * 1000
DAYS = 24 * 60 * MINUTES
MOST_COMMANDS = 12
# Enough for a rebuild to come to its end while calls fail.
INVOCATIONS_OF_A_REBUILD = 100
# What not every schedule has, and how many have it.
SOMETIMES = {"rebuild": 0.1, "remind": 0.1, "publish": 0.1}
# Lists that are cleared and renamed are drawn apart: a schedule without them is the one that it was. Operations that
# are undone have schedules of their own.
LISTS = "lists"
UNDOS = "undos"
DRAWN_APART = {LISTS: 0.15}
# Failures at calls that are seldom made, in schedules of their own, too.
SELDOM = "seldom"
# What lies between two phases: a break, a stream that has forgotten, the log expired, the tombstones too.
PAUSES = (2 * MINUTES, 2 * DAYS, 95 * DAYS, 105 * DAYS)
# What each part of the audit is called; "tally" is the owner's alone, for a recipe that keeps nothing else.
EVERYTHING = frozenset(
    {"streams", "rows", "tallies", "log", "feed", "rebuild", "reminders", "published", "series", "memory"}
)


class Schedule:
    """
    Parameters
    ----------
    seed : int
        Decides everything.
    seat : Seat
        As `seams.installed` gives it.
    handler, reader : callable, optional
        Instead of `project` and of the feed's reader: what a mutant puts in their place.
    checks : frozenset of str
        Which parts of the audit count; a recipe that keeps only tallies is audited for those alone.
    always : frozenset of str
        Which of what only some schedules have (`SOMETIMES`, `DRAWN_APART`, `UNDOS`, `SELDOM`) this one has.
    """

    def __init__(
        self,
        seed: int,
        seat: Seat,
        *,
        handler: Callable[[World], Handler] | None = None,
        reader: type[Reader] = Reader,
        checks: frozenset[str] = EVERYTHING,
        always: frozenset[str] = frozenset(),
    ) -> None:
        self.world = World(seed, seat, fails_at_seldom_calls=SELDOM in always)
        self._draw = self.world.draw
        self._checks = checks
        apart = {name for name, share in DRAWN_APART.items() if random.Random(f"{name} {seed}").random() < share}
        apart = apart | always if handler is None else set()
        self._customers = (OperatingCustomers if UNDOS in apart else Customers)(self.world)
        self._delivery = Delivery(self.world, handler(self.world) if handler else None, breaks_records=handler is None)
        self._is_ours = handler is None
        owners = OWNERS if "feed" in checks else ()
        self._readers = [reader(ids.partition_of(owner), self.world.scheduler.pause) for owner in owners]
        drawn = {name for name, how_many in SOMETIMES.items() if self._draw.random() < how_many} | always
        drawn = drawn if self._is_ours else set()
        self._rebuilding = Rebuilding(self.world) if "rebuild" in drawn and reader.knows_generations else None
        self._publishing = Delivery(self.world, publish.handle) if "publish" in drawn else None
        self._reminders = Workers(self.world, REMIND, remind_page.handle) if "remind" in drawn else None
        self._lists = ListCustomers(self.world) if LISTS in apart else None
        self._undos = UndoCustomers(self.world) if UNDOS in apart else None
        self._rebuilds_under_failures = SELDOM in always
        self._busy = self._clients_left = 0
        self._has_forgotten = False
        self._wrong_with_the_rebuild: list[str] = []
        self._last_minute = 0

    def run(self) -> list[str]:
        """The differences that the audit finds at the end, or the one wrong answer that a client got before."""
        try:
            for number in range(self._draw.choice((1, 1, 2, 2, 3))):
                if number:
                    self._pass_time(self._draw.choice(PAUSES))
                self._phase()
            if self._rebuilds_under_failures and self._rebuilding is not None:
                self._spawn("rebuild", partial(self._rebuilding.work, "the last but one", INVOCATIONS_OF_A_REBUILD))
                self.world.scheduler.run()
            self._come_to_rest()
            self._customers.check_the_end()
            if self._lists is not None:
                self._lists.check_the_end()
            if self._undos is not None:
                self._undos.check_the_end()
        except WrongAnswer as wrong:
            return [str(wrong)]
        return self._differences()

    @property
    def _streams(self) -> list[Delivery]:
        """The stream's readers."""
        return [self._delivery] + ([self._publishing] if self._publishing is not None else [])

    def _phase(self) -> None:
        """Everybody at once, until the clients have sent their commands."""
        self._spawn_clients()
        self._clients_left = self._busy
        for number in range(self._draw.randint(1, 3)):
            invocations = self._draw.randint(3, 10)
            self._spawn(f"projector {number}", partial(self._delivery.work, invocations, self._is_written))
        if self._is_ours and self._draw.random() < 0.2:
            self._spawn("catchup", self._catch_up)
        if self._rebuilding is not None:
            for number in range(self._draw.randint(1, 2)):
                work = partial(self._rebuilding.work, f"run {number}", self._draw.randint(1, 12))
                self._spawn(f"rebuild {number}", work)
        if self._publishing is not None:
            for number in range(self._draw.randint(1, 2)):
                self._spawn(f"publisher {number}", partial(self._publishing.work, 8, self._is_written))
        if self._reminders is not None:
            for number in range(2):
                self._spawn(f"clock {number}", self._remind)
                self.world.spawn(f"worker {number}", partial(self._reminders.work, self._is_quiet))
        self._spawn_workers_of_the_queue()
        for reader in self._readers:
            if self._draw.random() < 0.7:
                self.world.spawn("reader", partial(reader.work, self._is_quiet))
        self.world.scheduler.run()

    def _spawn_clients(self) -> None:
        for number in range(self._draw.randint(1, 4)):
            commands = self._draw.randint(1, MOST_COMMANDS)
            self._spawn(f"client {number}", partial(self._customers.work, commands))
        if self._lists is not None:
            for number in range(self._draw.randint(1, 2)):
                operations = self._draw.randint(4, 16)
                self._spawn(f"client of lists {number}", partial(self._lists.work, operations))
        if self._undos is not None:
            for number in range(self._draw.randint(1, 2)):
                self._spawn(f"client that undoes {number}", partial(self._undos.work, self._draw.randint(2, 8)))

    def _spawn_workers_of_the_queue(self) -> None:
        for customers in (self._lists, self._undos):
            if customers is not None:
                for number in range(2):
                    self.world.spawn(f"worker {number}", partial(customers.workers.work, self._is_quiet))

    def _spawn(self, name: str, function: Callable[[], None]) -> None:
        self._busy += 1

        def work() -> None:
            try:
                function()
            finally:
                self._busy -= 1
                self._clients_left -= name.startswith("client")

        self.world.spawn(name, work)

    def _is_quiet(self) -> bool:
        return self._busy == 0

    def _is_written(self) -> bool:
        return self._clients_left == 0

    def _catch_up(self) -> None:
        with suppress(Crash, ProjectionIncomplete, AWSError):
            stack.operate.catchup.catch_up()

    def _remind(self) -> None:
        """The minute's schedule, which now and then comes more often."""
        for _ in range(self._draw.randint(1, 3)):
            with suppress(Crash, ViewsUnavailable, AWSError):
                remind.handle({})

    def _pass_time(self, milliseconds: int) -> None:
        """Nothing runs, and what is under way is over long before."""
        self.world.scheduler.finish_aftermath()
        for customers in (self._lists, self._undos):
            if customers is not None:
                customers.pass_time(milliseconds)
        self.world.scheduler.now += milliseconds
        if milliseconds >= DAYS:
            for stream in self._streams:
                stream.forget()
            self._has_forgotten = True
            self.world.scheduler.aftermath.append(Sweeper(self.world))

    def _come_to_rest(self) -> None:
        """No more failures: deliver what is left, bring back what was quarantined, catch up after an outage."""
        self.world.faults.active = False
        aftermath = self.world.scheduler.aftermath
        if self._draw.random() < 0.5:
            # The TTL may take days: what has expired may stand at the end.
            aftermath[:] = [each for each in aftermath if not isinstance(each, Sweeper)]
        self.world.scheduler.finish_aftermath()
        self._deliver_the_rest()
        if self._is_ours:
            _bring_back_what_was_quarantined()
            if self._has_forgotten:
                stack.operate.catchup.catch_up()
        if self._lists is not None:
            self._lists.work_off(self._deliver_the_rest)
            self._deliver_the_rest()
        if self._undos is not None:
            self._undos.finish(self._deliver_the_rest)
        if self._reminders is not None:
            self._last_minute = self.world.now()
            remind.handle({})
            self._reminders.work_off()
            self._deliver_the_rest()
        if self._publishing is not None and self._has_forgotten:
            stack.operate.republish.republish("1970-01-01")
        if self._rebuilding is not None:
            self._wrong_with_the_rebuild = self._rebuilding.finish()
        if self._lists is not None and self._reminders is None:
            if self._rebuilding is not None:
                self._wrong_with_the_rebuild += self._rebuilding.finish_another()
            self._lists.come_late(self._deliver_the_rest)
        # A reader stops at a gap for a minute before it takes what stood there for expired.
        self.world.scheduler.now += 2 * MINUTES
        for reader in self._readers:
            reader.read_to_the_end()

    def _deliver_the_rest(self) -> None:
        for stream in self._streams:
            stream.deliver_the_rest()

    def _differences(self) -> list[str]:
        events = self.world.all_events()
        items = self.world.view_items()
        newest = audit.heads(events)
        found: dict[str, Any] = {
            "rebuild": lambda: self._wrong_with_the_rebuild,
            "reminders": lambda: audit.reminders(events, self._last_minute) if self._reminders is not None else (),
            "published": lambda: (
                audit.published(self.world.topic.published, events) if self._publishing is not None else ()
            ),
            "memory": lambda: self.world.outdated,
            "streams": lambda: audit.streams(events),
            "series": lambda: audit.series(self.world.commits()),
            "rows": lambda: audit.rows(newest, items),
            "tallies": lambda: audit.tallies(newest, items),
            "tally": lambda: (line for line in audit.tallies(newest, items) if f"'{schema.TALLY_KEY}'" in line),
            "log": lambda: audit.log(items, self.world.expired[self.world.views.name], events),
            "feed": lambda: (line for each in self._readers for line in audit.feed(each, newest, items)),
        }
        return [f"{name}: {line}" for name, check in found.items() if name in self._checks for line in check()]


def _bring_back_what_was_quarantined() -> None:
    if stack.operate.redrive.redrive(QUARANTINE, lambda line: None).failed:
        raise WrongAnswer("quarantine: what was there cannot be brought back")
