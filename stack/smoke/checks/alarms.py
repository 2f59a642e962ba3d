"""An alarm that is raised by hand: it must reach the topic that people subscribe to."""

from __future__ import annotations

import json
from typing import Any, Final

from stack.smoke.outcome import Skipped, expect
from stack.smoke.run import Run
from stack.smoke.subscription import Subscription

# Its metric has data only when something is wrong, so CloudWatch does not change its state by itself at once.
ALARM: Final = "Quarantine"
_SUBSCRIPTION: Final = "subscription of alarms"
_SECONDS: Final = 60


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
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=reason)
    message = run.begun[_SUBSCRIPTION].find(lambda one: _is_about(one, reason), seconds=_SECONDS)
    expect(message is not None, f"{name} did not reach its topic within {_SECONDS} s")
    return name


def _is_about(message: Any, reason: str) -> bool:
    """Whether it is of what this run did: a new alarm of a new stage also says when it first is OK."""
    text: str = message["Body"]
    return text.startswith("{") and json.loads(text).get("NewStateReason") == reason
