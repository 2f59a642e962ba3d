"""What telling the world needs stays out of the cold starts of those that do not tell it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache

import pytest

from tests.support.paths import ROOT

REPORT = "import json, sys, app; print(json.dumps(sorted(sys.modules)))"


@cache
def loaded(handlers: str | None) -> frozenset[str]:
    """The modules that a fresh process has loaded when the app is; None serves everything."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    if handlers is not None:
        environment["HANDLERS"] = handlers
    done = subprocess.run(
        [sys.executable, "-c", REPORT], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return frozenset(json.loads(done.stdout))


@pytest.mark.parametrize(
    "unneeded",
    [
        "pynamodb",
        "msgspec",
        "jwt",
        "cryptography",
        "chalicelib.api",
        "chalicelib.ledger.ledger",
        "chalicelib.webhooks.http_post",
    ],
)
def test_publish_leaves_out(unneeded: str) -> None:
    assert unneeded not in loaded("publish")


@pytest.mark.parametrize(
    "unneeded", ["pynamodb", "msgspec", "jwt", "cryptography", "chalicelib.api", "chalicelib.ledger.ledger"]
)
def test_deliver_leaves_out(unneeded: str) -> None:
    assert unneeded not in loaded("deliver")


@pytest.mark.parametrize("handlers", ["api", "project", "publish", "deliver", "authorize", None])
@pytest.mark.parametrize("unneeded", ["aws_lambda_powertools", "standardwebhooks", "boto3"])
def test_nobody_loads_what_only_a_delivery_needs(handlers: str | None, unneeded: str) -> None:
    assert unneeded not in loaded(handlers)
