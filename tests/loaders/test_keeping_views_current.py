"""A load writes no faster than the views follow, so that no owner's views lag by more than the bound."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from chalicelib.aws.errors import Refusal
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos import ids
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Partition
from chalicelib.views.errors import ViewsUnavailable
from loaders.into.pacing.pace import PATIENCE_SECONDS, Pace
from loaders.planner import Planned
from tests.loaders.loading import GroupLedger, load, plan, rows

BOUND = 5.0
GROUP = 100
LATENCY = 0.2
Rate = Callable[[float], float]


def steady(rate: float) -> Rate:
    return lambda now: rate


def changing(before: float, after: float, at: float) -> Rate:
    return lambda now: before if now < at else after


def pausing(rate: float, every: float, seconds: float) -> Rate:
    """Nothing comes in the last so many seconds of each period."""
    return lambda now: rate if now % every < every - seconds else 0.0


class World:
    """A ledger that takes so many events a second, and views that take so many; time passes only in sleep.

    Attributes
    ----------
    lags : list
        Of each transaction (seconds of its append, seconds until the views had it), as any owner's event then.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, writes: float, projects: Rate, *, under_way: int = 8) -> None:
        self.now = 0.0
        self.held = 0.0
        self.looks = 0
        self.lags: list[tuple[float, float]] = []
        self.warnings: list[str] = []
        self.fails = False
        self.adds = True
        self.quarantined: set[str] = set()
        self._writes = writes
        self._projects = projects
        self._most_under_way = under_way
        self._under_way: deque[tuple[float, Event]] = deque()
        self._ledger_free = self._views_free = 0.0
        self._there_at: dict[str, float] = {}
        [one] = plan(rows(1))
        assert isinstance(one, Planned)
        self._event = one.event
        self._numbers = 0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)
        self.pace = Pace(self.having, BOUND, self.warnings.append)

    def load(self, count: int) -> None:
        for _ in range(count // GROUP):
            before = self.now
            self.pace.hold(GROUP)
            self.held += self.now - before
            self._ledger_free = max(self.now, self._ledger_free) + GROUP / self._writes
            self._numbers += 1
            event = replace(self._event, stream_id=ids.stream_id(Partition("ann"), str(self._numbers)))
            self._under_way.append((self._ledger_free, event))
            if len(self._under_way) == self._most_under_way:
                self.sleep(self._under_way[0][0] - self.now)
        self.sleep(max(0.0, self._ledger_free - self.now))

    def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        while self._under_way and self._under_way[0][0] <= until:
            self.now, event = self._under_way.popleft()
            self._append(event)
        self.now = until

    def _append(self, event: Event) -> None:
        if not self.adds:
            self.pace.note_done(GROUP, 0)
            return
        began = max(self.now + LATENCY, self._views_free)
        while not (rate := self._projects(began)):
            began += 0.1
        self._views_free = began + GROUP / rate
        todo_id = ids.split_stream_id(event.stream_id)[1]
        self._there_at[todo_id] = math.inf if todo_id in self.quarantined else self._views_free
        self.lags.append((self.now, self._views_free - self.now))
        self.pace.note_appended(event, GROUP)
        self.pace.note_done(GROUP, GROUP)

    def having(self, versions: Mapping[str, int]) -> set[str]:
        self.looks += 1
        if self.fails:
            raise ViewsUnavailable
        return {todo_id for todo_id in versions if self._there_at[todo_id] <= self.now}

    @property
    def ended(self) -> float:
        """When the views have everything."""
        return self._views_free

    @property
    def worst(self) -> float:
        return max(lag for _, lag in self.lags)


# Writes and projections a second.
SLOWER = [(2000, 400), (2000, 1000), (9000, 1900), (9000, 300), (9000, 150), (2000, 100), (500, 490)]
CHANGING = [
    changing(1000, 400, at=30),
    changing(2000, 400, at=15),
    changing(400, 2000, at=30),
    pausing(1000, every=10, seconds=2),
    pausing(900, every=3, seconds=2),
]


@pytest.mark.parametrize(("writes", "projects"), SLOWER)
@pytest.mark.parametrize("under_way", [1, 8, 64])
def test_views_that_are_slower_than_the_load_lag_by_little_more_than_the_bound_at_most(
    monkeypatch: pytest.MonkeyPatch, writes: float, projects: float, under_way: int
) -> None:
    world = World(monkeypatch, writes, steady(projects), under_way=under_way)
    world.load(int(60 * projects))
    assert world.worst <= 1.5 * BOUND
    # What is written before anything is known of the views is the worst.
    assert max(lag for at, lag in world.lags if at > 15) <= BOUND


@pytest.mark.parametrize(("writes", "projects"), SLOWER)
def test_slower_views_are_kept_at_work(monkeypatch: pytest.MonkeyPatch, writes: float, projects: float) -> None:
    world = World(monkeypatch, writes, steady(projects))
    world.load(int(60 * projects))
    assert world.ended <= 60 * 1.01 + LATENCY


@pytest.mark.parametrize("projects", CHANGING)
def test_views_that_become_slower_or_faster_lag_by_little_more_than_the_bound_and_are_kept_at_work(
    monkeypatch: pytest.MonkeyPatch, projects: Rate
) -> None:
    world = World(monkeypatch, 4000, projects)
    world.load(40_000)
    assert world.worst <= 1.5 * BOUND
    possible = next(second for second in range(1000) if sum(map(projects, range(second))) >= 40_000)
    assert world.ended <= possible * 1.1


@pytest.mark.parametrize("writes", [300, 1000, 2000, 9000])
def test_a_load_that_the_views_follow_is_held_for_a_moment_at_its_beginning_if_at_all(
    monkeypatch: pytest.MonkeyPatch, writes: float
) -> None:
    world = World(monkeypatch, writes, steady(20_000))
    world.load(40_000)
    slower_by = world.lags[-1][0] - 40_000 / writes
    assert slower_by <= (0.001 if writes <= 1000 else 3 * LATENCY)


def test_a_slow_way_to_the_views_holds_no_load_that_they_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.LATENCY", 2.0)
    world = World(monkeypatch, 1000, steady(20_000))
    world.load(60_000)
    assert world.lags[-1][0] <= 60 * 1.05


def test_the_views_are_asked_four_times_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = World(monkeypatch, 9000, steady(1900))
    slow.load(60_000)
    assert slow.looks <= 4 * slow.now + 2
    fast = World(monkeypatch, 9000, steady(20_000))
    fast.load(60_000)
    # Twice a second, and then once more for each sixteen transactions that have arrived.
    assert fast.looks <= 2 * fast.now + 60_000 / GROUP / 16 + 10


def test_what_others_have_overtaken_by_far_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, 2000, steady(1000))
    world.quarantined = {str(number) for number in range(20, 600, 20)}
    world.load(60_000)
    assert world.ended <= 60 * 1.1
    assert world.warnings == []


