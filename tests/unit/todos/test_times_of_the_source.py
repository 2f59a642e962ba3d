"""What a source knows of a todo's creation and completion wins over the event's instant, and no command says it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.todos import decide, fold, instants, json_patch, recurrence
from chalicelib.todos.decide import Command, Create, Delete, JsonPatch, Patch, Replace, Restore, Revert
from chalicelib.todos.events import (
    COMPLETED,
    CREATED,
    DEFAULTS,
    DELETED,
    EDITED,
    REMINDED,
    REOPENED,
    RESTORED,
    REVERTED,
    SOURCE_TIMES,
    Change,
    Todo,
)
from tests.unit.scenarios import content_of, deleted, instant, live

EARLIER, LATER = "2019-05-04T10:00:00.000Z", "2020-06-05T11:00:00.000Z"
TIMES = {"created_at": EARLIER, "completed_at": LATER}
FORGED = {"created_at": "1999-01-01T00:00:00.000Z", "completed_at": "1999-01-01T00:00:00.000Z"}

OPEN = fold.evolve(None, CREATED, {"title": "Buy milk", "created_at": EARLIER}, instant(1))
DONE = fold.evolve(OPEN, COMPLETED, {"completed": True, "completed_at": LATER}, instant(2))
GONE = fold.evolve(DONE, DELETED, {}, instant(3))


def test_a_todo_was_created_and_completed_when_its_first_event_says() -> None:
    todo = fold.evolve(None, CREATED, {"title": "x", "completed": True, **TIMES}, instant(1))
    assert (todo["created_at"], todo["completed_at"], todo["updated_at"]) == (EARLIER, LATER, instant(1))


@pytest.mark.parametrize(
    ("todo", "event_type", "change", "completed_at"),
    [
        (OPEN, COMPLETED, {"completed": True, "completed_at": LATER}, LATER),
        (OPEN, REVERTED, {"completed": True, "completed_at": LATER}, LATER),
        (
            fold.evolve(OPEN, DELETED, {}, instant(2)),
            RESTORED,
            {"completed": True, "completed_at": LATER},
            LATER,
        ),
        (OPEN, COMPLETED, {"completed": True}, instant(9)),
        (OPEN, EDITED, {"notes": "n", **FORGED}, None),
        (OPEN, EDITED, {"completed": False, **FORGED}, None),
        (DONE, REOPENED, {"completed": False, **FORGED}, None),
        (DONE, EDITED, {"completed": True, **FORGED}, LATER),
        (DONE, REMINDED, FORGED, LATER),
        (DONE, DELETED, FORGED, LATER),
        (GONE, RESTORED, FORGED, LATER),
    ],
)
def test_only_a_change_that_completes_says_when(
    todo: Todo, event_type: str, change: Change, completed_at: str | None
) -> None:
    after = fold.evolve(todo, event_type, change, instant(9))
    assert (after["completed_at"], after["created_at"], after["updated_at"]) == (completed_at, EARLIER, instant(9))


def test_a_first_event_of_an_open_todo_has_no_completion() -> None:
    assert fold.evolve(None, CREATED, {"title": "x", **FORGED}, instant(1))["completed_at"] is None


def test_completed_again_the_todo_was_completed_then() -> None:
    reopened = fold.evolve(DONE, REOPENED, {"completed": False}, instant(3))
    assert fold.evolve(reopened, COMPLETED, {"completed": True}, instant(4))["completed_at"] == instant(4)


def fold_of_before(todo: Todo | None, event_type: str, change: Change, occurred_at: str) -> dict[str, Any]:
    """What `evolve` was when no change had the times of a source."""
    before: dict[str, Any] = dict(DEFAULTS if todo is None else todo)
    after = {**before, **change, "updated_at": occurred_at}
    if todo is None:
        after["created_at"] = occurred_at
    if after["completed"] != before["completed"]:
        after["completed_at"] = occurred_at if after["completed"] else None
    if event_type == DELETED:
        after["deleted"] = True
    elif event_type in (CREATED, RESTORED, REVERTED):
        after["deleted"] = False
    elif event_type == REMINDED:
        after["reminded"] = fold.reminded_form(after["remind_at"])
    return after


CHANGES = st.fixed_dictionaries({}, optional={"completed": st.booleans(), "notes": st.sampled_from(["a", None])})
TYPES = st.sampled_from([EDITED, COMPLETED, REOPENED, DELETED, RESTORED, REVERTED, REMINDED])


@given(first=CHANGES, later=st.lists(st.tuples(TYPES, CHANGES), max_size=8), times=st.booleans())
def test_events_without_them_lead_to_the_states_of_before_also_after_one_with_them(
    first: Change, later: list[tuple[str, Change]], times: bool
) -> None:
    """So the version of the fold (STATE_SCHEMA) stays what it was, and an older writer can follow a newer one."""
    stated = {"title": "x", **first, **(TIMES if times else {})}
    todo = fold.evolve(None, CREATED, stated, instant(1))
    if not times:
        assert todo == fold_of_before(None, CREATED, stated, instant(1))
    for number, (event_type, change) in enumerate(later, start=2):
        expected = fold_of_before(todo, event_type, change, instant(number))
        todo = fold.evolve(todo, event_type, change, instant(number))
        assert todo == expected
    assert fold.STATE_SCHEMA == 1


def whole(**stated: Any) -> dict[str, Any]:
    """A content as a caller may have read and edited it."""
    return content_of(**stated, **FORGED)


@pytest.mark.parametrize(
    ("todo", "command"),
    [
        (None, Create(whole(completed=True))),
        (deleted().todo, Create(whole(completed=True))),
        (live().todo, Replace(whole(completed=True))),
        (live().todo, Patch({"completed": True, **FORGED})),
        (live().todo, Patch(FORGED)),
        (
            live().todo,
            JsonPatch(
                json_patch.parse(
                    [
                        {"op": "replace", "path": "/completed", "value": True},
                        {"op": "replace", "path": "/created_at", "value": EARLIER},
                        {"op": "add", "path": "/completed_at", "value": EARLIER},
                    ]
                ),
                {},
            ),
        ),
        (OPEN, Delete()),
        (GONE, Restore()),
        (OPEN, Revert(DONE)),
    ],
)
def test_no_command_says_them(todo: Todo | None, command: Command) -> None:
    decision = decide.decide(command, todo, 1 if todo else 0)
    assert decision is None or not decision.change.keys() & set(SOURCE_TIMES)


def test_the_next_occurrence_is_created_and_open_when_it_is_made() -> None:
    state = fold.evolve(
        None,
        CREATED,
        {"title": "x", "completed": True, "due": "2026-12-01", "repeat": "FREQ=DAILY", **TIMES},
        instant(1),
    )
    wanted = recurrence.next_occurrence(state)
    assert wanted is not None
    decision = decide.decide(Create(wanted), None, 0)
    assert decision is not None
    following = fold.evolve(None, decision.type, decision.change, instant(2))
    assert (following["created_at"], following["completed_at"]) == (instant(2), None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-05-04T12:00:00+02:00", EARLIER),
        ("2019-05-04T10:00:00.0009999Z", EARLIER),
        ("0987-05-04", "0987-05-04T00:00:00.000Z"),
    ],
)
def test_an_instant_has_one_canonical_form(text: str, expected: str) -> None:
    assert instants.canonical(instants.parse(text)) == expected
    assert instants.canonical(instants.parse(expected)) == expected
