"""A plain row is planned by a short way, which plans what the long one does."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import asdict
from typing import Any

import msgspec
import pytest

from chalicelib.ledger import codec
from chalicelib.todos import content
from loaders.planner import Planned
from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow
from tests.loaders.loading import PLAINLY, lines, plan

VALUES: dict[str, list[Any]] = {
    "Title": [
        *("Call", "Call", "Frühstück", "Ring: now", "é", "e\u0301", "x" + "\u0301" * 31),
        *("", "x" * 501, "a\0b", None, 5),
    ],
    "notes": [
        *(None, "Two\nlines", "n" * 4_097, "n" * 9_990, "\\u0000" * 9, "\x01" * 5_500, "n" * 17_000, "\ud800"),
        *("Zeile\n\u0301", "日本" * 900, "é" * 8_180, "é" * 8_193, "\x85", "🎉 done"),
    ],
    "Done": [None, True, "yes", "no", "in progress", "2026-12-01", "perhaps"],
    "project": [None, "home", "..", "a\tb", "Küche", "日" * 100, "😀" * 76, "a\x85"],
    "labels": [None, "a, b;a", ["a", "b", "a"], ["a\n"], ["é"], ["e\u0301"], ["日本", "🎉"], ["a\x85"], [1], "[1"],
    "priority": [None, "H", "high", "urgent", 3],
    "due date": [None, "2026-12-01", "1 Dec 2026", "2026-02-30", "2026-12-01T09:00:00Z", "never"],
    "reminder": [None, "2020-01-01", "2099-01-01"],
    "order": [None, 3, "4", 2.5, 1e16, "1e-7", 2**60],
    "repeat": [None, None, "FREQ=DAILY"],
    "timezone": [None, "Europe/Berlin", "Mars/Base"],
    "parent": [None, None, "1", "2", 3],
    "created": [None, "2025-01-01", "soon", "2099-01-01"],
    "metadata": [None, {"a": 1}, {"a": {"b": 0.1}}, '{"a": 1}', "x", {"e\u0301": "\0"}, {"a": "x" * 4_090}],
    "colour": [None, "green", 1e16, ["x", {"y": None}], {"z": "é"}, [[[[]]]]],
    "id": [None, 1, "2", "3", "4", 5.0, True],
}


def rows(seed: int, count: int) -> list[dict[str, Any]]:
    """Rows that are right, or wrong in a place or two; some are the same, and some have the same id."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        share = chance.choice([0.1, 0.3, 0.6])
        row = {name: chance.choice(values) for name, values in VALUES.items() if chance.random() < share}
        found.append({"Title": "Call"} | row if chance.random() < 0.7 else row)
    return found


def table(given: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(VALUES))
    writer.writeheader()
    writer.writerows(given)
    # A file with NUL characters is not read at all.
    return text.getvalue().replace("\0", "").encode("utf-8", "surrogatepass")


def shown(planned: Planned | BadRow) -> Any:
    """All that follows from a row, except what is made anew for each event, and how much room the event has."""
    if isinstance(planned, BadRow):
        return repr(planned)
    event = asdict(planned.event)
    now = event["occurred_at"]
    for each in (event, event["state"]):
        each.update({name: None for name, value in each.items() if name == "event_id" or value == now})
    item = codec.encode(planned.event)
    assert sum(len(name) + len(*value.values()) for name, value in item.items()) <= planned.size
    rest = {name: getattr(planned, name) for name in planned.__struct_fields__ if name not in ("creation", "size")}
    return repr((event, rest, item["change"]))


HOW = [PLAINLY, ReadOptions(list_name="work", time_zone="Europe/Berlin"), ReadOptions(done_values=("perhaps",))]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("how", HOW, ids=["plainly", "with a list and a zone", "with words"])
@pytest.mark.parametrize("name", ["jsonl", "csv"])
def test_the_short_way_plans_what_the_long_one_does(
    monkeypatch: pytest.MonkeyPatch, name: str, how: ReadOptions, strict: bool
) -> None:
    given = rows(5, 250)
    file = lines(*given) if name == "jsonl" else table(given)
    accepted = 0
    real = content.accept_plain

    def counted(value: dict[str, Any]) -> Any:
        nonlocal accepted
        found = real(value)
        accepted += found is not None
        return found

    with monkeypatch.context() as patch:
        patch.setattr(content, "accept_plain", counted)
        short = [shown(each) for each in plan(file, name, how=how, strict=strict)]
    with monkeypatch.context() as patch:
        patch.setattr(content, "accept_plain", lambda value: None)
        long = [shown(each) for each in plan(file, name, how=how, strict=strict)]
    assert short == long
    assert accepted > 15, "the cases reach the short way"


def test_the_event_of_a_row_is_made_once() -> None:
    (planned,) = plan(lines({"title": "Call"}))
    assert isinstance(planned, Planned)
    assert planned.event is planned.event
    assert msgspec.structs.replace(planned, line=2).event is planned.event
