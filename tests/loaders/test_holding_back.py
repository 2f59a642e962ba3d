"""A load holds itself back: fewer requests while they are refused, none while the views lag."""

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError
from loading import MemoryLedger, load, plan, rows

from chalicelib.ledger import LedgerUnavailable
from chalicelib.todos.events import Event
from chalicelib.views.queries import ViewsUnavailable
from loaders import pacing, writing
from loaders.pacing import Pace
from loaders.planning import Planned
from loaders.throttle import Throttle


def test_refusals_halve_what_is_under_way_and_successes_bring_it_back_one_by_one() -> None:
    throttle = Throttle(8)
    for expected in (4, 2, 1, 1):
        throttle.overloaded()
        assert throttle.limit == expected
    for _ in range(1 + 2 + 3):
        throttle.succeeded()
    assert 3 < throttle.limit < 4.5
    for _ in range(100):
        throttle.succeeded()
    assert throttle.limit == 8


def test_no_more_threads_are_let_through_than_the_limit_says() -> None:
    throttle = Throttle(4)
    throttle.overloaded()
    inside = most = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(50):
            with throttle.turn():
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= 2


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ProvisionedThroughputExceededException", "TransactionCanceledException"]
)
def test_a_ledger_that_takes_a_third_of_the_requests_gets_every_row_once(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CEILING_SECONDS", 0.0)
    ledger = MemoryLedger()
    whole = ledger.append
    asked = 0

    def throttled(group: list[Event]) -> dict[int, Event]:
        nonlocal asked
        asked += 1
        if asked % 3:
            error = LedgerUnavailable(code)
            error.__cause__ = ClientError({"Error": {"Code": code, "Message": code}}, "TransactWriteItems")
            raise error
        return whole(group)

    ledger.append = throttled  # type: ignore[method-assign]
    summary, reported = load(rows(2000), ledger, concurrency=4)
    assert (summary.added, summary.unwritten, reported, len(ledger.streams)) == (2000, 0, [], 2000)


class Clock:
    """Time that passes only when somebody sleeps, and the moment at which the views have what is followed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, projected_at: float, *, fails: bool = False) -> None:
        self.now = 1000.0
        self.looks = 0
        self.warnings: list[str] = []
        self._projected_at = 1000.0 + projected_at
        self._fails = fails
        monkeypatch.setattr(pacing.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(pacing.time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def is_projected(self, todo_id: str, version: int) -> bool:
        self.looks += 1
        if self._fails:
            raise ViewsUnavailable
        return self.now >= self._projected_at

    def pace(self, bound: float = 5.0) -> Pace:
        [one] = plan(rows(1))
        assert isinstance(one, Planned)
        pace = Pace(self.is_projected, bound, self.warnings.append)
        pace.appended(one.event)
        return pace


def test_nothing_waits_while_the_views_keep_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, projected_at=3)
    pace = clock.pace()
    for _ in range(50):
        clock.sleep(0.1)
        before = clock.now
        pace.hold()
        assert clock.now == before
    # A look every half a second, and none once the views have it.
    assert clock.looks <= 7


def test_a_load_waits_once_the_views_lag_by_more_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, projected_at=20)
    pace = clock.pace()
    clock.sleep(6)
    pace.hold()
    assert 1020 <= clock.now <= 1020.5
    assert clock.warnings == []


@pytest.mark.parametrize("fails", [False, True])
def test_views_that_do_not_follow_at_all_are_waited_for_only_once(monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    clock: Any = Clock(monkeypatch, projected_at=1e9, fails=fails)
    pace = clock.pace()
    clock.sleep(6)
    pace.hold()
    ended = clock.now
    assert ended - 1000 <= 5 + pacing.PATIENCE_SECONDS + 1
    assert len(clock.warnings) == 1
    pace.hold()
    assert clock.now == ended
