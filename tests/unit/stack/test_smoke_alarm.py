"""The smoke test's alarm: what a new alarm says by itself does not prove that it can be heard."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from stack.smoke.checks import alarms
from stack.smoke.outcome import CheckFailed
from stack.smoke.run import Options, Run

ALARM = "todo-ledger-dev-Quarantine"


class Alarm:
    """CloudWatch with one alarm, and a subscription of its topic, which hears from the `sends`-th alarm on."""

    def __init__(self, *, sends: int) -> None:
        self.sends = sends
        self.set: list[str] = []
        # It is as old as the stage, and says so to those who subscribe in time.
        self.messages = [message("OK", "Threshold Crossed: no datapoints were received for 1 period")]

    def describe_alarms(self, **_: Any) -> Any:
        return {"MetricAlarms": [{"AlarmName": ALARM, "StateValue": "OK"}]}

    def set_alarm_state(self, **request: str) -> None:
        self.set.append(request["StateValue"])
        if self.set.count("ALARM") >= self.sends:
            self.messages.append(message(request["StateValue"], request["StateReason"]))

    def find(self, is_wanted: Any, **_: Any) -> Any:
        return next(filter(is_wanted, self.messages), None)


def message(state: str, reason: str) -> dict[str, str]:
    return {"Body": json.dumps({"AlarmName": ALARM, "NewStateValue": state, "NewStateReason": reason})}


def run_with(alarm: Alarm) -> Run:
    stage = SimpleNamespace(prefix="todo-ledger-dev")
    run = Run(cast(Any, SimpleNamespace(stage=stage, client=lambda _: alarm)), Options("token"))
    run.begun["subscription of alarms"] = alarm
    return run


def test_an_alarm_that_is_set_off_is_heard() -> None:
    alarm = Alarm(sends=1)
    assert alarms.raised(run_with(alarm)) == ALARM
    assert alarm.set == ["ALARM"]


def test_it_is_set_off_again_until_the_subscription_takes_effect() -> None:
    alarm = Alarm(sends=2)
    assert alarms.raised(run_with(alarm)) == ALARM
    assert alarm.set == ["ALARM", "OK", "ALARM"]


def test_the_first_message_of_a_new_alarm_does_not_count() -> None:
    with pytest.raises(CheckFailed, match="did not reach its topic"):
        alarms.raised(run_with(Alarm(sends=9)))
