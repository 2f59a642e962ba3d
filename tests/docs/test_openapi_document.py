"""The OpenAPI document in the repository is the one that the code makes."""

from __future__ import annotations

from stack.commands import openapi
from tests.support.paths import ROOT


def test_the_committed_contract_is_the_one_of_this_code() -> None:
    committed = (ROOT / "docs" / "reference" / "openapi.json").read_text(encoding="utf-8")
    assert committed == openapi.text(), "the contract has changed: make openapi, and commit the difference"
