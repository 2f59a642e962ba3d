"""`make up` ends with commands to paste: short ones, that work for any port and state directory, without a token."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import requests

from stack import cli
from stack.local import explanation
from stack.local.local_stack import LocalStack
from stack.settings import default_directory
from tests.support.client import Client
from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_SECONDS, eventually

LINK = "http://127.0.0.1:9000/#/sign-in/code"
SAMPLES = 25
# The link that signs in to the page.
WITH_CODE = re.compile(r"^http://127\.0\.0\.1:\d+/#/sign-in/([\w-]{32})$", re.MULTILINE)


def up(stack: LocalStack, capsys: pytest.CaptureFixture[str]) -> str:
    """What `up` explains, without the steps before it."""
    capsys.readouterr()
    assert cli.main(["--directory", str(stack.state.directory), "up"]) == 0
    # On a busy machine the views follow later.
    eventually(lambda: Client(stack.url, stack.token("demo")).stats()["total"] >= SAMPLES)
    return "".join(line for line in capsys.readouterr().out.splitlines(True) if not line.startswith("· "))


def commands(explained: str) -> list[str]:
    return [line.strip() for line in explained.splitlines() if line.startswith("  ")]


def test_it_says_the_same_each_time_and_no_token(stack: LocalStack, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = up(stack, capsys), up(stack, capsys)
    assert WITH_CODE.sub("", first) == WITH_CODE.sub("", second)
    assert f"running at {stack.url}/" in first
    assert not re.search(r"[\w-]{100}", first)


def test_its_link_signs_in_once(stack: LocalStack, capsys: pytest.CaptureFixture[str]) -> None:
    (code,), (another,) = (WITH_CODE.findall(up(stack, capsys)) for _ in range(2))
    exchange = f"{stack.url}/sign-in"

    answers = [requests.post(exchange, json={"code": each}, timeout=PATIENCE_SECONDS) for each in (code, another, code)]

    assert [answer.status_code for answer in answers] == [200, 200, 400]
    assert code != another
    assert "used before" in answers[2].json()["detail"]
    assert Client(stack.url, answers[0].json()["access_token"]).stats()["total"] >= SAMPLES


def test_its_commands_work_as_they_are_pasted(stack: LocalStack, capsys: pytest.CaptureFixture[str]) -> None:
    assign, *asking = commands(up(stack, capsys))
    assert len(asking) == 3
    script = "\n".join([assign, *(f"{each} --silent --show-error --fail; echo" for each in asking)])
    done = subprocess.run(
        ["bash", "-euc", script], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True
    )
    stats, todos, created = map(json.loads, done.stdout.splitlines())
    assert stats["total"] >= SAMPLES
    assert len(todos) == 3
    assert created["title"] == "Try todo-ledger"


def test_the_usual_directory_is_not_named_and_make_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TODO_LEDGER_DIRECTORY", raising=False)
    explained = explanation.explain("http://127.0.0.1:9000", "demo", default_directory(), LINK)
    assert "-m stack token --owner demo)" in explained
    assert "this makes another: make open)" in explained
    assert f"\n{LINK}\n" in explained
    assert "Stop it with: make down  (the state stays in .local/)" in explained
    assert explained.count("http://127.0.0.1:9000/") == 5


def test_a_directory_that_the_environment_names_is_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TODO_LEDGER_DIRECTORY", str(tmp_path))
    explained = explanation.explain("http://127.0.0.1:9000", "demo", tmp_path, LINK)
    assert "-m stack token --owner demo)" in explained
    assert f"Stop it with: make down  (the state stays in {tmp_path}/)" in explained


def test_another_directory_is_named_in_each_command_that_needs_it(tmp_path: Path) -> None:
    directory = tmp_path / "my state"
    explained = explanation.explain("http://127.0.0.1:9000", "demo", directory, LINK)
    option = f"-m stack --directory {shlex.quote(str(directory))}"
    assert f"{option} token --owner demo)" in explained
    assert f"{option} down  (the state stays in {directory}/)" in explained
    assert "make down" not in explained


def test_the_python_of_the_repository_is_named_by_its_short_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(ROOT / ".venv" / "bin" / "python"))
    assert "$(.venv/bin/python -m stack " in explanation.explain("http://127.0.0.1:8000", "demo", tmp_path, LINK)
