"""The reference of the storage format names every attribute of an event, of a view and of their tables' indexes."""

from __future__ import annotations

import re
from typing import Any

from chalicelib.ledger import codec as events_codec
from chalicelib.todos.events import DEFAULTS, Event
from chalicelib.todos.ids import Partition
from chalicelib.views import codec as views_codec
from chalicelib.views import schema
from chalicelib.views.projection import Row, Tally, Update
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "reference" / "storage.md").read_text()
OPEN = '{"title": "a", "due": "2030-01-01", "remind_at": "2030-01-01", "list": "b", "time_zone": "Asia/Tokyo"}'
DELETED = '{"title": "a", "deleted": true}'


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}")[2].partition("\n## ")[0]


def documented(text: str) -> set[str]:
    """What is listed as an attribute: in code at the beginning of a list's entry, before its colon."""
    heads = re.findall(r"^- (.*?): ", text, re.MULTILINE)
    return {name for head in heads for name in re.findall(r"`(\w+)`", head)}


def test_the_attributes_of_an_event_are_those() -> None:
    sparse = ("c", "d", "k", "h", "now", True, "app", "op", "op", "off")
    event = Event("o#t", 1, "id", "T", {}, {**DEFAULTS}, 1, "o", "now", *sparse)  # type: ignore
    assert documented(section("Events table")) == set(events_codec.attributes_of(event))


def test_the_attributes_of_the_views_are_those() -> None:
    rows: list[tuple[Row | None, Row]] = [(None, Row("open", 1, OPEN, 0)), (None, Row("gone", 2, DELETED, 0))]
    update = Update(1, rows, [("b", Tally(), Tally(1, 1, 0, 1))], (Tally(), Tally(1, 1, 0, 1)))
    items: list[dict[str, Any]] = [
        write["Put"]["Item"] for write in views_codec.writes("views", Partition("o"), update, 0)
    ]
    keys = {"owner", "sk"}
    assert documented(section("Views table")) == {name for item in items for name in item} - keys


def test_every_index_is_described() -> None:
    definition = schema.table_definition("views")
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        for index in definition[kind]:
            assert f"`{index['IndexName']}`" in section("Views table")
