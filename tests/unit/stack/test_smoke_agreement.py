"""The smoke test's comparison of a list with the ledger: a list may lag, and must not stay behind."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from stack.smoke.checks import views
from stack.smoke.outcome import CheckFailed
from stack.smoke.run import Options, Run


class Api:
    """The API; its list has one todo in an older version, for as many looks as `lag`."""

    def __init__(self, lag: int) -> None:
        self.lag = lag
        self.quiet = self

    def get(self, path: str) -> Any:
        if path.startswith("/todos/"):
            return answer({"id": path.removeprefix("/todos/"), "version": 2})
        self.lag -= 1
        return answer([{"id": "old", "version": 1 if self.lag >= 0 else 2}, {"id": "made", "version": 2}])


def answer(body: Any) -> Any:
    found = SimpleNamespace(status=200, json=lambda: body)
    found.expect = lambda _: found
    return found


def run_with(lag: int) -> Run:
    run = Run(cast(Any, None), Options("token"))
    run.__dict__["api"] = Api(lag)
    cast(Any, run).create = lambda *_, **__: answer({"id": "made"})
    return run


@pytest.mark.parametrize(("lag", "waited"), [(0, 0), (1, 5)])
def test_a_list_may_lag_for_a_moment(lag: int, waited: int, no_sleep: list[float]) -> None:
    assert views.agreeing(run_with(lag)) == "2 todos"
    assert sum(no_sleep) == waited


def test_a_list_that_stays_behind_is_found(no_sleep: list[float]) -> None:
    with pytest.raises(CheckFailed, match="the list has old in version 1"):
        views.agreeing(run_with(9))
    assert no_sleep
