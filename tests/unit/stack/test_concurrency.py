"""What a stage asks of an account that may run few functions at once: found before anything is deployed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from chalice.config import Config

from stack.deploy.concurrency import Concurrency, check_reserved
from stack.deploy.stages import Function
from stack.errors import Misconfigured


class NotFound(Exception):
    """Lambda's ResourceNotFoundException."""


class Account:
    """Lambda's client in an account with a limit, some of which functions have reserved."""

    def __init__(self, limit: int, **reserved: int) -> None:
        self.limit, self.reserved = limit, reserved
        self.exceptions = SimpleNamespace(ResourceNotFoundException=NotFound)

    def get_account_settings(self) -> dict[str, Any]:
        unreserved = self.limit - sum(self.reserved.values())
        return {"AccountLimit": {"ConcurrentExecutions": self.limit, "UnreservedConcurrentExecutions": unreserved}}

    def get_function_concurrency(self, FunctionName: str) -> dict[str, int]:  # noqa: N803 - as boto3 names it
        if FunctionName not in self.reserved:
            raise NotFound
        return {"ReservedConcurrentExecutions": self.reserved[FunctionName]}


def check(account: Account, **wanted: int | None) -> None:
    functions = [
        Function(name, Config(function_name=name, user_provided_params={"reserved_concurrency": count}))
        for name, count in wanted.items()
    ]
    check_reserved(account, functions, {name: name for name in wanted})


@pytest.mark.parametrize("limit", [10, 50, 1000])
def test_a_stage_that_reserves_nothing_fits_everywhere(limit: int) -> None:
    check(Account(limit), api=None, deliver=None)


@pytest.mark.parametrize("limit", [10, 50, 100])
def test_an_account_of_up_to_100_can_reserve_nothing(limit: int) -> None:
    with pytest.raises(
        Misconfigured, match=rf"adds up to 1 \(api\), but this account can reserve 0: Lambda runs {limit}"
    ):
        check(Account(limit), api=1)


def test_a_hundred_stay_unreserved() -> None:
    check(Account(1000), api=500, deliver=400)
    with pytest.raises(Misconfigured, match=r"adds up to 901 \(api, deliver\), but this account can reserve 900"):
        check(Account(1000), api=501, deliver=400)


def test_what_the_same_functions_have_reserved_already_is_theirs() -> None:
    check(Account(1000, api=900), api=900, deliver=None)
    check(Account(1000, api=900), api=500, deliver=400)
    with pytest.raises(Misconfigured, match="can reserve 700"):
        check(Account(1000, others=200, api=100), api=800)


@pytest.mark.parametrize(
    ("limit", "waits"), [(1, 1), (4, 1), (10, 2), (50, 10), (400, 80), (500, 100), (1000, 100), (10_000, 100)]
)
def test_a_fifth_of_an_account_may_wait_and_never_more_than_100(limit: int, waits: int) -> None:
    assert Concurrency(limit, limit).waits == waits


def test_only_a_small_account_is_warned() -> None:
    assert "Lambda runs 10 functions at once" in (Concurrency(10, 10).warning() or "")
    assert Concurrency(1000, 1000).warning() is None
