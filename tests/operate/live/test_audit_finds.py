"""Audit: clean after any mix of commands; each thing that can be wrong is found and named; a lag is no difference."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.audit import recheck
from chalicelib.audit.findings import KINDS, Findings
from chalicelib.audit.recheck import Recheck
from chalicelib.aws import dynamodb
from chalicelib.todos import instants
from chalicelib.views import schema, table_reads
from stack import cli
from stack.operate import audit
from tests.operate.live.commanding import Item, Owner, get, mixed_commands
from tests.support.waiting import PATIENCE_SECONDS, eventually

# What was planted never goes away: there is nothing to wait for but the check itself.
BRIEFLY = 0.2


@dataclass
class Planted:
    """An owner with todos whose rows are all there, and the means to spoil them until the end of the test."""

    owner: Owner
    todos: dict[str, str]
    views: str
    undo: list[Callable[[], None]]

    def put(self, table: str, item: Item) -> None:
        """Write an item as nobody should; put back at the end as it was."""
        names = ("stream_id", "version") if table == settings.events_table() else ("owner", "sk")
        key = {name: item[name] for name in names}
        self._remember(table, key)
        _put_unseen(table, key, item)

    def remove(self, table: str, item: Item) -> None:
        names = ("stream_id", "version") if table == settings.events_table() else ("owner", "sk")
        key = {name: item[name] for name in names}
        self._remember(table, key)
        _remove_unseen(table, key)

    def _remember(self, table: str, key: Item) -> None:
        before = get(table, key)
        if before:
            self.undo.append(lambda: _put_unseen(table, key, before))
        else:
            self.undo.append(lambda: _remove_unseen(table, key))

    def stream(self, name: str) -> str:
        return self.owner.stream(self.todos[name])

    def event(self, name: str, version: int) -> Item:
        return self.owner.event(self.todos[name], version)

    def row(self, name: str) -> Item:
        return self.owner.row(self.views, self.todos[name])

    def tally(self) -> Item:
        return self.owner.item(self.views, schema.TALLY_KEY)

    def list_tally(self, name: str) -> Item:
        return self.owner.item(self.views, schema.list_key(name))


def _put_unseen(table: str, key: Item, item: Item) -> None:
    """Write an item without a stream record, or the deployed `project` would go by what is planted.

    This is what the local engine's PartiQL does, and AWS's does not.
    """
    _remove_unseen(table, key)
    members = ", ".join(f"'{name}': ?" for name in item)
    statement = f'INSERT INTO "{table}" VALUE {{{members}}}'
    dynamodb.client().execute_statement(Statement=statement, Parameters=list(item.values()))


def _remove_unseen(table: str, key: Item) -> None:
    if get(table, key):
        conditions = " AND ".join(f'"{name}" = ?' for name in key)
        statement = f'DELETE FROM "{table}" WHERE {conditions}'
        dynamodb.client().execute_statement(Statement=statement, Parameters=list(key.values()))


@pytest.fixture(scope="module")
def history() -> dict[str, Any]:
    """The one owner of this module; made by the first test that needs it."""
    return {}


@pytest.fixture
def planted(views: str, history: dict[str, Any]) -> Iterator[Planted]:
    if not history:
        history["owner"] = Owner()
        history["todos"] = mixed_commands(history["owner"])
        assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean
    spoilt = Planted(history["owner"], history["todos"], views, [])
    yield spoilt
    for undo in reversed(spoilt.undo):
        undo()


def missing_version(planted: Planted) -> str:
    planted.remove(settings.events_table(), planted.event("edited", 2))
    return planted.stream("edited")


def wrong_state(planted: Planted) -> str:
    event = planted.event("edited", 2)
    planted.put(settings.events_table(), event | {"state": _changed(event["state"], title="Something else")})
    return planted.stream("edited")


def time_that_stands_still(planted: Planted) -> str:
    later = planted.event("plain", 1) | {"version": {"N": "2"}, "event_id": {"S": "x"}, "change": {"S": "{}"}}
    planted.put(settings.events_table(), later)
    planted.put(planted.views, planted.row("plain") | {"version": {"N": "2"}})
    planted.put(planted.views, _naming(planted, "plain", 2))
    return planted.stream("plain")


def event_that_cannot_be_read(planted: Planted) -> str:
    planted.put(settings.events_table(), planted.event("edited", 2) | {"change": {"S": "{"}})
    return planted.stream("edited")


def row_behind(planted: Planted) -> str:
    event = planted.event("completed", 1)
    old = {"version": event["version"], "state": event["state"]}
    old |= schema.index_attributes(planted.owner.partition, planted.todos["completed"], event["state"]["S"])
    planted.put(planted.views, planted.row("completed") | old)
    return planted.stream("completed")


def row_ahead(planted: Planted) -> str:
    planted.put(planted.views, planted.row("plain") | {"version": {"N": "7"}})
    return planted.stream("plain")


def row_with_another_state(planted: Planted) -> str:
    row = planted.row("plain")
    planted.put(planted.views, row | {"state": _changed(row["state"], title="Something else")})
    return planted.stream("plain")


def no_row(planted: Planted) -> str:
    planted.remove(planted.views, planted.row("plain"))
    return planted.stream("plain")


def row_without_a_stream(planted: Planted) -> str:
    stranger = "00000000-0000-4000-8000-000000000000"
    row = planted.row("plain")
    indexed = schema.index_attributes(planted.owner.partition, stranger, row["state"]["S"])
    planted.put(planted.views, row | indexed | {"sk": {"S": schema.todo_key(stranger)}})
    return planted.owner.stream(stranger)


def wrong_index_attribute(planted: Planted) -> str:
    planted.put(planted.views, planted.row("edited") | {"by_due": {"S": "2020-01-01"}})
    return planted.stream("edited")


def index_attribute_too_many(planted: Planted) -> str:
    planted.put(planted.views, planted.row("plain") | {"remind_shard": {"N": "3"}, "remind_at": {"S": "2020-01-01"}})
    return planted.stream("plain")


def live_row_that_expires(planted: Planted) -> str:
    planted.put(planted.views, planted.row("plain") | {schema.TTL_ATTRIBUTE: {"N": str(2**33)}})
    return planted.stream("plain")


def tombstone_for_ever(planted: Planted) -> str:
    row = planted.row("deleted")
    planted.put(planted.views, {name: value for name, value in row.items() if name != schema.TTL_ATTRIBUTE})
    return planted.stream("deleted")


def wrong_tally(planted: Planted) -> str:
    planted.put(planted.views, planted.tally() | {"open": {"N": "17"}})
    return planted.owner.partition


def no_tally(planted: Planted) -> str:
    planted.remove(planted.views, planted.tally())
    return planted.owner.partition


def wrong_list_tally(planted: Planted) -> str:
    planted.put(planted.views, planted.list_tally("work") | {"completed": {"N": "0"}})
    return planted.owner.partition


def no_list_tally(planted: Planted) -> str:
    planted.remove(planted.views, planted.list_tally("work"))
    return planted.owner.partition


def tally_of_an_empty_list(planted: Planted) -> str:
    empty = {name: {"N": "0"} for name in ("total", "open", "completed")}
    planted.put(planted.views, planted.list_tally("work") | empty | {"sk": {"S": schema.list_key("gone")}})
    return planted.owner.partition


def tally_behind_its_rows(planted: Planted) -> str:
    planted.put(planted.views, planted.row("plain") | {"revision": {"N": "99999"}})
    return planted.owner.partition


def missing_log_entry(planted: Planted) -> str:
    planted.remove(planted.views, planted.owner.item(planted.views, schema.log_key(2)))
    return planted.owner.partition


def missing_last_log_entry(planted: Planted) -> str:
    revision = int(planted.tally()["revision"]["N"])
    planted.remove(planted.views, planted.owner.item(planted.views, schema.log_key(revision)))
    return planted.owner.partition


def log_entry_of_a_version_that_the_row_lacks(planted: Planted) -> str:
    planted.put(planted.views, _naming(planted, "plain", 9))
    return planted.owner.partition


def log_entry_that_names_nothing(planted: Planted) -> str:
    revision = int(planted.row("plain")["revision"]["N"])
    entry = planted.owner.item(planted.views, schema.log_key(revision))
    planted.put(planted.views, entry | {"changes": {"S": "[]"}})
    return planted.owner.partition


def item_of_no_kind(planted: Planted) -> str:
    planted.put(planted.views, planted.tally() | {"sk": {"S": "what is this"}})
    return planted.owner.partition


def _changed(state: dict[str, str], **fields: Any) -> dict[str, str]:
    return {"S": json.dumps(json.loads(state["S"]) | fields)}


def _naming(planted: Planted, name: str, version: int) -> Item:
    """The log's entry of the row's revision, naming another version of the todo."""
    entry = planted.owner.item(planted.views, schema.log_key(int(planted.row(name)["revision"]["N"])))
    changes = [[id_, version if id_ == planted.todos[name] else was] for id_, was in json.loads(entry["changes"]["S"])]
    return entry | {"changes": {"S": json.dumps(changes)}}


CORRUPTIONS: dict[Callable[[Planted], str], set[str]] = {
    missing_version: {"versions"},
    wrong_state: {"state"},
    time_that_stands_still: {"occurred-at"},
    event_that_cannot_be_read: {"undecodable"},
    row_behind: {"row-behind"},
    row_ahead: {"row-ahead"},
    row_with_another_state: {"row-state"},
    no_row: {"row-missing"},
    row_without_a_stream: {"row-orphan"},
    wrong_index_attribute: {"row-index"},
    index_attribute_too_many: {"row-index"},
    live_row_that_expires: {"row-expiry"},
    tombstone_for_ever: {"row-expiry"},
    wrong_tally: {"tally"},
    no_tally: {"tally-missing"},
    wrong_list_tally: {"list-tally"},
    no_list_tally: {"list-tally"},
    tally_of_an_empty_list: {"list-empty"},
    tally_behind_its_rows: {"revision"},
    missing_log_entry: {"log-gap"},
    missing_last_log_entry: {"log-gap"},
    log_entry_of_a_version_that_the_row_lacks: {"log-row"},
    log_entry_that_names_nothing: {"log-missing"},
    item_of_no_kind: {"unknown-item"},
}


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda corruption: corruption.__name__)
def test_each_corruption_is_found_and_named(planted: Planted, corruption: Callable[[Planted], str]) -> None:
    subject = corruption(planted)
    report = audit.audit_views(patience=BRIEFLY)
    assert CORRUPTIONS[corruption] <= {found.kind for found in report.differences if found.subject == subject}
    # Nobody else is accused: what is spoilt is one todo, and its owner's counts where they follow from it.
    assert {found.subject for found in report.differences} <= {subject, planted.owner.partition}


def test_each_kind_is_explained_and_can_be_found() -> None:
    assert set(KINDS) == set().union(*CORRUPTIONS.values())


def test_the_exit_code_is_1_and_each_difference_a_line(planted: Planted, capsys: pytest.CaptureFixture[str]) -> None:
    wrong_tally(planted)
    assert cli.main(["audit", "--patience", str(BRIEFLY)]) == 1
    printed = capsys.readouterr().out
    assert f"tally: {planted.owner.partition}: (5, 17, 1) where (5, 4, 1) are counted" in printed
    assert "1 differences" in printed


def test_json_says_the_same(planted: Planted, capsys: pytest.CaptureFixture[str]) -> None:
    subject = row_ahead(planted)
    assert cli.main(["audit", "--json", "--patience", str(BRIEFLY), "--table", planted.views]) == 1
    printed = capsys.readouterr()
    said = json.loads(printed.out)
    assert printed.err == ""
    assert said["clean"] is False
    assert subject in {found["subject"] for found in said["differences"]}
    assert said["tables"] == [planted.views]


def test_a_clean_ledger_is_counted_in_full(planted: Planted, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "--patience", str(PATIENCE_SECONDS)]) == 0
    printed = capsys.readouterr().out
    assert "no differences" in printed
    counts = audit.audit_views(patience=PATIENCE_SECONDS).findings.counts
    events, items = _all(settings.events_table()), _all(planted.views)
    assert counts["events"] == len(events) >= 13
    assert counts["streams"] == len({event["stream_id"]["S"] for event in events})
    assert counts["owners"] == len({item["owner"]["S"] for item in items})
    for what, prefix in (
        ("rows", schema.TODO_PREFIX),
        ("lists", schema.LIST_PREFIX),
        ("log_entries", schema.LOG_PREFIX),
    ):
        assert counts[what] == sum(item["sk"]["S"].startswith(prefix) for item in items) > 0


def test_one_thread_and_many_segments_see_the_same(planted: Planted) -> None:
    one, many = (audit.audit_views(segments=segments, patience=PATIENCE_SECONDS).findings.counts for segments in (1, 7))
    for what in ("streams", "events", "rows", "owners", "lists", "log_entries"):
        assert one[what] == many[what]


def test_a_read_unit_is_4_kb(planted: Planted) -> None:
    events, items = _all(settings.events_table()), _all(planted.views)
    rows = [item for item in items if item["sk"]["S"].startswith(schema.TODO_PREFIX)]
    heads = {(event["stream_id"]["S"], event["version"]["N"]): event for event in events}
    # Two scans, each of one page here; then each row, and each row's own event, looked up by its key.
    expected = sum(-(-sum(map(_bytes, found)) // 4096) for found in (events, items))
    expected += sum(-(-_bytes(row) // 4096) for row in rows)
    for row in rows:
        stream_id = f"{row['owner']['S']}#{row['sk']['S'].removeprefix(schema.TODO_PREFIX)}"
        expected += -(-_bytes(heads[stream_id, row["version"]["N"]]) // 4096)
    assert audit.audit_views(segments=1, patience=PATIENCE_SECONDS).read_units == pytest.approx(expected, abs=2)


def test_an_expired_tombstone_is_no_difference(planted: Planted) -> None:
    planted.remove(planted.views, planted.row("deleted"))
    entries = [item for item in _all(planted.views) if item["sk"]["S"].startswith(schema.LOG_PREFIX)]
    for entry in entries:
        changes = [each for each in json.loads(entry["changes"]["S"]) if each[0] != planted.todos["deleted"]]
        planted.put(planted.views, entry | {"changes": {"S": json.dumps(changes)}})
    assert audit.audit_views(patience=BRIEFLY).differences == []


def test_a_log_that_begins_later_is_no_gap(planted: Planted) -> None:
    """Entries older than 90 days are gone, or about to be."""
    old = {"at": {"S": instants.format_milliseconds(int((time.time() - 89.5 * 86400) * 1000))}}
    first = planted.owner.item(planted.views, schema.log_key(1))
    planted.put(planted.views, first | old)
    named = {todo_id for todo_id, _ in json.loads(first["changes"]["S"])}
    kinds = {found.kind for found in audit.audit_views(patience=BRIEFLY).differences}
    assert "log-gap" not in kinds
    # The todos themselves are young, so that the log ought to name them.
    assert kinds <= {"log-missing"}, named


def test_a_lag_is_no_difference(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row comes a moment after the audit has missed it."""
    newest = planted.row("plain")
    planted.remove(planted.views, newest)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        dynamodb.client().put_item(TableName=planted.views, Item=newest)

    monkeypatch.setattr(recheck, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))
    assert audit.audit_views(patience=PATIENCE_SECONDS).differences == []
    assert pauses
    assert planted.row("plain") == newest


