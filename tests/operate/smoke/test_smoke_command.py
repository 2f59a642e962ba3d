"""`python -m stack smoke` on a deployed stage: everything once, recorded, compared and removed."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Final

import pytest

from stack import cli
from stack.deploy.deployment import Deployment
from stack.local.local_stack import LocalStack
from stack.smoke import runner
from stack.smoke.check import Check
from stack.smoke.outcome import FAILED, PASSED, SKIPPED, CheckFailed
from stack.smoke.recording import AREAS
from stack.smoke.registry import CHECKS
from stack.smoke.run import Run
from stack.smoke.subscription import Subscription
from tests.operate.smoke.smoking import TODOS, begin_run, outcomes_of
from tests.support.client import Client
from tests.support.waiting import eventually

# Recorded from the local engine, until somebody has recorded a stage on AWS (docs/operate/smoke.md).
RECORDED: Final = Path(__file__).with_name("recorded")
# What the local engine, or its stage, lacks.
NOT_HERE: Final = {
    "the account's quotas can be read",
    "a long answer is packed",
    "a webhook to an address inside is refused",
    "CloudWatch has the metrics",
}


def smoke(stack: LocalStack, *options: str) -> int:
    return cli.main(["--directory", str(stack.state.directory), "smoke", *options])


@pytest.mark.slow
def test_a_sound_stage_passes_and_keeps_nothing_but_events(
    stack: LocalStack,
    deployment: Deployment,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # An owner without todos of other runs, or a page of the recording has a next one.
    owner = f"smoke-{uuid.uuid4()}"
    monkeypatch.setenv("TODO_LEDGER_TOKEN", stack.token(owner))
    monkeypatch.setenv("TODO_LEDGER_READ_TOKEN", stack.token(owner, "todos:read"))
    code = smoke(stack, "--todos", str(TODOS), "--json", "--record", str(tmp_path), "--compare", str(RECORDED))
    found = json.loads(capsys.readouterr().out)
    assert [check for check in found["checks"] if check["state"] == FAILED] == []
    assert code == 0
    assert {check["name"] for check in found["checks"] if check["state"] == SKIPPED} == NOT_HERE
    assert found["stage"] == "local"
    assert found[PASSED] == len(CHECKS) - len(NOT_HERE) + 2, "the clean-up and the comparison, too"
    assert made_things(deployment) == []
    nothing = {"total": 0, "open": 0, "completed": 0}
    eventually(lambda: Client(stack.url, stack.token(owner)).stats() == nothing)
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in RECORDED.glob("*.http")}


def test_a_quick_run_leaves_out_what_takes_long() -> None:
    slow = {check.area for check in CHECKS if not check.is_quick} - {check.area for check in CHECKS if check.is_quick}
    assert slow == {"long list", "reminders", "rebuild", "alarms"}
    assert all(check.is_quick for check in CHECKS if check.area in AREAS)


def test_what_a_rebuild_mends_is_looked_at_after_it() -> None:
    names = [check.name for check in CHECKS]
    rebuild = names.index("the state machine rebuilds the views")
    mended = ("no setting differs from the repository", "the views table has all that this version needs")
    assert all(names.index(name) > rebuild for name in mended)


def test_what_a_check_made_is_removed_after_a_failure(stack: LocalStack, deployment: Deployment) -> None:
    def fail(run: Run) -> str:
        make_everything(run)
        raise CheckFailed("on purpose")

    found = outcomes_of(begin_run(stack), [Check("todos", "fails", fail)])
    assert (found["fails"].state, found["fails"].detail) == (FAILED, "on purpose")
    assert found[runner.CLEANING[1]].state == PASSED
    assert made_things(deployment) == []


def test_what_a_check_made_is_removed_after_an_interrupt(stack: LocalStack, deployment: Deployment) -> None:
    made: list[Any] = []

    def interrupted(run: Run) -> str:
        made.append((run, make_everything(run)))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcomes_of(begin_run(stack), [Check("todos", "is interrupted", interrupted)])
    ((run, todo_id),) = made
    assert run.left == []
    assert run.api.get(f"/todos/{todo_id}").status == 410
    assert made_things(deployment) == []


def test_what_cannot_be_removed_is_said(stack: LocalStack) -> None:
    def stuck(run: Run) -> str:
        run.on_end("a rock", lambda: 1 / 0)
        return ""

    found = outcomes_of(begin_run(stack), [Check("todos", "makes a rock", stuck)])
    cleaned = found[runner.CLEANING[1]]
    assert (cleaned.state, cleaned.detail) == (FAILED, "a rock (division by zero)")


def test_a_line_for_each_check_and_an_exit_code(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smoke(stack, "--only", "bodies") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len([check for check in CHECKS if check.area == "bodies"]) + 2
    assert lines[0].startswith("passed ")
    assert "bodies: a body that is too long is 413" in lines[0]
    assert lines[-1] == f"{len(lines) - 1} passed, 0 failed, 0 skipped"

    monkeypatch.setenv("TODO_LEDGER_TOKEN", "of-nobody")
    assert smoke(stack, "--only", "bodies") == 1
    assert "failed " in capsys.readouterr().out


def test_what_is_asked_for_wrongly_is_an_error(
    stack: LocalStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smoke(stack, "--only", "everything") == 1
    assert "there is no area everything; there are deployment, account" in capsys.readouterr().err
    assert smoke(stack, "--only", "bodies", "--compare", str(tmp_path)) == 1
    assert "has no recording of a check that was made" in capsys.readouterr().out


def make_everything(run: Run) -> str:
    """What checks make; the todo's id."""
    Subscription(run, run.deployment.outputs()["EventsTopicArn"], "test")
    todo_id: str = run.create("made").json()["id"]
    return todo_id


def made_things(deployment: Deployment) -> list[str]:
    """The queues, subscriptions and webhooks that runs have left."""
    queues = deployment.client("sqs").list_queues(QueueNamePrefix=f"{deployment.stage.prefix}-smoke").get("QueueUrls")
    subscriptions = deployment.client("sns").list_subscriptions()["Subscriptions"]
    pages = deployment.client("dynamodb").get_paginator("scan").paginate(TableName="todo-ledger-local-settings")
    settings = [item for page in pages for item in page["Items"]]
    return [
        *(queues or []),
        *(one["Endpoint"] for one in subscriptions if "smoke" in one["Endpoint"]),
        *(item["sk"]["S"] for item in settings if item["sk"]["S"].startswith("webhook#")),
    ]
