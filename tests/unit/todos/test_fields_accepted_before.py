"""Fields that a laxer check let in: their todos can be read, edited, reminded of, completed and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.audit.stream_checks import StreamCheck
from chalicelib.ledger import codec
from chalicelib.todos import fold, ids, instants
from chalicelib.todos.content import InvalidContent
from chalicelib.todos.decide import Create, Delete, Patch, Remind, Replace, Restore
from chalicelib.todos.events import COMPLETED, CREATED, DELETED, EDITED, REMINDED, Todo
from chalicelib.views import schema
from tests.unit.scenarios import Stream, complaints, content_of

LONG_INSTANT = f"2026-12-01T09:00:00.{'7' * 31_000}Z"
MANY_MARKS = "a" + "\u0301\u0316" * 200
OLD: dict[str, Any] = {
    "remind_at": LONG_INSTANT,
    "due": LONG_INSTANT,
    "title": MANY_MARKS,
    "notes": MANY_MARKS,
    "tags": ["home", "b" + MANY_MARKS[:60]],
    "list": MANY_MARKS[:90],
}


def stored(**fields: Any) -> Stream:
    stream = Stream()
    stream.write(CREATED, {"title": "Water", **fields})
    return stream


@pytest.mark.parametrize("field", OLD)
def test_it_is_no_longer_accepted(field: str) -> None:
    assert [pointer[: len(field) + 2] for pointer in complaints(**{field: OLD[field]})] == [f"#/{field}"]


@pytest.mark.parametrize("field", OLD)
def test_other_fields_can_be_edited(field: str) -> None:
    stream = stored(**{field: OLD[field]})
    decision = stream.decide(Patch({"priority": "high"}))
    assert decision is not None
    assert (decision.type, decision.change) == (EDITED, {"priority": "high"})


@pytest.mark.parametrize("field", OLD)
def test_it_can_be_completed_deleted_and_restored(field: str) -> None:
    stream = stored(**{field: OLD[field]}).after(Patch({"completed": True}), Delete(), Restore())
    assert [event.type for event in stream.events] == [CREATED, COMPLETED, DELETED, "TodoRestored"]
    assert stream.todo is not None
    assert stream.todo[field] == OLD[field]  # type: ignore[literal-required]


@pytest.mark.parametrize("field", OLD)
def test_it_can_be_mended(field: str) -> None:
    mended = {"title": "Milk", "notes": "n", "tags": ["a"], "list": "home"}.get(field, "2026-12-02")
    stream = stored(**{field: OLD[field]}).after(Patch({field: mended}))
    assert stream.todo is not None
    assert stream.todo[field] == mended  # type: ignore[literal-required]


@pytest.mark.parametrize("field", OLD)
def test_a_patch_may_not_state_it(field: str) -> None:
    with pytest.raises(InvalidContent):
        stored(**OLD).decide(Patch({field: OLD[field]}))


def test_a_patch_with_an_error_of_its_own_is_refused_for_that_alone() -> None:
    with pytest.raises(InvalidContent) as refused:
        stored(**OLD).decide(Patch({"priority": "urgent"}))
    assert [error.pointer for error in refused.value.errors] == ["#/priority"]


def test_a_whole_content_may_not_have_it() -> None:
    with pytest.raises(InvalidContent):
        Replace(content_of(due=LONG_INSTANT))
    with pytest.raises(InvalidContent):
        Create(content_of(due=LONG_INSTANT))


def test_it_is_reminded_of_without_copying_it() -> None:
    stream = stored(remind_at=LONG_INSTANT).after(Remind(instants.sortable(LONG_INSTANT)))
    assert stream.events[-1].type == REMINDED
    assert stream.todo is not None
    assert stream.todo["reminded"] == "2026-12-01T09:00:00.777777Z"
    assert stream.decide(Remind(instants.sortable(LONG_INSTANT))) is None
    assert "remind_at" not in indexed(stream.todo)


def test_a_state_that_copied_it_still_counts_as_reminded() -> None:
    stream = stored(remind_at=LONG_INSTANT).after(Remind(LONG_INSTANT))
    old: Todo = {**stream.events[-1].state, "reminded": LONG_INSTANT}
    assert "remind_at" not in indexed(old)
    # Nor does an audit find it wrong, though today's fold would make another.
    check = StreamCheck()
    for event in stream.events:
        item = codec.encode(event)
        if event.type == REMINDED:
            item["state"] = {"S": codec.dump_state(old)}
        check.take(item)
    assert check.found == []


@pytest.mark.parametrize("remind_at", ["2026-12-01", "2026-12-01T09:00:00.123456789+01:00", None])
def test_of_other_instants_the_reminder_is_kept_as_it_is_written(remind_at: str | None) -> None:
    assert fold.reminded_form(remind_at) == remind_at


def indexed(todo: Todo) -> dict[str, Any]:
    return schema.index_attributes(ids.Partition("me"), "0197e1f0-0000-7000-8000-000000000001", codec.dump_state(todo))
