"""A row that an earlier version of the loader loaded under another id is still that todo: nothing doubles."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos import ids
from chalicelib.todos.decide import Delete, Patch, decide
from chalicelib.todos.ids import Owner
from loaders.into.changes import ChangePolicy
from loaders.into.former import FormerTodos
from loaders.into.ledger import LedgerDestination
from loaders.into.writer import Writer
from loaders.load import Load
from loaders.output.progress import TextProgress
from loaders.output.summary import Summary
from loaders.planner import Planner
from loaders.reading.options import ReadOptions
from loaders.reconcile import next_event
from loaders.rows.row import Row
from loaders.rows.seen import Seen
from tests.loaders.calendars import calendar, vtodo
from tests.loaders.loading import FILES, OWNER, PLAINLY, GroupLedger, Reported, nothing_opened, read

COUNTS = ("added", "updated", "already", "reported", "unwritten")


class Run:
    """One run of the loader: its files one after the other, into a ledger."""

    def __init__(self, ledger: GroupLedger, system: str = "app") -> None:
        self.ledger = ledger
        self.system = system
        self.contents, self.kept = Seen(), Seen()
        self.former = FormerTodos(Seen(), self.kept)

    def load(self, *rows: Any) -> Summary:
        destination = LedgerDestination(4, ChangePolicy("update", is_sure=True), self.ledger)
        with Writer(4, destination, self.former) as writer, Seen() as seen:
            planner = Planner(Owner(OWNER), self.system, seen, self.contents, PLAINLY, kept=self.kept)
            return Load(planner, writer, Reported(), TextProgress(nothing_opened())).load_rows(rows)

    def counts(self, *rows: Any) -> dict[str, int]:
        summary = self.load(*rows)
        return {name: getattr(summary, name) for name in COUNTS if getattr(summary, name)}


def row(own_id: str, *former: str, title: str = "Buy milk", parent: Sequence[str] = (), **more: Any) -> Row:
    """A row; of the parent's ids the first is its own, and the others are its former ones."""
    names = {name: more.pop(name) for name in ("former_unset", "former_in_list") if name in more}
    return Row(
        1,
        {},
        {"title": title, **more},
        own_id=own_id,
        former_ids=former,
        parent=next(iter(parent), None),
        former_parents=tuple(parent[1:]),
        **names,
    )


def todo(ledger: GroupLedger, own_id: str, system: str = "app") -> dict[str, Any] | None:
    stream = ids.stream_id(ids.partition_of(Owner(OWNER)), _id(own_id, system))
    return dict(ledger.events[stream].state) if stream in ledger.streams else None


def _id(own_id: str, system: str = "app") -> str:
    return ids.id_for_source(Owner(OWNER), system, own_id)


@pytest.fixture
def ledger() -> GroupLedger:
    """What an earlier version loaded of one row."""
    found = GroupLedger()
    Run(found).load(row("1"))
    return found


def test_a_row_that_was_loaded_under_a_former_id_is_that_todo_and_keeps_its_source(ledger: GroupLedger) -> None:
    for _ in range(2):
        assert Run(ledger).counts(row("home/1", "1")) == {"already": 1}
    assert Run(ledger).counts(row("home/1", "1", due="2026-12-01")) == {"updated": 1}
    found = todo(ledger, "1")
    assert found is not None
    assert (found["due"], found["source"]) == ("2026-12-01", "app:1")
    assert len(ledger.streams) == 1


def test_its_own_id_counts_before_a_former_one_and_the_first_former_one_before_others() -> None:
    ledger = GroupLedger()
    Run(ledger).load(row("home/1"), row("1", title="Another"))
    assert Run(ledger).counts(row("home/1", "1")) == {"already": 1}
    Run(ledger).load(row("b"), row("c", title="Another"))
    assert Run(ledger).counts(row("a", "absent", "b", "c")) == {"already": 1}


def test_a_former_todo_is_that_of_one_row_and_the_others_are_added(ledger: GroupLedger) -> None:
    run = Run(ledger)
    assert run.counts(row("home/1", "1")) == {"already": 1}
    assert run.counts(row("work/1", "1")) == {"added": 1}
    for files in (["home", "work"], ["work", "home"]):
        run = Run(ledger)
        assert [run.counts(row(f"{name}/1", "1")) for name in files] == [{"already": 1}] * 2


def test_of_many_rows_that_may_be_one_todo_the_first_is_it(ledger: GroupLedger) -> None:
    rows = [row(f"{number}/1", "1", title="Buy milk" if number == 0 else "Another") for number in range(500)]
    assert Run(ledger).counts(*rows) == {"already": 1, "added": 499}
    found = todo(ledger, "1")
    assert found is not None
    assert found["title"] == "Buy milk"


def test_an_id_that_a_row_of_the_file_has_is_nobody_elses_former_one(ledger: GroupLedger) -> None:
    assert Run(ledger).counts(row("1"), row("home/1", "1")) == {"already": 1, "added": 1}


