"""An alarm that is raised by hand: it must reach the topic that people subscribe to."""

from __future__ import annotations

import json
from typing import Any, Final

from stack.smoke.outcome import CheckFailed, Skipped, expect
from stack.smoke.run import Run
from stack.smoke.subscription import Subscription

# Its metric has data only when something is wrong, so CloudWatch does not change its state by itself at once.
ALARM: Final = "Quarantine"
_SUBSCRIPTION: Final = "subscription of alarms"
# A subscription and the policy of its queue take effect up to a minute after they are made: an alarm before that is not
# heard, and is set off again.
_TRIES: Final = 3
_SECONDS: Final = 25


def begin(run: Run) -> None:
    """Subscribe a queue to the alarms' topic."""
    if run.deployment.watch.exists():
        topic = run.deployment.watch.resources()["AlarmTopic"]
        run.begun[_SUBSCRIPTION] = Subscription(run, topic, "alarms")


def raised(run: Run) -> str:
    """An alarm that is set off by hand reaches the subscribers of its topic; it is set back then."""
    if _SUBSCRIPTION not in run.begun:
        expect(run.takes_local_webhooks, f"the stack {run.deployment.watch.name} is not deployed")
        raise Skipped("the local stage has no alarms")
    cloudwatch, name = run.aws("cloudwatch"), f"{run.deployment.stage.prefix}-{ALARM}"
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    expect(found, f"there is no alarm {name}")
    before = found[0]["StateValue"]
    if before == "ALARM":
        raise Skipped(f"{name} is in ALARM: see its runbook")
    reason = f"set by the smoke test {run.name}; nothing is wrong"
    run.on_end(
        f"the state of the alarm {name}",
        lambda: cloudwatch.set_alarm_state(AlarmName=name, StateValue=before, StateReason=reason),
    )
    for attempt in range(_TRIES):
        for state in (before, "ALARM") if attempt else ("ALARM",):
            cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)
        if run.begun[_SUBSCRIPTION].find(lambda one: _is_about(one, reason), seconds=_SECONDS) is not None:
            return name
    raise CheckFailed(f"{name} did not reach its topic within {_TRIES * _SECONDS} s")


def _is_about(message: Any, reason: str) -> bool:
    """Whether it says that this run has set the alarm off: one of a new stage also says when it first is OK."""
    text: str = message["Body"]
    found = json.loads(text) if text.startswith("{") else {}
    return (found.get("NewStateValue"), found.get("NewStateReason")) == ("ALARM", reason)
