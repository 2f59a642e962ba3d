"""Rebuild: a new views table takes the old one's place while writes go on, wherever the run is cut off."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.rebuild import run as rebuild
from chalicelib.rebuild.state import LONGEST_TIMEOUT_SECONDS, PROJECT_TIMEOUT_SECONDS, Busy, Progress
from chalicelib.todos import fold, ids
from chalicelib.triggers import rebuild as trigger
from chalicelib.views import codec, projector, queries
from chalicelib.views import pointer as generations
from chalicelib.views.backfill import Filling
from chalicelib.views.errors import Outrun, PositionExpired
from chalicelib.views.pointer import Pointer
from chalicelib.views.sync import feed
from stack import cli
from stack.deploy.stages import Stage
from stack.errors import StackError
from stack.local.local_stack import LocalStack
from stack.operate import audit
from stack.operate import rebuild as command
from tests.operate.live.commanding import Owner, mixed_commands
from tests.support.waiting import at_once, eventually

# The engine's Lambdas read the pointer and are done within a fraction of this; on AWS it is their timeout.
SHORT: dict[str, Any] = {"settle_seconds": 1.0, "drain_seconds": 1.0, "patience": 20.0}
# Without a lease a run that was killed is taken up at once.
UNLEASED: dict[str, Any] = {**SHORT, "settle_seconds": 0.3, "drain_seconds": 0.3, "lease_seconds": 0.0}


class Killed(BaseException):
    """The process ends here: nothing after it is done."""


@pytest.fixture
def owner(views: str) -> Owner:
    owner = Owner()
    mixed_commands(owner)
    return owner


@pytest.fixture(autouse=True)
def _nothing_under_way(environment: None) -> Iterator[None]:
    yield
    _, state = rebuild.status()
    if state is not None and not state.is_over:
        command.rebuild_views(lease_seconds=0.0, despite_differences=True)


def advance_to(run: rebuild.Run, step: str) -> None:
    eventually(lambda: run.advance().step == step, timeout=60)


def test_the_new_table_takes_the_old_ones_place(owner: Owner, views: str) -> None:
    assert audit.audit_views(patience=20).is_clean
    before = counts(owner)
    assert before == (5, 4, 1)
    steps: list[str] = []
    done = command.rebuild_views(lambda reached: steps.append(reached.step), **SHORT)
    assert done.table != views
    assert generations.pointer() == Pointer(done.table, (done.table,))
    assert not exists(views)
    assert audit.audit_views(patience=20).is_clean
    assert counts(owner) == before
    assert [step for step, _ in itertools.groupby(steps)] == [
        "make", "settle", "fill", "audit", "switch", "drain", "drop", "done"
    ][1:]  # fmt: skip


def test_a_new_fold_ends_with_a_rebuild(owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch) -> None:
    evolve = fold.evolve
    with monkeypatch.context() as newer:
        newer.setattr(fold, "STATE_SCHEMA", fold.STATE_SCHEMA + 1)
        newer.setattr(fold, "evolve", lambda *given: {**evolve(*given), "priority": "high"})
        assert {found.kind for found in audit.audit_views([views], patience=0).differences} >= {"row-state"}
        done = command.rebuild_views(**SHORT)
        assert audit.audit_views([done.table], patience=20).is_clean
        for item in dynamodb.client().scan(TableName=done.table)["Items"]:
            assert "state" not in item or json.loads(item["state"]["S"])["priority"] == "high"
    # And back.
    command.rebuild_views(**SHORT)
    assert audit.audit_views(patience=20).is_clean


def test_the_new_table_is_made_like_the_first(owner: Owner, views: str) -> None:
    first = described(views)
    made = command.rebuild_views(**SHORT).table
    assert described(made) == first
    assert (
        dynamodb.client().describe_time_to_live(TableName=made)["TimeToLiveDescription"]["AttributeName"]
        == "expires_at"
    )


def test_writes_go_on_all_the_while(owner: Owner, views: str) -> None:
    with writing() as writers:
        done = command.rebuild_views(**SHORT)
    assert min(writer.count for writer in writers) > 3
    report = audit.audit_views(patience=20)
    assert report.differences == []
    assert report.tables == (done.table,)
    assert not exists(views)
    for writer in writers:
        assert counts(writer.owner)[0] == writer.expected


def test_both_tables_are_written_while_there_are_two(owner: Owner, views: str) -> None:
    run = rebuild.Run.claim(**SHORT)
    run.advance()
    both = projector.tables()
    assert both == [views, run.state.table]
    assert queries.current_table() == views
    todo_id = owner.create("Into both")
    for table in both:
        eventually(lambda: owner.row(table, todo_id), timeout=60)  # noqa: B023
    run.keep(0)


def test_killed_before_any_call_it_is_taken_up_where_it_was(owner: Owner, views: str) -> None:
    """Each run may send one request more than the run before it, until one comes to the end."""
    runs = 0
    for allowed in itertools.count(1):
        runs += 1
        try:
            with killed_after(allowed):
                done = command.rebuild_views(**UNLEASED)
            break
        except Killed:
            assert audit_of_readers_is_clean()
    assert runs > 15
    assert generations.pointer() == Pointer(done.table, (done.table,))
    assert not exists(views)
    assert [name for name in views_tables() if name != done.table] == []
    assert audit.audit_views(patience=20).is_clean


@pytest.mark.parametrize("step", ["settle", "fill", "audit", "switch", "drain", "drop"])
def test_killed_after_a_step_it_goes_on_with_the_next(owner: Owner, views: str, step: str) -> None:
    def kill(reached: Progress) -> None:
        if reached.step == step:
            raise Killed

    with pytest.raises(Killed):
        command.rebuild_views(kill, **UNLEASED)
    _, state = rebuild.status()
    assert state is not None
    assert state.step == step
    seen: list[str] = []
    done = command.rebuild_views(lambda reached: seen.append(reached.step), **UNLEASED)
    assert done.table == state.table
    assert "make" not in seen
    assert projector.tables() == [done.table]
    assert not exists(views)


def test_the_fill_goes_on_behind_what_is_done(owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.views.backfill.BATCH", 2)
    seen: list[str] = []
    slices = 0
    filling = Filling()
    while not filling.is_done:
        slices += 1
        # What a run leaves in its record, and the next one reads there.
        filling = Filling.from_json(json.loads(json.dumps(filling.to_json())))

        def choose(_: str, heads: Any) -> Any:
            seen.extend(head.todo_id for of_owner in heads.values() for head in of_owner)
            return {}

        filling.advance(lambda: [views], choose, until=0)
    assert slices > 2
    assert len(seen) == len(set(seen)) == filling.streams


def test_a_reader_of_the_feed_starts_over_and_finds_the_same(owner: Owner, views: str) -> None:
    assert audit.audit_views(patience=20).is_clean
    before = feed.page(ids.Owner(owner.name), None, 200)
    assert not before.more
    command.rebuild_views(**SHORT)
    with pytest.raises(PositionExpired, match="rebuilt"):
        feed.page(ids.Owner(owner.name), before.position, 200)
    after = feed.page(ids.Owner(owner.name), None, 200)
    assert after.changes == before.changes != []
    assert feed.page(ids.Owner(owner.name), after.position, 200).changes == []


def test_what_was_deleted_long_ago_stays_out(owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = owner.create("Gone")
    owner.delete(gone)
    eventually(lambda: "expires_at" in owner.row(views, gone), timeout=60)
    monkeypatch.setattr(codec, "TOMBSTONE_SECONDS", -3600)
    done = command.rebuild_views(**SHORT)
    assert owner.row(done.table, gone) == {}
    assert audit.audit_views(patience=20).is_clean


def test_of_two_at_once_one_is_refused(owner: Owner, views: str) -> None:
    first = rebuild.Run.claim(**SHORT)
    first.advance()
    with pytest.raises(Busy):
        rebuild.Run.claim(**SHORT)
    reached = first.advance()
    assert reached.table == first.state.table
    first.keep(0)


def test_of_two_that_begin_together_one_wins(owner: Owner, views: str) -> None:
    def begin() -> rebuild.Run | None:
        try:
            return rebuild.Run.claim(**SHORT)
        except (Busy, Outrun):
            return None

    (won,) = [run for run in at_once([begin] * 4) if run is not None]
    won.keep(0)


def test_who_was_overtaken_does_nothing_more(owner: Owner, views: str) -> None:
    slow = rebuild.Run.claim(**UNLEASED)
    slow.advance()
    fast = rebuild.Run.claim(**UNLEASED)
    with pytest.raises(Outrun):
        slow.advance()
    fast.advance()
    assert fast.state.table == slow.state.table


def test_a_pointer_that_another_changed_is_left_alone(owner: Owner, views: str) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "switch")
    standing = generations.pointer()
    elsewhere = Pointer(standing.reader, (standing.reader,))
    claim = generations.record()
    assert claim is not None
    generations.point(elsewhere, instead_of=standing, under=claim)
    with pytest.raises(Outrun):
        run.advance()
    assert generations.pointer() == elsewhere
    with pytest.raises(Outrun):
        generations.point(standing, instead_of=standing, under=claim)
    command.abandon()


def test_who_was_overtaken_does_not_point_at_what_was_abandoned_meanwhile(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = rebuild.Run.claim(**UNLEASED)
    real = generations.make

    def made_and_then_abandoned_by_another(table: str) -> bool:
        eventually(lambda: real(table), timeout=60)
        command.abandon()
        return True

    monkeypatch.setattr(generations, "make", made_and_then_abandoned_by_another)
    with pytest.raises(Outrun):
        slow.advance()
    assert generations.pointer() == Pointer(views, (views,))


def test_an_abandoning_that_was_cut_off_is_gone_on_with(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "audit")

    def killed(table: str) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(generations, "drop", killed)
        with pytest.raises(Killed):
            run.abandon()
    assert "is being abandoned" in command.describe_status()
    assert command.rebuild_views(**UNLEASED).table != run.state.table
    assert not exists(run.state.table)


def test_a_switch_that_becomes_visible_while_it_is_abandoned_stands(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "switch")
    stale = [generations.pointer()]
    run.advance()
    real = generations.pointer
    monkeypatch.setattr(generations, "pointer", lambda: stale.pop() if stale else real())
    assert run.abandon().step == "drain"
    assert generations.pointer() == Pointer(run.state.table, (run.state.table,))
    assert command.rebuild_views(**SHORT).table == run.state.table


def test_what_the_pointer_may_be_about_to_name_is_not_dropped(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "settle")
    with monkeypatch.context() as patched:
        patched.setattr(generations, "pointer", lambda: Pointer(views, (views,)))
        with pytest.raises(Outrun):
            run.abandon()
    assert generations.pointer() == Pointer(views, (views, run.state.table))
    assert exists(run.state.table)
    command.abandon()
    assert not exists(run.state.table)


def test_abandoned_all_is_as_before(owner: Owner, views: str) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "audit")
    made = run.state.table
    assert command.abandon().table == made
    assert generations.pointer() == Pointer(views, (views,))
    assert not exists(made)
    assert "is abandoned" in command.describe_status()
    with pytest.raises(StackError):
        command.abandon()


def test_what_is_in_use_cannot_be_abandoned(owner: Owner, views: str) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "drain")
    with pytest.raises(StackError, match="can only continue"):
        command.abandon()
    # Nor does it stand in the way of going on.
    assert command.rebuild_views(**SHORT).table == run.state.table


def test_a_table_that_fails_its_audit_is_not_switched_to(
    owner: Owner, views: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = rebuild.Run.claim(**UNLEASED | {"patience": 0.2})
    advance_to(run, "audit")
    tally = owner.item(run.state.table, "tally")
    dynamodb.client().put_item(TableName=run.state.table, Item=tally | {"open": {"N": "99"}})
    with pytest.raises(StackError, match=r"tally.*where .* are counted"):
        command.rebuild_views(**UNLEASED | {"patience": 0.2})
    assert queries.current_table() == views
    assert "step 4 of 7: audit" in command.describe_status()
    assert "are counted" in command.describe_status()
    # Seen to, the very same rebuild goes on.
    dynamodb.client().put_item(TableName=run.state.table, Item=tally)
    assert command.rebuild_views(**UNLEASED).table == run.state.table


def test_the_waits_are_the_timeouts_of_the_lambdas() -> None:
    for stage in ("local", "dev", "prod"):
        timeouts = {function.name: function.config.lambda_timeout for function in Stage(stage).functions()}
        assert timeouts.pop("rebuild") > 2 * trigger.WORK_SECONDS
        assert timeouts["project"] <= PROJECT_TIMEOUT_SECONDS
        assert max(timeouts.values()) <= LONGEST_TIMEOUT_SECONDS


def test_the_command_says_what_it_does(
    owner: Owner, views: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild.Run, "claim", partial(rebuild.Run.claim, **SHORT))
    assert cli.main(["rebuild"]) == 0
    said = capsys.readouterr()
    assert f"the views are rebuilt: {queries.current_table()}" in said.out
    assert "waiting for Lambdas that know of one only" in said.err
    assert cli.main(["rebuild", "--status"]) == 0
    assert "is done" in capsys.readouterr().out


def test_the_state_machine_does_all_of_it(owner: Owner, views: str, stack: LocalStack) -> None:
    machines = stack.deployment.client("stepfunctions")
    (arn,) = [each["stateMachineArn"] for each in machines.list_state_machines()["stateMachines"]]
    wanted = json.dumps({"settle_seconds": 1, "drain_seconds": 1})
    execution = machines.start_execution(stateMachineArn=arn, input=wanted)["executionArn"]
    with writing() as writers:
        eventually(lambda: machines.describe_execution(executionArn=execution)["status"] != "RUNNING", timeout=60)
    reached = machines.describe_execution(executionArn=execution)
    assert reached["status"] == "SUCCEEDED", reached
    assert json.loads(reached["output"])["step"] == "done"
    assert projector.tables() == [json.loads(reached["output"])["table"]] != [views]
    assert not exists(views)
    assert all(writer.count for writer in writers)
    assert audit.audit_views(patience=20).is_clean


def test_a_repeated_slice_of_an_execution_that_is_done_begins_nothing(owner: Owner, views: str) -> None:
    class Context:
        @staticmethod
        def get_remaining_time_in_millis() -> int:
            return 30_000

    asked = {"request": "an execution", "options": {"settle_seconds": 0.2, "drain_seconds": 0.2}}

    def answer_when_done() -> dict[str, Any] | None:
        answer: dict[str, Any] = trigger.handle(asked, Context())
        assert not answer["failed"]
        return answer if answer["done"] else None

    answer = eventually(answer_when_done, timeout=60)
    pointer = generations.pointer()
    assert trigger.handle(asked, Context()) == answer
    assert generations.pointer() == pointer


class Writer:
    """Creates, edits and deletes todos of an owner of its own, as fast as it can."""

    def __init__(self) -> None:
        self.owner = Owner()
        self.count = 0
        self.expected = 0
        self.failure: BaseException | None = None

    def write(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                todo_id = self.owner.create(f"Todo {self.count}", list=f"list {self.count % 3}")
                self.expected += 1
                self.owner.edit(todo_id, completed=True)
                if self.count % 4 == 0:
                    self.owner.delete(todo_id)
                    self.expected -= 1
                self.count += 1
        except BaseException as error:
            self.failure = error


@contextmanager
def writing(writers: int = 2) -> Iterator[list[Writer]]:
    """Commands go on as long as this lasts."""
    stop = threading.Event()
    all_of_them = [Writer() for _ in range(writers)]
    threads = [threading.Thread(target=writer.write, args=(stop,)) for writer in all_of_them]
    for thread in threads:
        thread.start()
    try:
        yield all_of_them
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert [writer.failure for writer in all_of_them] == [None] * writers


@contextmanager
def killed_after(allowed: int) -> Iterator[None]:
    """So many requests go to DynamoDB, and none after them."""
    sent = itertools.count(1)

    def kill(**_: Any) -> None:
        if next(sent) > allowed:
            raise Killed

    events = dynamodb.client().meta.events
    events.register("before-send.dynamodb", kill)
    try:
        yield
    finally:
        events.unregister("before-send.dynamodb", kill)


def audit_of_readers_is_clean() -> bool:
    """What clients read is right at any moment."""
    return audit.audit_views([queries.current_table()], patience=20).is_clean


def counts(owner: Owner) -> tuple[int, int, int]:
    tally = queries.tally(ids.Owner(owner.name))
    return tally.total, tally.open, tally.completed


def exists(table: str) -> bool:
    try:
        dynamodb.client().describe_table(TableName=table)
    except ClientError:
        return False
    return True


def described(table: str) -> Any:
    found = dynamodb.client().describe_table(TableName=table)["Table"]
    local = [
        {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}
        for index in found["LocalSecondaryIndexes"]
    ]
    return found["KeySchema"], local, [index["IndexName"] for index in found["GlobalSecondaryIndexes"]]


def views_tables() -> list[str]:
    prefix = settings.settings_table().removesuffix("settings") + "views-"
    return [name for name in dynamodb.client().list_tables()["TableNames"] if name.startswith(prefix)]