def test_a_lag_longer_than_its_patience_is_a_difference(planted: Planted) -> None:
    planted.remove(planted.views, planted.row("plain"))
    assert "row-missing" in {found.kind for found in audit.audit_views(patience=BRIEFLY).differences}


def test_what_changes_while_an_owner_is_read_is_read_again(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the partition and the tally behind it todos come, go and move; the recount is of one moment."""
    busy = Owner()
    stays, moves, goes = (busy.create(title, list="one") for title in ("Stays", "Moves", "Goes"))
    whole, changed = table_reads.partition, []

    def change() -> None:
        changed.append(busy.create("Comes", list="three"))
        versions = {
            stays: busy.edit(stays, completed=True),
            moves: busy.edit(moves, list="two"),
            goes: busy.delete(goes),
        }
        for todo_id, version in {**versions, changed[0]: 1}.items():
            eventually(lambda: busy.row(planted.views, todo_id).get("version") == {"N": str(version)})  # noqa: B023

    def then_changed(*given: Any) -> Iterator[list[Item]]:
        yield from list(whole(*given))
        if not changed:
            change()

    eventually(lambda: busy.row(planted.views, goes))
    monkeypatch.setattr(table_reads, "partition", then_changed)
    again = Recheck((planted.views,), "2000-01-01", 0.0, True, Findings())
    partition = again._read(planted.views, busy.partition)
    assert changed
    assert partition is not None
    assert list(partition.check()) == []
    assert partition.lists.keys() == {"one", "two", "three"}
    assert partition.rows[goes].counted_in is None


def test_an_owner_that_never_stands_still_is_left_open(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    revisions = itertools.count(1_000_000)
    monkeypatch.setattr(
        table_reads, "tally", lambda table, owner: planted.tally() | {"revision": {"N": str(next(revisions))}}
    )
    wrong_tally(planted)
    report = audit.audit_views(patience=BRIEFLY)
    assert report.differences == []
    assert planted.owner.partition in report.findings.unsettled
    assert "changed too fast" in audit.describe(report)


def test_writes_under_way_are_no_differences(planted: Planted) -> None:
    stop = threading.Event()
    busy = Owner()
    failures: list[BaseException] = []

    def write() -> None:
        try:
            todos = [busy.create(f"Todo {number}") for number in range(5)]
            turn = 0
            while not stop.is_set():
                turn += 1
                busy.edit(todos[turn % 5], completed=turn % 2 == 0, list=f"list {turn % 3}")
        except BaseException as error:
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            assert audit.audit_views(patience=PATIENCE_SECONDS).differences == []
    finally:
        stop.set()
        writer.join()
    assert failures == []
    assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean


def _all(table: str) -> list[Item]:
    found: list[Item] = dynamodb.client().scan(TableName=table, ConsistentRead=True)["Items"]
    return found


def _bytes(item: Item) -> int:
    return sum(len(name) + (len(value["S"].encode()) if "S" in value else 2) for name, value in item.items())
