"""How a workflow gets the tokens for the smoke test: by its own identity, and without printing it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.environment import own_environment
from tests.support.paths import ROOT

PROGRAMS = {
    # The last argument is the address of the identity, or a form field of the token's request.
    "curl": """\
for argument in "$@"; do echo "$argument"; done >> {asked}/curl
case "$*" in {failing}) exit 22 ;; esac
case "$*" in
  *audience=https://issuer.example/token*) echo identity-of-the-job ;;
  *"scope=todos:read todos:write"*) echo token-that-writes ;;
  *scope=todos:read*) echo token-that-reads ;;
esac
""",
    "jq": "cat\n",
    "make": 'echo "$TODO_LEDGER_TOKEN $TODO_LEDGER_READ_TOKEN $*" >> {asked}/make\n',
}


def run(directory: Path, failing: str = "nothing", **environment: str) -> tuple[int, str, str, str]:
    """The exit code, what was printed, and what curl and make were asked."""
    programs = directory / "programs"
    programs.mkdir()
    for name, script in PROGRAMS.items():
        (programs / name).write_text("#!/bin/sh\n" + script.format(asked=directory, failing=failing))
        (programs / name).chmod(0o755)
    own = own_environment() | {
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.example/identity?x=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "right-to-ask",
        "TOKEN_ENDPOINT": "https://issuer.example/token",
        "TOKEN_CLIENT": "smoke",
        "TOKEN_AUDIENCE": "todos",
        "STAGE": "dev",
    }
    own["PATH"] = f"{programs}:{own['PATH']}"
    done = subprocess.run(
        [ROOT / ".github" / "smoke.sh"], env=own | environment, capture_output=True, text=True, check=False
    )
    asked = [directory / name for name in ("curl", "make")]
    return done.returncode, done.stdout, *(path.read_text() if path.exists() else "" for path in asked)  # type: ignore[return-value]


def test_the_jobs_identity_buys_both_tokens(tmp_path: Path) -> None:
    code, printed, asked_curl, asked_make = run(tmp_path, QUICK="1")
    assert (code, asked_make) == (0, "token-that-writes token-that-reads smoke STAGE=dev QUICK=1 OTHER_VERSION=\n")
    assert "client_assertion=identity-of-the-job" in asked_curl.splitlines()
    assert "client_id=smoke" in asked_curl.splitlines()
    # GitHub hides from then on what follows `add-mask`.
    hidden = ["identity-of-the-job", "token-that-writes", "identity-of-the-job", "token-that-reads"]
    assert printed.splitlines() == [f"::add-mask::{each}" for each in hidden]


@pytest.mark.parametrize("failing", ["*github.example*", "*client_assertion=*"])
def test_without_a_token_nothing_is_tested(tmp_path: Path, failing: str) -> None:
    code, _, _, asked_make = run(tmp_path, failing)
    assert code != 0
    assert asked_make == ""
