"""The retries are those of botocore's standard mode."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.retries import standard
from botocore.retries.quota import RetryQuota

from chalicelib.aws.errors import NoAnswer, Refusal, TimedOut, Unconfigured
from chalicelib.aws.thin import retries


def test_the_codes_and_costs_are_botocores() -> None:
    throttled: Any = standard.ThrottledRetryableChecker
    transient: Any = standard.TransientRetryableChecker
    costs: Any = standard.RetryQuotaChecker
    codes = {*throttled._THROTTLED_ERROR_CODES, *transient._TRANSIENT_ERROR_CODES, "ReplicatedWriteConflictException"}
    assert codes == retries.RETRIED_CODES
    assert {*transient._TRANSIENT_STATUS_CODES} == retries.RETRIED_STATUSES
    assert (costs._RETRY_COST, costs._TIMEOUT_RETRY_REQUEST, costs._NO_RETRY_INCREMENT) == (
        retries.COST, retries.COST_AFTER_A_TIMEOUT, retries.RETURN,
    )  # fmt: skip
    assert RetryQuota.INITIAL_CAPACITY == retries.CAPACITY


@pytest.mark.parametrize(("error", "cost"), [(TimedOut(), 10), (NoAnswer(), 5), (Refusal({}, "x"), 5)])
def test_a_time_out_costs_more(error: NoAnswer, cost: int) -> None:
    assert retries.cost_of(error) == cost


def test_nothing_is_tried_again_without_credentials() -> None:
    assert retries.is_retried(NoAnswer())
    assert not retries.is_retried(Unconfigured())


def test_a_pause_is_a_random_part_of_a_ceiling_that_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("chalicelib.aws.thin.retries.time", SimpleNamespace(sleep=slept.append))
    monkeypatch.setattr("chalicelib.aws.thin.retries.random", SimpleNamespace(random=lambda: 0.5))
    for attempt in (1, 2, 3, 9):
        retries.pause(attempt)
    assert slept == [0.5, 1.0, 2.0, 10.0]
    botocores = standard.ExponentialBackoff(random=lambda: 0.5)
    contexts = [standard.RetryContext(attempt) for attempt in (1, 2, 3, 9)]
    assert [botocores.delay_amount(context) for context in contexts] == slept


def test_the_capacity_is_bounded_at_both_ends() -> None:
    quota = retries.Quota()
    assert all(quota.take(10) for _ in range(50))
    assert not quota.take(1)
    quota.give_back(3)
    assert (quota.take(4), quota.take(3)) == (False, True)
    for _ in range(2):
        quota.give_back(400)
    assert quota.left == retries.CAPACITY
