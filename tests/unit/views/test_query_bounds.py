"""Ranges that the views are asked for go upwards: DynamoDB refuses BETWEEN with its bounds the wrong way round."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import dynamodb
from chalicelib.todos.ids import Owner
from chalicelib.views import current, queries, schema
from tests.support.tables import pointer_to

EARLY, LATE = "2026-01-01T00:00:00.000000Z", "2026-12-01T00:00:00.000000Z"


class EmptyTable:
    """A DynamoDB client that finds nothing but the pointer, and notes the bounds of what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": pointer_to("views")}

    def query(self, **request: Any) -> dict[str, Any]:
        values = request["ExpressionAttributeValues"]
        self.asked.append((values[":low"]["S"], values[":high"]["S"]))
        return {"Items": []}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> EmptyTable:
    monkeypatch.setenv("SETTINGS_TABLE", "settings")
    found = EmptyTable()
    monkeypatch.setattr(current, "_memory", current.Memory())
    monkeypatch.setattr(dynamodb, "client", lambda: found)
    return found


def assert_upwards(table: EmptyTable) -> None:
    assert [(low, high) for low, high in table.asked if low > high] == []


@pytest.mark.parametrize("after", [None, f"{EARLY}#id", f"{LATE}#id", "~", "0"])
@pytest.mark.parametrize(("earliest", "latest"), [("", ""), (EARLY, ""), ("", LATE), (EARLY, LATE)])
def test_by_due(table: EmptyTable, after: str | None, earliest: str, latest: str) -> None:
    low, high = earliest or schema.BEFORE_ALL, latest or schema.BEHIND_ALL
    queries.by_due(Owner("me"), None, after=after, limit=10, low=low, high=high)
    assert_upwards(table)


@pytest.mark.parametrize(("earliest", "latest"), [(LATE, EARLY), (LATE + schema.BEHIND_ALL, LATE)])
def test_by_due_between_bounds_that_nothing_lies_between(table: EmptyTable, earliest: str, latest: str) -> None:
    page = queries.by_due(Owner("me"), None, after=None, limit=10, low=earliest, high=latest)
    assert page == queries.Page([], None)
    assert_upwards(table)


@pytest.mark.parametrize("after", [None, "home#~#id", "zzz", "0"])
@pytest.mark.parametrize("list_name", [None, "home", "a/b"])
def test_by_list(table: EmptyTable, after: str | None, list_name: str | None) -> None:
    queries.by_list(Owner("me"), None, list_name=list_name, after=after, limit=10)
    assert_upwards(table)


@pytest.mark.parametrize("after", [None, "list#home", "zzz"])
def test_lists(table: EmptyTable, after: str | None) -> None:
    queries.lists(Owner("me"), after=after, limit=10)
    assert_upwards(table)
