"""A file that is loaded again: changes in the source are applied, changes made here are not undone."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.commands.undo import units
from chalicelib.todos import fold, ids, instants, undo
from chalicelib.todos.decide import Command, Delete, Patch, Remind, Restore, decide
from chalicelib.todos.events import OFF, ON, Event
from chalicelib.todos.standing_writes import StandingWrites
from loaders.reconcile import ACTOR, delete_event, next_event
from tests.loaders.loading import GroupLedger, lines, load


def first(**fields: Any) -> bytes:
    return lines({"id": 1, "title": "Buy milk", **fields})


def by_the_user(
    ledger: GroupLedger, command: Command, actor: str = "ann", correlation_id: str | None = "a request"
) -> None:
    """A command on the one todo that there is."""
    [(stream, history)] = ledger.streams.items()
    decision = decide(command, history[-1].state, history[-1].version)
    assert decision is not None
    ledger.streams[stream].append(
        replace(next_event(history[-1], decision), actor=actor, correlation_id=correlation_id)
    )


def by_an_undo(ledger: GroupLedger, operation: str, direction: str = OFF) -> None:
    """The user undoes an operation in the one todo that there is, or brings back what an undo took."""
    [(stream, history)] = ledger.streams.items()
    writes = StandingWrites(operation)
    for event in history:
        writes.follow(event)
    name = f"~{len(history)}"
    values = undo.switch({"it": writes}, name, direction)["it"].values
    assert values
    event = units.event_of(
        writes,
        undo.decision_of(writes, values),
        instants.instant_after(history[-1].occurred_at),
        event_id=name,
        actor="ann",
        operation=name,
        undoes=operation,
        direction=direction,
        correlation_id="a request",
    )
    ledger.streams[stream].append(event)


def history_of(ledger: GroupLedger) -> list[Event]:
    [history] = ledger.streams.values()
    assert [event.version for event in history] == list(range(1, len(history) + 1))
    assert fold.fold(history) == history[-1].state
    return history


@pytest.fixture
def ledger() -> GroupLedger:
    found = GroupLedger()
    load(first(), found)
    return found


def test_a_row_that_changed_at_the_source_becomes_one_edit_of_what_changed(ledger: GroupLedger) -> None:
    for _ in range(3):
        summary, reported = load(first(due="2026-12-01"), ledger)
        assert reported == []
    assert (summary.updated, summary.already, summary.is_all_in) == (0, 1, True)
    assert [(event.type, event.actor) for event in history_of(ledger)] == [
        ("TodoCreated", ACTOR),
        ("TodoEdited", ACTOR),
    ]
    assert history_of(ledger)[-1].change == {"due": "2026-12-01"}


def test_a_row_that_is_done_at_the_source_completes_its_todo_and_begins_no_next_occurrence(
    ledger: GroupLedger,
) -> None:
    load(first(repeat="FREQ=DAILY", due="2026-12-01"), ledger)
    load(first(repeat="FREQ=DAILY", due="2026-12-01", done=True), ledger)
    assert [event.type for event in history_of(ledger)] == ["TodoCreated", "TodoEdited", "TodoCompleted"]


def test_a_row_that_changes_and_changes_back_is_followed_both_ways(ledger: GroupLedger) -> None:
    load(first(notes="Two litres"), ledger)
    summary, _ = load(first(), ledger)
    assert summary.updated == 1
    assert [event.state["notes"] for event in history_of(ledger)] == [None, "Two litres", None]


@pytest.mark.parametrize("command", [Patch({"title": "Buy oat milk"}), Patch({"completed": True}), Delete()])
def test_what_the_user_did_here_stays_while_the_source_says_the_same(ledger: GroupLedger, command: Command) -> None:
    by_the_user(ledger, command)
    summary, _ = load(first(), ledger)
    assert (summary.already, summary.is_all_in) == (1, True)
    assert len(history_of(ledger)) == 2


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (Patch({"title": "Buy oat milk"}), "the todo was changed here since it was loaded; it was left unchanged"),
        (Delete(), "the todo was deleted here since it was loaded; it was not restored"),
    ],
)
def test_a_todo_changed_here_and_at_the_source_is_reported_and_not_overwritten(
    ledger: GroupLedger, command: Command, reason: str
) -> None:
    by_the_user(ledger, command)
    for _ in range(2):
        summary, reported = load(first(due="2026-12-01"), ledger)
        assert (summary.reported, reported, summary.is_all_in) == (1, [(1, reason)], False)
    assert len(history_of(ledger)) == 2


def test_a_row_that_only_moved_is_followed_but_does_not_contradict_what_the_user_did(ledger: GroupLedger) -> None:
    assert load(first(order=2), ledger)[0].updated == 1
    by_the_user(ledger, Patch({"completed": True}))
    summary, _ = load(first(order=3), ledger)
    assert (summary.already, summary.is_all_in) == (1, True)
    summary, _ = load(first(order=3, notes="x"), ledger)
    assert summary.reported == 1


def test_a_change_that_both_sides_made_is_not_a_conflict(ledger: GroupLedger) -> None:
    by_the_user(ledger, Patch({"completed": True}))
    summary, _ = load(first(done="x"), ledger)
    assert (summary.already, len(history_of(ledger))) == (1, 2)


def test_a_change_that_the_user_took_back_is_not_a_conflict(ledger: GroupLedger) -> None:
    by_the_user(ledger, Patch({"completed": True}))
    by_the_user(ledger, Patch({"completed": False}))
    summary, _ = load(first(due="2026-12-01"), ledger)
    assert (summary.updated, len(history_of(ledger))) == (1, 4)


def test_a_reminder_does_not_count_as_a_change_by_the_user() -> None:
    ledger = GroupLedger()
    load(first(remind_at="9026-12-01"), ledger)
    by_the_user(ledger, Remind("9026-12-01"), actor=ids.REMIND)
    summary, _ = load(first(remind_at="9026-12-24"), ledger)
    assert (summary.updated, summary.reported) == (1, 0)
    assert [event.type for event in history_of(ledger)] == ["TodoCreated", "TodoReminded", "TodoEdited"]


@pytest.mark.parametrize("owner", ["loader", "remind", "ann"])
def test_an_owner_with_the_name_of_a_worker_keeps_edits(ledger: GroupLedger, owner: str) -> None:
    by_the_user(ledger, Patch({"title": "Buy oat milk"}), actor=owner)
    summary, _ = load(first(due="2026-12-01"), ledger)
    assert (summary.updated, summary.reported) == (0, 1)
    assert history_of(ledger)[-1].state["title"] == "Buy oat milk"


def test_what_an_earlier_version_loaded_is_recognised() -> None:
    ledger = GroupLedger()
    load(first(), ledger)
    [(stream, [created])] = ledger.streams.items()
    ledger.streams[stream] = [replace(created, actor="loader")]
    by_the_user(ledger, Patch({"completed": True}), actor="loader")
    by_the_user(ledger, Patch({"completed": False}), actor="loader")
    summary, reported = load(first(due="2026-12-01"), ledger)
    assert (summary.updated, reported) == (1, [])
    assert (history_of(ledger)[-1].actor, history_of(ledger)[-1].state["due"]) == (ACTOR, "2026-12-01")


def test_no_owner_can_have_the_name_of_a_worker() -> None:
    for name in (ACTOR, ids.REMIND, f"{ids.SERVICE_PREFIX}anything", "URN:Todo-Ledger:loader"):
        assert ids.owner_error(name) is not None
    for name in ("loader", "remind", "urn:todo-ledger", "urn:another:loader"):
        assert ids.owner_error(name) is None


def test_a_change_that_another_makes_at_the_last_moment_is_not_overwritten(ledger: GroupLedger) -> None:
    whole = ledger.append

    def overtaken(group: list[Event]) -> dict[int, Event]:
        if group[0].version == 2 and len(history_of(ledger)) == 1:
            by_the_user(ledger, Patch({"title": "Buy oat milk"}))
        return whole(group)

    ledger.append = overtaken  # type: ignore[method-assign]
    summary, _ = load(first(due="2026-12-01"), ledger)
    assert (summary.updated, summary.reported) == (0, 1)
    assert history_of(ledger)[-1].state["title"] == "Buy oat milk"


def test_an_update_whose_answer_was_lost_counts_as_one(ledger: GroupLedger) -> None:
    ledger.answers_lost = 1
    summary, _ = load(first(due="2026-12-01"), ledger)
    assert (summary.updated, summary.already, len(history_of(ledger))) == (1, 0, 2)


def test_what_a_load_deleted_and_the_source_has_again_comes_back(ledger: GroupLedger) -> None:
    by_the_user(ledger, Delete(), actor=ACTOR)
    summary, _ = load(first(due="2026-12-01"), ledger)
    assert (summary.updated, history_of(ledger)[-1].type) == (1, "TodoRestored")
    assert history_of(ledger)[-1].state["due"] == "2026-12-01"


def test_a_todo_that_no_load_made_is_reported_where_it_differs() -> None:
    ledger = GroupLedger()
    load(first(), ledger)
    ledger.streams = {
        stream: [replace(event, actor="ann") for event in history] for stream, history in ledger.streams.items()
    }
    assert load(first(), ledger)[0].already == 1
    assert load(first(due="2026-12-01"), ledger)[0].reported == 1


@pytest.mark.parametrize(("on_change", "kept", "reported"), [("keep", 1, 0), ("report", 0, 1)])
def test_changes_at_the_source_can_be_left_out(ledger: GroupLedger, on_change: Any, kept: int, reported: int) -> None:
    summary, _ = load(first(due="2026-12-01"), ledger, on_change=on_change)
    assert (summary.kept, summary.reported, len(history_of(ledger))) == (kept, reported, 1)


def test_a_file_that_looks_like_another_list_changes_nothing_unless_that_is_said() -> None:
    def titled(word: str) -> bytes:
        return lines(*({"id": number, "title": f"{word} {number}"} for number in range(10)))

    ledger = GroupLedger()
    load(titled("Home"), ledger)
    before = ledger.events
    summary, reported = load(titled("Work"), ledger, is_sure=False)
    assert (summary.reported, summary.updated) == (10, 0)
    assert "--source NAME" in reported[0][1]
    assert ledger.events == before
    assert load(titled("Work"), ledger)[0].updated == 10


def test_unknown_origin_or_not_a_few_new_titles_are_taken_over() -> None:
    rows = [{"id": number, "title": f"Todo {number}"} for number in range(10)]
    ledger = GroupLedger()
    load(lines(*rows), ledger)
    for row in rows[:3]:
        row["title"] = "Renamed"
    assert load(lines(*rows), ledger, is_sure=False)[0].updated == 3


def test_only_changes_are_appended_among_many_rows() -> None:
    rows = [{"id": number, "title": f"Todo {number}"} for number in range(1050)]
    ledger = GroupLedger()
    load(lines(*rows), ledger)
    for row in rows[::10]:
        row["done"] = True
    rows += [{"id": number, "title": f"Todo {number}"} for number in range(2000, 2030)]
    summary, _ = load(lines(*rows), ledger, concurrency=4)
    assert (summary.added, summary.updated, summary.already) == (30, 105, 945)
    assert sum(map(len, ledger.streams.values())) == 1050 + 30 + 105


def test_each_event_of_a_load_is_part_of_the_operation_that_it_states() -> None:
    ledger = GroupLedger()
    load(first(), ledger, operation="import")
    load(first(due="2026-12-01"), ledger, operation="again")
    load(first(due="2026-12-02"), ledger)

    events = history_of(ledger)
    assert [event.operation for event in events] == ["import", "again", None]
    assert delete_event(events[-1], "prune").operation == "prune"
    assert delete_event(events[-1]).operation is None


def test_a_load_that_was_undone_can_be_done_again_also_in_another_way(ledger: GroupLedger) -> None:
    for number, file in enumerate((first(), first(list="other"), first(list="other", notes="n"))):
        ledger.streams.clear()
        load(first(), ledger, operation="import")
        by_an_undo(ledger, "import")

        summary, reported = load(file, ledger, operation="import")

        assert (summary.updated, reported) == (1, []), number
        assert [event.type for event in history_of(ledger)] == ["TodoCreated", "TodoDeleted", "TodoRestored"]
        assert load(file, ledger)[0].already == 1
        by_an_undo(ledger, "import")
        assert history_of(ledger)[-1].state["deleted"]


def test_an_update_that_was_undone_is_made_again(ledger: GroupLedger) -> None:
    load(first(due="2026-12-01"), ledger, operation="update")
    by_an_undo(ledger, "update")
    assert load(first(), ledger)[0].already == 1, "without it, the source says what the todo has"

    summary, _ = load(first(due="2026-12-01"), ledger)

    assert summary.updated == 1
    assert history_of(ledger)[-1].state["due"] == "2026-12-01"


def test_a_load_whose_undo_was_undone_counts_again(ledger: GroupLedger) -> None:
    load(first(due="2026-12-01"), ledger, operation="update")
    by_an_undo(ledger, "update")
    by_an_undo(ledger, "update", ON)

    assert load(first(due="2026-12-01"), ledger)[0].already == 1
    assert load(first(), ledger)[0].updated == 1


@pytest.mark.parametrize("commands", [[Restore()], [Restore(), Patch({"notes": "n"})], [Restore(), Delete()]])
def test_what_the_user_did_after_an_undo_stays(commands: list[Command]) -> None:
    ledger = GroupLedger()
    load(first(), ledger, operation="import")
    by_an_undo(ledger, "import")
    for command in commands:
        by_the_user(ledger, command)

    summary, _ = load(first(due="2026-12-01"), ledger)

    assert (summary.updated, summary.reported) == (0, 1)
    assert len(history_of(ledger)) == 2 + len(commands)


def test_a_todo_that_an_undo_left_to_the_user_is_the_users(ledger: GroupLedger) -> None:
    load(first(due="2026-12-01", notes="loaded"), ledger, operation="update")
    by_the_user(ledger, Patch({"due": "2027-01-01"}))
    by_an_undo(ledger, "update")
    assert history_of(ledger)[-1].state["notes"] is None

    summary, reported = load(first(due="2026-12-01", notes="loaded"), ledger)

    assert summary.reported == 1
    assert "changed here" in reported[0][1]
