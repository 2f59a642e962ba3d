"""The rule by which equal calls are told apart, against simpler ones, in sessions of assistants that lose answers.

A model: no rule can know whether the same text is meant again. It shows what each costs: how many errands are there
twice, and how many are not there at all.
"""

from __future__ import annotations

from tests.support.thorough import many
from tests.unit.mcp import adds_model
from tests.unit.mcp.adds_model import Counts, Rule

SESSIONS = 20
INTENTS = 150


def total(rule: Rule) -> Counts:
    found = [adds_model.run(rule, seed, INTENTS) for seed in range(many(SESSIONS))]
    return Counts(**{name: sum(getattr(each, name) for each in found) for name in vars(Counts())})


def test_no_errand_is_there_twice_within_five_minutes_and_none_vanishes_untold() -> None:
    found = total(adds_model.these_rules)

    assert found.intents == many(SESSIONS) * INTENTS
    assert found.doubled_soon == 0, "what is there twice was called again more than five minutes after the first call"
    assert found.untold == 0, "an errand that was taken for an earlier one is told as repeated"
    assert found.swallowed_after_done == 0, "and never once the earlier one is done"


def test_simpler_rules_are_found_wrong() -> None:
    rule, none, minute, untouched = (
        total(each)
        for each in (
            adds_model.these_rules, adds_model.no_rule, adds_model.by_the_minute, adds_model.without_touch,
        )
    )  # fmt: skip

    assert none.doubled > 3 * rule.doubled, "without a rule, each lost answer is one more todo"
    assert minute.doubled > rule.doubled, "a call again often comes in another minute"
    assert minute.untold == minute.swallowed > 0, "and what is swallowed is not told"
    assert untouched.swallowed_after_done > 0, "the next errand of the same text is lost"
