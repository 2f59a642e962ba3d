"""A load holds itself back while requests are refused: fewer are under way."""

import threading

import pytest

from chalicelib.aws.errors import Refusal
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos.events import Event
from loaders.into import writer
from loaders.into.pacing.throttle import Throttle
from tests.loaders.loading import GroupLedger, load, rows


def test_refusals_halve_what_is_under_way_and_successes_bring_it_back_one_by_one() -> None:
    throttle = Throttle(8)
    for expected in (4, 2, 1, 1):
        throttle.note_overload()
        assert throttle.limit == expected
    for _ in range(1 + 2 + 3):
        throttle.note_success()
    assert 3 < throttle.limit < 4.5
    for _ in range(100):
        throttle.note_success()
    assert throttle.limit == 8


def test_no_more_threads_are_let_through_than_the_limit_says() -> None:
    throttle = Throttle(4)
    throttle.note_overload()
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
    monkeypatch.setattr(writer, "CEILING_SECONDS", 0.0)
    ledger = GroupLedger()
    whole = ledger.append
    asked = 0

    def throttled(group: list[Event]) -> dict[int, Event]:
        nonlocal asked
        asked += 1
        if asked % 3:
            error = LedgerUnavailable(code)
            error.__cause__ = Refusal({"Error": {"Code": code, "Message": code}}, "TransactWriteItems")
            raise error
        return whole(group)

    ledger.append = throttled  # type: ignore[method-assign]
    summary, reported = load(rows(2000), ledger, concurrency=4)
    assert (summary.added, summary.unwritten, reported, len(ledger.streams)) == (2000, 0, [], 2000)
