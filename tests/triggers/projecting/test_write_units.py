"""What the projection writes for one event, in write units by the engine's count; the bench prints the same figures."""

from __future__ import annotations

from bench import projecting
from tests.support.alone import Alone, of_engine


def test_ninety_edits_of_one_owner_cost_at_most_four_units_each(alone: Alone) -> None:
    units = dict(projecting.write_units(of_engine("dynamodb")))

    assert units["an edit, 90 in a batch"] <= 4
    # Stated in docs/performance.md: whoever adds an index or an attribute finds here what it costs.
    assert {what: round(each, 2) for what, each in units.items()} == {
        "a create, 90 in a batch": 4.13,
        "an edit, 90 in a batch": 3.11,
        "a reorder, 90 in a batch": 4.11,
        "a completion, 90 in a batch": 3.13,
        "a create alone": 10.0,
        "an edit alone": 7.0,
    }
