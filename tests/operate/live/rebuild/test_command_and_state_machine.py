"""A rebuild by its command and by the state machine: what is reported, and when it stops."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from chalicelib.aws import dynamodb
from chalicelib.rebuild.run import Run
from chalicelib.rebuild.state import LONGEST_TIMEOUT_SECONDS, PROJECT_TIMEOUT_SECONDS
from chalicelib.triggers.rebuild import WORK_SECONDS, handle
from chalicelib.views import pointer
from stack import cli
from stack.deploy.stages import Stage
from stack.errors import StackError
from stack.local.local_stack import LocalStack
from stack.operate import audit, rebuild
from tests.operate.live.commanding import Owner
from tests.operate.live.rebuild.rebuilding import SHORT, UNLEASED, advance_to, exists, writing
from tests.support.waiting import PATIENCE_SECONDS, eventually


def test_a_table_that_fails_its_audit_is_not_switched_to(
    owner: Owner, views: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.claim(**UNLEASED | {"patience": 0.2})
    advance_to(run, "audit")
    tally = owner.item(run.state.table, "tally")
    dynamodb.client().put_item(TableName=run.state.table, Item=tally | {"open": {"N": "99"}})
    with pytest.raises(StackError, match=r"tally.*where .* are counted"):
        rebuild.rebuild_views(**UNLEASED | {"patience": 0.2})
    assert pointer.pointer().reader == views
    assert "step 4 of 7: audit" in rebuild.describe_status()
    assert "are counted" in rebuild.describe_status()
    # Seen to, the very same rebuild goes on.
    dynamodb.client().put_item(TableName=run.state.table, Item=tally)
    assert rebuild.rebuild_views(**UNLEASED).table == run.state.table


def test_the_waits_are_the_timeouts_of_the_lambdas() -> None:
    for stage in ("local", "dev", "prod"):
        timeouts = {function.name: function.config.lambda_timeout for function in Stage(stage).functions()}
        assert timeouts.pop("rebuild") > 2 * WORK_SECONDS
        assert timeouts["project"] <= PROJECT_TIMEOUT_SECONDS
        assert max(timeouts.values()) <= LONGEST_TIMEOUT_SECONDS


def test_the_command_says_what_it_does(
    owner: Owner, views: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, "claim", partial(Run.claim, **SHORT))
    assert cli.main(["rebuild"]) == 0
    said = capsys.readouterr()
    assert f"the views are rebuilt: {pointer.pointer().reader}" in said.out
    assert "waiting for Lambdas that know of one only" in said.err
    assert cli.main(["rebuild", "--status"]) == 0
    assert "is done" in capsys.readouterr().out


def test_the_state_machine_does_all_of_it(owner: Owner, views: str, stack: LocalStack) -> None:
    machines = stack.deployment.client("stepfunctions")
    (arn,) = [each["stateMachineArn"] for each in machines.list_state_machines()["stateMachines"]]
    wanted = json.dumps({"settle_seconds": 5, "drain_seconds": 5})
    execution = machines.start_execution(stateMachineArn=arn, input=wanted)["executionArn"]
    with writing() as writers:
        eventually(lambda: machines.describe_execution(executionArn=execution)["status"] != "RUNNING")
    reached = machines.describe_execution(executionArn=execution)
    assert reached["status"] == "SUCCEEDED", reached
    assert json.loads(reached["output"])["step"] == "done"
    assert pointer.pointer().tables == (json.loads(reached["output"])["table"],) != (views,)
    assert not exists(views)
    assert all(writer.count for writer in writers)
    assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean


def test_a_repeated_slice_of_an_execution_that_is_done_begins_nothing(owner: Owner, views: str) -> None:
    class Context:
        @staticmethod
        def get_remaining_time_in_millis() -> int:
            return 30_000

    asked = {"request": "an execution", "options": {"settle_seconds": 0.2, "drain_seconds": 0.2}}

    def answer_when_done() -> dict[str, Any] | None:
        answer: dict[str, Any] = handle(asked, Context())
        assert not answer["failed"]
        return answer if answer["done"] else None

    answer = eventually(answer_when_done)
    before = pointer.pointer()
    assert handle(asked, Context()) == answer
    assert pointer.pointer() == before
