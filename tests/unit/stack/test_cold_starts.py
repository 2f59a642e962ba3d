"""Every Lambda imports the one `app.py`; what its handlers do not need stays out of its cold start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache

import pytest

from tests.support.paths import ROOT

REPORT = "import json, sys, app; print(json.dumps([sorted(sys.modules), sorted(app.app.handler_map)]))"


@cache
def cold_start(handlers: str) -> tuple[frozenset[str], frozenset[str]]:
    """The modules that a fresh process has loaded and the handlers that it has registered."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HANDLERS": handlers,
        "EVENTS_TABLE": "x",
        "SETTINGS_TABLE": "y",
    }
    done = subprocess.run(
        [sys.executable, "-c", REPORT], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded, registered = json.loads(done.stdout)
    return frozenset(loaded), frozenset(registered)


HEAVY = ["pynamodb", "msgspec", "jwt", "cryptography", "aws_lambda_powertools", "boto3", "dateutil.rrule"]


@pytest.mark.parametrize(
    "unneeded", [*HEAVY, "chalicelib.api", "chalicelib.ledger.ledger", "chalicelib.commands.execute"]
)
def test_project_leaves_out(unneeded: str) -> None:
    assert unneeded not in cold_start("project")[0]


@pytest.mark.parametrize(
    "unneeded",
    ["jwt", "cryptography", "aws_lambda_powertools", "boto3", "dateutil.rrule", "icalendar", "chalicelib.triggers"],
)
def test_api_leaves_out(unneeded: str) -> None:
    assert unneeded not in cold_start("api")[0]


@pytest.mark.parametrize(
    "unneeded", ["pynamodb", "botocore", "msgspec", "chalicelib.commands.execute", "chalicelib.triggers"]
)
def test_authorize_leaves_out(unneeded: str) -> None:
    assert unneeded not in cold_start("authorize")[0]


@pytest.mark.parametrize("unneeded", ["jwt", "cryptography", "aws_lambda_powertools", "boto3", "chalicelib.triggers"])
def test_mcp_leaves_out(unneeded: str) -> None:
    assert unneeded not in cold_start("mcp")[0]


def test_clear_leaves_out_the_http_side() -> None:
    assert "chalicelib.api" not in cold_start("clear")[0]


@pytest.mark.parametrize(
    ("handlers", "needed"),
    [
        ("project", "chalicelib.views.projector"),
        ("api", "chalicelib.api.resources.todos"),
        ("clear", "chalicelib.commands.clear_list"),
        ("mcp", "chalicelib.mcp.tools"),
    ],
)
def test_what_is_needed_is_there(handlers: str, needed: str) -> None:
    assert needed in cold_start(handlers)[0]


@pytest.mark.parametrize(
    ("handlers", "registered"),
    [
        ("project", {"project"}),
        ("clear", {"clear"}),
        ("authorize", {"authorize"}),
        ("project,clear", {"project", "clear"}),
    ],
)
def test_only_what_is_named_is_registered(handlers: str, registered: set[str]) -> None:
    assert cold_start(handlers)[1] == registered
