"""The stack that watches a stage: alarms to a topic, and a dashboard."""

from __future__ import annotations

from typing import Any, Final

from stack.artifacts import Artifacts
from stack.cloudformation import Stack
from stack.state import REPOSITORY

TEMPLATE: Final = REPOSITORY / ".chalice" / "watch.yaml"


def name(stage: str) -> str:
    return f"todo-ledger-{stage}-watch"


def deploy(cloudformation: Any, artifacts: Artifacts, stage: str, alarm_email: str = "") -> None:
    """Deploy alarms and dashboard; nothing happens where they are as they should be.

    Parameters
    ----------
    cloudformation : CloudFormation client
    artifacts : Artifacts
    stage : str
    alarm_email : str
        Who is told of alarms; SNS asks there first.

    Raises
    ------
    StackError
        It failed.
    """
    template = TEMPLATE.read_text()
    url = artifacts.upload_template(template)
    change_set = Stack(cloudformation, name(stage)).prepare(url, {"Stage": stage, "AlarmEmail": alarm_email})
    if change_set is not None:
        change_set.execute()
