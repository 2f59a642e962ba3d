"""Only `chalice deploy`, on a deployer's machine, may ask AWS while the app is imported."""

from __future__ import annotations

import click
import pytest

from chalicelib import deploying


@pytest.mark.parametrize(
    ("command", "environment", "expected"),
    [
        ("deploy", {"AWS_CHALICE_CLI_MODE": "true"}, True),
        ("package", {"AWS_CHALICE_CLI_MODE": "true"}, False),
        ("deploy", {}, False),
        ("deploy", {"AWS_CHALICE_CLI_MODE": "true", "AWS_LAMBDA_FUNCTION_NAME": "todo-ledger-dev"}, False),
    ],
)
def test_only_chalice_deploy_does(
    command: str, environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_CHALICE_CLI_MODE", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with click.Context(click.Command(command), info_name=command):
        assert deploying.is_being_deployed() is expected


def test_a_process_without_a_command_line_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    monkeypatch.setenv("AWS_CHALICE_CLI_MODE", "true")
    assert not deploying.is_being_deployed()
