"""The tests that do not hold on DynamoDB Local, each with its reason: it, too, is not DynamoDB."""

from __future__ import annotations

from typing import Final

# By the test's id, without its parameters.
DIFFERENCES: Final = {
    "tests/operate/live/audit/test_corruptions.py::test_each_corruption_is_found_and_named": (
        "what is planted in the ledger by PartiQL gets a stream record there, as on AWS, and `project` goes by it"
    ),
    "tests/triggers/projecting/test_write_units.py::test_ninety_edits_of_one_owner_cost_at_most_four_units_each": (
        "it counts four write units for a kilobyte in a transaction, and as many for each index; AWS bills two and one"
    ),
}
