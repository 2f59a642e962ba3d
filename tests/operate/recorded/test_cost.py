"""The cost that the documents state is the one that follows from prices and units."""

from __future__ import annotations

import pytest

from bench import cost
from tests.support.paths import ROOT

DOCUMENT = (ROOT / "docs" / "operate" / "cost.md").read_text()


@pytest.mark.parametrize("batch", [cost.ALONE, cost.BATCH])
def test_the_tables_are_what_is_computed(batch: int) -> None:
    assert cost.table(batch) in DOCUMENT, "python -m bench.cost"


def test_batches_cost_three_fifths() -> None:
    alone, batched = (sum(dollars for *_, dollars in cost.steps(batch)) for batch in (cost.ALONE, cost.BATCH))
    assert 0.58 < batched / alone < 0.62


@pytest.mark.parametrize(("batch", "dollars"), [(cost.ALONE, "12.12"), (cost.BATCH, "7.39")])
def test_a_million_commands_cost_what_the_documents_say(batch: int, dollars: str) -> None:
    assert f"{sum(part for *_, part in cost.steps(batch)):.2f}" == dollars
    assert f"| **all** | | **{dollars}** |" in DOCUMENT
