"""Schemathesis holds the deployed service to its contract: what it takes, refuses and answers, and in which order."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import pytest

from stack.local.local_stack import LocalStack
from tests.support.client import Client
from tests.support.paths import ROOT
from tests.support.thorough import many

# For each operation in fuzzing, and as many walks along the links; examples and coverage are always done whole.
EXAMPLES = many(3)


def test_the_deployed_service_keeps_its_contract(stack: LocalStack, pytestconfig: pytest.Config) -> None:
    thorough = pytestconfig.getoption("--fuzz-examples")
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    command += ["--config-file", str(ROOT / "tests" / "contract" / "schemathesis.toml"), "run"]
    command += [f"{stack.url}/openapi.json", "--max-examples", str(thorough or EXAMPLES)]
    token = stack.token(f"contract-{uuid.uuid4()}", expires_in=24 * 3600)
    # Another's, or the walks would revoke it.
    feed = Client(stack.url, stack.token(f"contract-{uuid.uuid4()}")).post("/feeds", {})
    given = {"TOKEN": token, "FEED_TOKEN": feed.json()["url"].partition("token=")[2]}
    if thorough:
        given["FUZZ_THOROUGHLY"] = "1"

    done = subprocess.run(command, cwd=ROOT, env=os.environ | given, capture_output=True, text=True, check=False)

    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
