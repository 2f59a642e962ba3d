"""The smoke test of a stage that was rolled back: it works, and is not what this checkout would deploy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from stack.smoke.checks import deployment
from stack.smoke.outcome import Skipped
from stack.smoke.run import Options, Run


@pytest.mark.parametrize("check", [deployment.settings, deployment.version, deployment.views])
def test_it_is_not_compared_with_the_checkout(check: Any) -> None:
    health = SimpleNamespace(expect=lambda _: SimpleNamespace(json=lambda: {"version": "0.0.1"}))
    run = Run(cast(Any, SimpleNamespace(views_table=lambda: "views")), Options("token", other_version=True))
    run.__dict__["anybody"] = SimpleNamespace(get=lambda _: health)
    with pytest.raises(Skipped, match="another version than this checkout"):
        check(run)
