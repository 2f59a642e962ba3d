"""Idempotency keys: a repeat finds the first answer, whatever happened since; another request with the key does not."""

from __future__ import annotations

import pytest

from chalicelib.commands import execute
from chalicelib.todos.content import InvalidContent
from chalicelib.todos.decide import (
    Command,
    Create,
    Delete,
    IfMatch,
    Patch,
    Refusal,
    Replace,
    Restore,
    TodoIsDeleted,
    TodoNotFound,
    VersionMismatch,
)
from chalicelib.todos.events import EDITED
from tests.support.reset import forget_todos
from tests.unit.commands.memory_ledger import MemoryLedger, command_request, keyed, remembered
from tests.unit.scenarios import content_of

CREATE = Create(content_of())
COMMANDS = [Patch({"notes": "mine"}), Replace(content_of(title="Mine")), Delete()]


@pytest.mark.parametrize("is_warm", [True, False], ids=["warm", "cold"])
@pytest.mark.parametrize("if_match", [None, IfMatch(frozenset({1}))], ids=["", "if-match"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_repeat_gets_the_first_answer(
    ledger: MemoryLedger, command: Command, if_match: IfMatch | None, is_warm: bool
) -> None:
    first = execute.execute(keyed(command, if_match=if_match))
    if not is_warm:
        forget_todos()
    repeat = execute.execute(keyed(command, if_match=if_match))
    assert (first[1], repeat[1]) == (True, False)
    assert repeat[0] == first[0]
    assert len(ledger.events) == 2


@pytest.mark.parametrize("since", [[Patch({"notes": "theirs"})], [Delete()], [Delete(), Restore()]])
@pytest.mark.parametrize("is_warm", [True, False], ids=["warm", "cold"])
def test_also_after_newer_versions(ledger: MemoryLedger, since: list[Command], is_warm: bool) -> None:
    mine = keyed(Patch({"notes": "mine"}), if_match=IfMatch(frozenset({1})))
    first = execute.execute(mine)
    for command in since:
        ledger.another_writes(command)
    if not is_warm:
        forget_todos()
    assert execute.execute(mine)[0] == first[0]
    assert len(ledger.events) == 2 + len(since), "theirs stands"


def test_a_repeated_creation_gets_the_first_answer(empty: MemoryLedger) -> None:
    first = execute.execute(keyed(CREATE))
    empty.another_writes(Patch({"title": "Theirs"}))
    forget_todos()
    assert execute.execute(keyed(CREATE))[0] == first[0]


@pytest.mark.parametrize("is_warm", [True, False], ids=["warm", "cold"])
def test_another_request_with_the_key_is_refused(ledger: MemoryLedger, is_warm: bool) -> None:
    execute.execute(keyed(Patch({"notes": "mine"}), request_hash="h"))
    if not is_warm:
        forget_todos()
    with pytest.raises(execute.KeyReused):
        execute.execute(keyed(Patch({"notes": "other"}), request_hash="g"))
    assert len(ledger.events) == 2


def test_another_key_is_another_request(ledger: MemoryLedger) -> None:
    execute.execute(keyed(Patch({"notes": "a"}), key="k"))
    assert execute.execute(keyed(Patch({"notes": "b"}), key="K"))[0].version == 3


def test_the_key_is_looked_for_after_the_newest_event_was_read(ledger: MemoryLedger) -> None:
    execute.execute(keyed(Patch({"notes": "n"})))
    assert ledger.calls == ["latest", "version_with_key", "append"]


@pytest.mark.parametrize("step", ["latest", "version_with_key", "append"])
@pytest.mark.parametrize("is_warm", [True, False], ids=["warm", "cold"])
def test_a_twin_at_any_moment_makes_one_event(ledger: MemoryLedger, step: str, is_warm: bool) -> None:
    """A slow twin wins just before this step; without the order of the steps it would be overlooked at one of them."""
    if is_warm:
        remembered(ledger)
    ledger.before[step] = [lambda: ledger.another_writes(Patch({"notes": "n"}), key="k", request_hash="h")]
    event, _ = execute.execute(keyed(Patch({"notes": "n"})))
    assert [event.idempotency_key for event in ledger.events].count("k") == 1
    assert event.idempotency_key == "k"


@pytest.mark.parametrize("step", ["latest", "version_with_key", "append"])
def test_a_twin_and_then_another_writer_too(ledger: MemoryLedger, step: str) -> None:
    def both() -> None:
        ledger.another_writes(Patch({"notes": "n"}), key="k", request_hash="h")
        ledger.another_writes(Patch({"notes": "theirs"}))

    ledger.before[step] = [both]
    event, _ = execute.execute(keyed(Patch({"notes": "n"})))
    assert (event.version, event.state["notes"], len(ledger.events)) == (2, "n", 3)


@pytest.mark.parametrize("step", ["latest", "append"])
def test_a_twin_of_a_creation_makes_one_todo(empty: MemoryLedger, step: str) -> None:
    empty.before[step] = [lambda: empty.another_writes(CREATE, key="k", request_hash="h")]
    event, appended = execute.execute(keyed(CREATE))
    assert (event, appended, len(empty.events)) == (empty.events[0], False, 1)


def test_a_twin_that_wins_the_put_is_known_by_its_event(ledger: MemoryLedger, no_sleep: list[float]) -> None:
    ledger.before["append"] = [lambda: ledger.another_writes(Patch({"notes": "n"}), key="k", request_hash="h")]
    event, appended = execute.execute(keyed(Patch({"notes": "n"})))
    assert (event, appended) == (ledger.events[1], False)
    assert ledger.calls == ["latest", "version_with_key", "append", "at_version"]
    assert no_sleep == [], "no race was lost"


def test_another_request_that_took_the_version_with_the_key_is_recognised(ledger: MemoryLedger) -> None:
    ledger.before["append"] = [lambda: ledger.another_writes(Patch({"notes": "x"}), key="k", request_hash="g")]
    with pytest.raises(execute.KeyReused):
        execute.execute(keyed(Patch({"notes": "n"})))


def test_a_key_comes_before_every_precondition(ledger: MemoryLedger) -> None:
    mine = keyed(Delete(), if_match=IfMatch(frozenset({1})))
    execute.execute(mine)
    assert execute.execute(mine)[0].version == 2, "neither deleted (410) nor stale (412)"


@pytest.mark.parametrize("command", [Patch({}), Patch({"title": "Buy milk"}), Replace(content_of()), Restore()])
def test_a_keyed_command_that_changes_nothing_is_recorded(ledger: MemoryLedger, command: Command) -> None:
    first = execute.execute(keyed(command))[0]
    assert (first.type, first.change, first.version, first.idempotency_key) == (EDITED, {}, 2, "k")
    ledger.another_writes(Patch({"title": "Theirs"}))
    assert execute.execute(keyed(command))[0] == first, "decided anew, it would undo what others did"
    ledger.assert_unbroken()


def test_without_a_key_it_is_not(ledger: MemoryLedger) -> None:
    event, appended = execute.execute(command_request(Patch({"title": "Buy milk"})))
    assert (event, appended, ledger.calls) == (ledger.events[0], False, ["latest"])


@pytest.mark.parametrize(
    ("command", "if_match", "refusal"),
    [
        (Patch({"color": "red"}), None, InvalidContent),
        (Patch({"notes": "n"}), IfMatch(frozenset({7})), VersionMismatch),
        (CREATE, None, Refusal),
    ],
)
def test_a_refusal_is_not_recorded(
    ledger: MemoryLedger, command: Command, if_match: IfMatch | None, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        execute.execute(keyed(command, if_match=if_match))
    assert "append" not in ledger.calls
    assert execute.execute(keyed(Patch({"notes": "n"})))[0].version == 2, "so the key is free"


def test_what_was_refused_may_succeed_later(ledger: MemoryLedger) -> None:
    ledger.another_writes(Delete())
    with pytest.raises(TodoIsDeleted):
        execute.execute(keyed(Patch({"notes": "n"})))
    ledger.another_writes(Restore())
    assert execute.execute(keyed(Patch({"notes": "n"})))[1]


def test_on_an_empty_stream_no_key_is_looked_for(empty: MemoryLedger) -> None:
    with pytest.raises(TodoNotFound):
        execute.execute(keyed(Patch({"notes": "n"})))
    assert empty.calls == ["latest"]