@pytest.mark.parametrize("is_parent_first", [True, False])
def test_a_subtask_points_to_the_todo_that_its_parent_is(ledger: GroupLedger, is_parent_first: bool) -> None:
    parent = row("home/1", "1")
    child = row("home/2", "2", title="Fetch a bag", parent=["home/1", "1"])
    assert Run(ledger).counts(*([parent, child] if is_parent_first else [child, parent])) == {"already": 1, "added": 1}
    found = todo(ledger, "home/2")
    assert found is not None
    assert found["parent"] == _id("1")
    assert Run(ledger).counts(child, parent) == {"already": 2}


def test_a_field_that_earlier_versions_did_not_set_is_no_change_by_itself(ledger: GroupLedger) -> None:
    unset = ("order", "list")
    Run(ledger).load(row("2", list="Home"))
    same = Run(ledger).counts(
        row("home/1", "1", order=3, list="Home", former_unset=unset),
        row("home/2", "2", order=4, list="Home", former_unset=unset),
    )
    assert same == {"already": 2}
    assert Run(ledger).counts(row("home/2", "2", order=4, list="Shop", former_unset=unset)) == {"updated": 1}
    assert Run(ledger).counts(row("home/1", "1", order=3, notes="x", former_unset=unset)) == {"updated": 1}
    found = todo(ledger, "1")
    assert found is not None
    assert (found["notes"], found["order"]) == ("x", 3)
    assert Run(ledger).counts(row("home/1", "1", order=4, notes="x", former_unset=unset)) == {"updated": 1}


@pytest.mark.parametrize(("command", "field"), [(Patch({"title": "Buy oat milk"}), "title"), (Delete(), "deleted")])
def test_what_was_done_here_to_a_former_todo_is_not_undone(ledger: GroupLedger, command: Any, field: str) -> None:
    [(stream, [created])] = ledger.streams.items()
    decision = decide(command, created.state, 1)
    assert decision is not None
    ledger.streams[stream].append(replace(next_event(created, decision), actor="ann", correlation_id="a request"))
    assert Run(ledger).counts(row("home/1", "1")) == {"already": 1}
    assert Run(ledger).counts(row("home/1", "1", notes="x")) == {"reported": 1}
    assert len(ledger.streams[stream]) == 2


def test_a_former_todo_is_kept_as_one_that_the_source_has(ledger: GroupLedger) -> None:
    run = Run(ledger)
    run.load(row("home/1", "1"), row("home/2", "2"))
    assert run.kept.has(_id("1"))
    assert run.kept.has(_id("home/2"))
    assert not run.kept.has(_id("2"))


def test_a_ledger_that_does_not_answer_is_asked_again_and_then_every_row_is_reported(
    ledger: GroupLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.into.writer.CEILING_SECONDS", 0.0)
    ledger.failures = [LedgerUnavailable("no answer")] * 3
    assert Run(ledger).counts(row("home/1", "1")) == {"already": 1}
    ledger.failures = [LedgerUnavailable("no answer")] * 1_000
    summary = Run(ledger).load(*(row(f"home/{number}", str(number)) for number in range(250)))
    assert summary.stopped_by is not None
    assert (summary.added, summary.unwritten) == (0, summary.read - 1)


def test_rows_without_former_ids_cost_no_look_up(ledger: GroupLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GroupLedger, "first_events", None)
    assert Run(ledger).counts(row("1"), row("2")) == {"already": 1, "added": 1}


def test_a_todoist_project_that_was_loaded_before_its_name_was_part_of_the_ids_stays_as_it_is() -> None:
    project = (FILES / "todoist.csv").read_bytes()
    before = [each for each in read(project) if isinstance(each, Row)]
    for each in before:
        each.fields.pop("order")
    ledger = GroupLedger()
    Run(ledger, "todoist").load(*before)
    assert todo(ledger, "5862887ba0962438ad8bcd6f62e1ff13#1", "todoist") is not None
    for name in ("", "Home", "Home [2203306141]"):
        assert Run(ledger, "todoist").counts(*read(project, how=ReadOptions(file_name=name))) == {"already": 7}
    other = Run(ledger, "todoist")
    other.load(*read(project, how=ReadOptions(file_name="Home")))
    assert other.counts(*read(project, how=ReadOptions(file_name="Work"))) == {"added": 7}


@pytest.mark.parametrize(("list_name", "counts", "todos"), [("Home", {"already": 1}, 1), ("Shop", {"added": 1}, 2)])
def test_a_former_id_that_another_list_may_have_had_too_is_only_that_of_its_list(
    list_name: str, counts: dict[str, int], todos: int
) -> None:
    ledger = GroupLedger()
    Run(ledger).counts(row("1", list="Home"))
    again = row(f"{list_name}/1", "1", list=list_name, former_in_list=True)
    assert Run(ledger).counts(again) == counts
    assert len(ledger.streams) == todos


def test_a_calendar_is_not_taken_for_another_one_with_the_same_uid() -> None:
    """Loaded before by its UID alone, the to-do of one calendar was not that of the other."""
    ledger = GroupLedger()
    mine, hers = (calendar(f"X-WR-CALNAME:{name}", vtodo("A", "UID:1")) for name in ("Mine", "Hers"))
    Run(ledger).counts(row("1", title="A", list="Mine"))
    assert Run(ledger).counts(*read(hers)) == {"added": 1}
    assert Run(ledger).counts(*read(mine)) == {"already": 1}
    assert Run(ledger).counts(*read(hers), *read(mine)) == {"already": 2}
    assert len(ledger.streams) == 2
