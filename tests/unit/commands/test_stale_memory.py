"""A remembered event may be out of date, so it serves only to try a put; every answer rests on a fresh read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib import metrics
from chalicelib.commands import execute
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos.decide import Command, Create, Delete, IfMatch, Patch, Restore, TodoIsDeleted, VersionMismatch
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Owner
from tests.unit.commands.memory_ledger import (
    OWNER,
    TODO_ID,
    MemoryLedger,
    command_request,
    given_a_ledger,
    keyed,
    remembered,
)
from tests.unit.scenarios import content_of

CREATE = Create(content_of())


def given_that_others_wrote(
    monkeypatch: pytest.MonkeyPatch, known: list[Command], unknown: list[Command]
) -> MemoryLedger:
    """A process remembers the todo as it was after `known`; meanwhile another has done `unknown`."""
    memory = remembered(given_a_ledger(monkeypatch, CREATE, *known))
    for command in unknown:
        memory.another_writes(command)
    return memory


def test_a_todo_remembered_as_deleted_may_live_again(monkeypatch: pytest.MonkeyPatch) -> None:
    given_that_others_wrote(monkeypatch, [Delete()], [Restore()])
    assert execute.execute(command_request(Patch({"notes": "n"})))[0].version == 4


def test_a_command_is_counted_once_and_each_race_that_it_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    given_that_others_wrote(monkeypatch, [], [Patch({"notes": "theirs"})])
    counted: list[str] = []
    monkeypatch.setattr(metrics, "count", counted.append)

    execute.execute(command_request(Patch({"title": "mine"})))
    execute.execute(command_request(Patch({"title": "mine again"})))

    assert counted == [metrics.COMMANDS, metrics.CONFLICTS, metrics.COMMANDS]


def test_a_todo_remembered_as_live_may_be_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    given_that_others_wrote(monkeypatch, [], [Delete()])
    with pytest.raises(TodoIsDeleted):
        execute.execute(command_request(Patch({"notes": "n"})))


def test_a_todo_remembered_as_live_may_be_created_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    given_that_others_wrote(monkeypatch, [], [Delete()])
    assert execute.execute(command_request(Create(content_of(title="New"))))[0].state["title"] == "New"


@pytest.mark.parametrize("request_of", [command_request, keyed])
def test_nothing_to_change_is_said_of_a_fresh_read(
    monkeypatch: pytest.MonkeyPatch, request_of: Callable[[Command], execute.CommandRequest]
) -> None:
    given_that_others_wrote(monkeypatch, [Patch({"notes": "mine"})], [Patch({"notes": "theirs"})])
    event, appended = execute.execute(request_of(Patch({"notes": "mine"})))
    assert appended
    assert (event.version, event.change, event.state["notes"]) == (4, {"notes": "mine"}, "mine")


def test_what_would_change_the_remembered_state_may_change_nothing_now(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = given_that_others_wrote(monkeypatch, [], [Patch({"notes": "n"})])
    event, appended = execute.execute(command_request(Patch({"notes": "n"})))
    assert (event, appended) == (memory.events[1], False)


def test_a_mismatch_is_said_of_a_fresh_read(monkeypatch: pytest.MonkeyPatch) -> None:
    given_that_others_wrote(monkeypatch, [], [Patch({"notes": "theirs"})])
    assert execute.execute(command_request(Patch({"order": 1}), if_match=IfMatch(frozenset({2}))))[0].version == 3


def test_a_match_with_only_the_remembered_version_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = given_that_others_wrote(monkeypatch, [], [Patch({"notes": "theirs"})])
    with pytest.raises(VersionMismatch):
        execute.execute(command_request(Patch({"order": 1}), if_match=IfMatch(frozenset({1}))))
    assert len(memory.events) == 2


def test_a_patch_that_does_not_fit_the_remembered_state_may_fit_now(monkeypatch: pytest.MonkeyPatch) -> None:
    big = {"metadata": {"a": "x" * 4000}}
    given_that_others_wrote(monkeypatch, [Patch(big)], [Patch({"metadata": None})])
    assert execute.execute(command_request(Patch({"metadata": {"b": "y" * 1000}})))[1]


def test_an_event_too_large_for_the_remembered_state_may_fit_now(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = given_that_others_wrote(monkeypatch, [Patch({"notes": "long"})], [Patch({"notes": None})])

    def append(event: Event) -> None:
        if event.state["notes"] == "long":
            raise EventTooLarge(70_000)
        memory.append(event)

    monkeypatch.setattr("chalicelib.ledger.ledger.append", append)
    assert execute.execute(command_request(Patch({"order": 1})))[0].version == 4


def test_an_event_too_large_for_the_newest_state_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    given_that_others_wrote(monkeypatch, [], [])

    def append(event: Event) -> None:
        raise EventTooLarge(70_000)

    monkeypatch.setattr("chalicelib.ledger.ledger.append", append)
    with pytest.raises(EventTooLarge):
        execute.execute(command_request(Patch({"order": 1})))


def test_the_fresh_read_costs_one_call_and_no_pause(monkeypatch: pytest.MonkeyPatch, no_sleep: list[float]) -> None:
    memory = given_that_others_wrote(monkeypatch, [Delete()], [Restore()])
    execute.execute(command_request(Patch({"notes": "n"})))
    assert (memory.calls, no_sleep) == (["latest", "append"], [])


def test_reading_a_todo_is_always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = given_that_others_wrote(monkeypatch, [], [Patch({"notes": "theirs"})])
    assert execute.current(Owner(OWNER), TODO_ID) == memory.events[1]


def test_after_a_refusal_nothing_old_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = given_that_others_wrote(monkeypatch, [], [Patch({"notes": "theirs"})])
    with pytest.raises(VersionMismatch):
        execute.execute(command_request(Patch({"order": 1}), if_match=IfMatch(frozenset({1}))))
    memory.calls.clear()
    execute.execute(command_request(Patch({"order": 1})))
    assert memory.calls == ["latest", "append"]
