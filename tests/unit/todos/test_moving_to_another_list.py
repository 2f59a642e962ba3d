"""A todo that is moved changes its list alone, and only from the list that it is said to be in."""

from __future__ import annotations

import pytest

from chalicelib.todos.decide import Decision, Delete, Move, NotInList, TodoIsDeleted
from chalicelib.todos.events import EDITED
from tests.unit.scenarios import Stream, live


def test_its_list_alone_changes() -> None:
    assert live(list="home", notes="n", completed=True).decide(Move("home", "flat")) == Decision(
        EDITED, {"list": "flat"}
    )


def test_one_that_was_put_in_no_list_is_in_the_inbox() -> None:
    assert live().decide(Move("inbox", "home")) == Decision(EDITED, {"list": "home"})


@pytest.mark.parametrize("name", ["inbox", "Home", "home ", ""])
def test_one_in_another_list_is_not_moved(name: str) -> None:
    with pytest.raises(NotInList):
        live(list="home").decide(Move(name, "flat"))


def test_to_move_it_to_its_own_list_changes_nothing() -> None:
    assert live(list="home").decide(Move("home", "home")) is None


def test_a_deleted_one_is_not_moved() -> None:
    with pytest.raises(TodoIsDeleted):
        live(list="home").after(Delete()).decide(Move("home", "flat"))


def test_what_newer_rules_refuse_does_not_keep_it_from_moving() -> None:
    """A rule without a date to count from was accepted once, and nobody touches it here."""
    stream: Stream = live(list="home")
    assert stream.todo is not None
    stream.todo["repeat"] = "FREQ=NONSENSE"
    assert stream.decide(Move("home", "flat")) == Decision(EDITED, {"list": "flat"})
