"""There is one version number, which everything that states a version states."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence

import pytest

import loaders.cli
import stack.cli
from chalicelib import __version__
from chalicelib.api.openapi.document import document
from chalicelib.api.routes import ROUTES
from tests.support.paths import ROOT

PYPROJECT = ROOT / "pyproject.toml"


def test_the_package_reads_it_from_the_code() -> None:
    configuration = tomllib.loads(PYPROJECT.read_text())
    assert "version" in configuration["project"]["dynamic"]
    assert configuration["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "chalicelib.__version__"}


def test_the_contract_states_it() -> None:
    paths = document("https://api.example", ROUTES)["paths"]
    health = paths["/health"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    assert document("https://api.example", ROUTES)["info"]["version"] == health["version"] == __version__


@pytest.mark.parametrize("main", [stack.cli.main, loaders.cli.main], ids=["stack", "loaders"])
def test_the_commands_print_it(main: Callable[[Sequence[str]], int], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"todo-ledger {__version__}\n"
