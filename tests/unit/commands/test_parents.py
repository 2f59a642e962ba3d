"""A todo is not its own parent: no command makes it so, and one that was accepted as such can still be changed."""

from __future__ import annotations

import pytest

from chalicelib.commands import execute
from chalicelib.todos.content import InvalidContent
from chalicelib.todos.decide import Command, Create, Patch, Replace, Revert
from tests.unit.commands.memory_ledger import TODO_ID, MemoryLedger, command_request, given_a_ledger
from tests.unit.scenarios import content_of

OWN = content_of(parent=TODO_ID)
ANOTHER = "0197e1f0-0000-7000-8000-000000000002"


@pytest.fixture
def own_parent(monkeypatch: pytest.MonkeyPatch) -> MemoryLedger:
    """Given a todo that was its own parent before that was refused."""
    return given_a_ledger(monkeypatch, Create(OWN))


@pytest.mark.parametrize("command", [Patch({"parent": TODO_ID}), Replace(OWN)])
def test_a_todo_cannot_become_its_own_parent(ledger: MemoryLedger, command: Command) -> None:
    with pytest.raises(InvalidContent) as refused:
        execute.execute(command_request(command))

    assert [error.pointer for error in refused.value.errors] == ["#/parent"]
    assert len(ledger.events) == 1


def test_a_todo_cannot_be_created_as_its_own_parent(empty: MemoryLedger) -> None:
    with pytest.raises(InvalidContent):
        execute.execute(command_request(Create(OWN)))
    assert empty.events == []


@pytest.mark.parametrize(
    "command", [Patch({"title": "Mine"}), Patch({"completed": True}), Replace({**OWN, "order": 1})]
)
def test_one_that_is_its_own_parent_can_be_changed(own_parent: MemoryLedger, command: Command) -> None:
    assert execute.execute(command_request(command))[0].version == 2


def test_it_can_get_another_and_does_not_go_back(own_parent: MemoryLedger) -> None:
    first = own_parent.events[0].state
    assert execute.execute(command_request(Patch({"parent": ANOTHER})))[0].state["parent"] == ANOTHER

    with pytest.raises(InvalidContent):
        execute.execute(command_request(Revert(first)))