@pytest.mark.parametrize("fails", [False, True])
def test_views_that_do_not_follow_at_all_are_waited_for_only_once(monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    world = World(monkeypatch, 2000, steady(0.001))
    world.fails = fails
    world.load(3000)
    assert BOUND + PATIENCE_SECONDS <= world.held <= BOUND + PATIENCE_SECONDS + 5
    assert len(world.warnings) == 1
    ended = world.now
    world.load(10_000)
    assert world.now - ended <= 10_000 / 2000 + 0.01


def test_views_that_follow_again_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, 2000, lambda now: 0.0 if 10 < now < 200 else 1000.0)
    world.load(60_000)
    assert world.warnings == []
    assert max(lag for at, lag in world.lags if at > 210) <= BOUND


def test_rows_that_are_there_already_wait_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, 9000, steady(1))
    world.adds = False
    world.load(60_000)
    assert world.looks == 0
    assert world.now <= 60_000 / 9000 + 0.5


class Asked(Pace):
    """Tells what a load does with its pace."""

    def __init__(self) -> None:
        super().__init__(set, BOUND, print)
        self.under_way = self.most_under_way = self.events = 0

    def hold(self, rows: int) -> None:
        super().hold(rows)
        self.under_way += rows
        self.most_under_way = max(self.most_under_way, self.under_way)

    def note_appended(self, event: Event, events: int) -> None:
        super().note_appended(event, events)
        self.events += events

    def note_done(self, rows: int, events: int) -> None:
        super().note_done(rows, events)
        self.under_way -= rows


def test_a_load_tells_its_pace_of_each_row_that_is_written_and_of_each_event_that_came_of_it() -> None:
    ledger, first, second = GroupLedger(), Asked(), Asked()
    refused = LedgerUnavailable("ValidationException")
    refused.__cause__ = Refusal({"Error": {"Code": "ValidationException", "Message": ""}}, "TransactWriteItems")
    ledger.failures = [refused]
    load(rows(1000), ledger, pace=first)
    load(rows(1200), ledger, pace=second)
    assert (first.under_way, first.events) == (0, 1000)
    assert (second.under_way, second.events) == (0, 200)
    assert 0 < first.most_under_way <= 1000


def test_a_pause_in_the_wrong_moment_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**9))
    slept: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: next(clock) / 10)
    monkeypatch.setattr(time, "sleep", slept.append)
    [one] = plan(rows(1))
    assert isinstance(one, Planned)
    pace = Pace(lambda versions: frozenset(), BOUND, lambda warning: None)
    pace.note_appended(one.event, 10**6)

    pace.hold(GROUP)

    assert slept
    assert min(slept) >= 0, "time.sleep raises ValueError"
