"""What an audit says: its exit code, its lines, its JSON, and what it counted."""

from __future__ import annotations

import json

import pytest

from chalicelib import settings
from chalicelib.views import schema
from stack import cli
from stack.operate import audit
from tests.operate.live.audit.corruptions import row_ahead, wrong_tally
from tests.operate.live.audit.planted import BRIEFLY, Planted, items_of
from tests.operate.live.commanding import Item
from tests.support.waiting import PATIENCE_SECONDS


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
    events, items = items_of(settings.events_table()), items_of(planted.views)
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
    events, items = items_of(settings.events_table()), items_of(planted.views)
    rows = [item for item in items if item["sk"]["S"].startswith(schema.TODO_PREFIX)]
    heads = {(event["stream_id"]["S"], event["version"]["N"]): event for event in events}
    # Two scans, each of one page here; then each row, and each row's own event, looked up by its key.
    expected = sum(-(-sum(map(_bytes, found)) // 4096) for found in (events, items))
    expected += sum(-(-_bytes(row) // 4096) for row in rows)
    for row in rows:
        stream_id = f"{row['owner']['S']}#{row['sk']['S'].removeprefix(schema.TODO_PREFIX)}"
        expected += -(-_bytes(heads[stream_id, row["version"]["N"]]) // 4096)
    assert audit.audit_views(segments=1, patience=PATIENCE_SECONDS).read_units == pytest.approx(expected, abs=2)


def _bytes(item: Item) -> int:
    return sum(len(name) + (len(value["S"].encode()) if "S" in value else 2) for name, value in item.items())
