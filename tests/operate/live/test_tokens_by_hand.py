"""`stack token` prints tokens that work, and otherwise says why it cannot."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest

from stack import cli
from stack.local.issuer import AUDIENCE, Issuer
from stack.local.state import State


@pytest.mark.parametrize("owner", ["", "a" * 256, "é" * 128, "caf\udce9"])
def test_an_owner_that_the_api_refuses_is_refused(
    tmp_path: Path, owner: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--directory", str(tmp_path), "token", "--owner", owner])
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "argument --owner: an owner " in printed.err


def test_where_no_stack_has_run_it_says_so_and_makes_no_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--directory", str(tmp_path / "empty"), "token", "--owner", "ann"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: no local stack has run in ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("owner", ["ann", "a" * 255, "é" * 127])
def test_a_stack_that_is_stopped_has_tokens_for_when_it_runs_again(
    tmp_path: Path, owner: str, capsys: pytest.CaptureFixture[str]
) -> None:
    key = Issuer(State(tmp_path).issuer_key).private_key.public_key()
    assert cli.main(["--directory", str(tmp_path), "token", "--owner", owner]) == 0
    token = capsys.readouterr().out.strip()
    assert jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE)["sub"] == owner


def test_a_token_names_its_program_and_who_acts_for_its_owner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = Issuer(State(tmp_path).issuer_key).private_key.public_key()
    said = ["token", "--owner", "assistant", "--acting-for", "ann", "--client", "shopping"]
    assert cli.main(["--directory", str(tmp_path), *said]) == 0
    token = capsys.readouterr().out.strip()
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE)
    assert (claims["sub"], claims["act"], claims["client_id"]) == ("ann", {"sub": "assistant"}, "shopping")
