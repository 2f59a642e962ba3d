"""The smoke test finds faults that are planted into the deployed stage, one at a time."""

from __future__ import annotations

import pytest

from stack.deploy.deployment import Deployment
from stack.local.local_stack import LocalStack
from stack.smoke.outcome import FAILED, PASSED
from tests.operate.smoke.faults import BY_CONDUCT, BY_DRIFT, DRIFT
from tests.operate.smoke.smoking import begin_run, checks_named, outcomes_of

FAULTS = {**BY_CONDUCT, **BY_DRIFT}
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, stack: LocalStack, deployment: Deployment) -> None:
    planted = FAULTS[fault]
    mend = planted.plant(deployment)
    try:
        found = outcomes_of(begin_run(stack, patience=planted.patience), checks_named(planted.found_by))
    finally:
        mend()
    last = found[planted.found_by[-1]]
    assert last.state == FAILED, str(last)
    assert planted.says in last.detail


def test_without_a_fault_all_of_these_checks_pass(stack: LocalStack, deployment: Deployment) -> None:
    names = dict.fromkeys(name for fault in FAULTS.values() for name in fault.found_by)
    found = outcomes_of(begin_run(stack), checks_named(names))
    assert {name: str(outcome) for name, outcome in found.items() if outcome.state != PASSED} == {}


def test_faults_are_planted_of_all_kinds() -> None:
    assert len(FAULTS) >= 20
    assert len(BY_CONDUCT) >= 8
    assert DRIFT not in {name for fault in BY_CONDUCT.values() for name in fault.found_by}
