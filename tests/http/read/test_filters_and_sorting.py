"""What a list of todos shows, and in which order."""

from __future__ import annotations

import pytest

from tests.support.client import Client, list_path, next_path, problem
from tests.support.waiting import shows


@pytest.fixture
def filled(client: Client) -> Client:
    """Six todos of all kinds, in the views."""
    for fields in (
        {"title": "Milk", "list": "b", "order": 2, "tags": ["shop", "cold+wet"], "due": "2026-12-02"},
        {"title": "Bread", "list": "b", "order": -1.5, "tags": ["shop"], "due": "2026-12-01T23:00:00-02:00"},
        {"title": "Taxes", "list": "a", "priority": "high", "due": "2026-12-01", "notes": "The BLUE Straße form"},
        {"title": "Rest", "list": "a", "order": 10},
        {"title": "Call", "list": "b", "completed": True, "due": "2026-12-01T12:00:00Z", "priority": "high"},
        {"title": "File", "list": "a", "completed": True, "tags": ["100%"]},
    ):
        client.created_and_seen(**fields)
    return client


def test_the_default_order_is_by_list_then_order_then_those_without(filled: Client) -> None:
    titles = filled.titles("/todos")

    assert titles == filled.titles("/todos?sort=order")
    assert titles[0] == "Rest"
    assert set(titles[1:3]) == {"Taxes", "File"}
    assert titles[3:] == ["Bread", "Milk", "Call"]


def test_orders_sort_as_numbers(client: Client) -> None:
    orders = [-1e15, -10, -9.5, -0.001, 0, 1e-300, 0.5, 2, 10, 1e15]
    for order in reversed(orders):
        client.created_and_seen(order=order)

    assert [todo["order"] for todo in client.rows("/todos")] == orders


def test_by_due_come_the_open_ones_with_a_due_date_by_instant(filled: Client) -> None:
    assert filled.titles("/todos?sort=due") == ["Taxes", "Milk", "Bread"]
    assert filled.titles(f"{list_path('b')}?sort=due") == ["Milk", "Bread"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("completed=true", {"Call", "File"}),
        ("completed=false", {"Milk", "Bread", "Taxes", "Rest"}),
        ("list=b", {"Milk", "Bread", "Call"}),
        ("list=c", set()),
        ("tag=shop", {"Milk", "Bread"}),
        ("tag=cold%2Bwet", {"Milk"}),
        ("tag=100%25", {"File"}),
        ("tag=sho", set()),
        ("tag=shop&tag=cold%2Bwet", {"Milk"}),
        ("tag=shop&tag=shop", {"Milk", "Bread"}),
        ("tag=shop&tag=100%25", set()),
        ("due=none", {"Rest", "File"}),
        ("due=none&completed=false&list=a", {"Rest"}),
        ("due=none&due_from=2026-12-01", set()),
        # Inclusive on both sides; a date is the day that the todo's own due date states: Bread's is 2026-12-01.
        ("due_until=2026-12-01", {"Taxes", "Call", "Bread"}),
        ("due_until=2026-11-30", set()),
        ("due_from=2026-12-02", {"Milk"}),
        ("due_from=2026-12-01&due_until=2026-12-01", {"Taxes", "Call", "Bread"}),
        ("due_from=2026-12-01&due_until=2026-12-01&tag=shop", {"Bread"}),
        ("due_from=0001-01-01&due_until=9999-12-31", {"Taxes", "Call", "Bread", "Milk"}),
        ("due_from=2026-12-02T01:00:00Z", {"Bread"}),
        ("due_until=2026-12-02T00:00:00Z", {"Taxes", "Call", "Milk"}),
        ("due_from=2026-12-01T12:00:00Z&due_until=2026-12-01T12:00:00Z", {"Call"}),
        ("due_from=2026-12-01&due_before=2026-12-02", {"Taxes", "Call"}),
        ("priority=high", {"Taxes", "Call"}),
        ("priority=none", {"Milk", "Bread", "Rest", "File"}),
        ("q=MIL", {"Milk"}),
        ("q=the%20blue", {"Taxes"}),
        ("q=STRASSE", {"Taxes"}),
        ("q=a", {"Bread", "Taxes", "Call"}),
        ("q=nothing%20like%20it", set()),
        ("list=b&completed=false&tag=shop&q=b", {"Bread"}),
        # Exclusive on both sides, compared as instants: Bread's is 2026-12-02T01:00Z.
        ("due_before=2026-12-02", {"Taxes", "Call"}),
        ("due_before=2026-12-02T01:00:00Z", {"Taxes", "Call", "Milk"}),
        ("due_before=2026-12-02T01:00:00.000001Z", {"Taxes", "Call", "Milk", "Bread"}),
        ("due_after=2026-12-02", {"Bread"}),
        ("due_after=2026-12-01", {"Milk", "Bread", "Call"}),
        ("due_after=2026-12-01T00:00:00%2B00:01", {"Milk", "Bread", "Call", "Taxes"}),
        ("due_after=2026-12-01&due_before=2026-12-02", {"Call"}),
        ("due_after=2026-12-01&due_before=2026-12-02&completed=false", set()),
    ],
)
def test_a_filter_shows_what_it_names(filled: Client, query: str, expected: set[str]) -> None:
    assert set(filled.titles(f"/todos?{query}")) == expected
    if "list=" not in query:
        of_lists = {title for name in "abc" for title in filled.titles(f"{list_path(name)}?{query}")}
        assert of_lists == expected
    # By due date come the open ones that have one.
    assert set(filled.titles(f"/todos?{query}&sort=due")) == expected & {"Milk", "Bread", "Taxes"}


def test_by_created_come_the_oldest_first_whatever_happened_to_them(filled: Client) -> None:
    todos = {todo["title"]: todo["id"] for todo in filled.rows("/todos")}
    filled.patch(f"/todos/{todos['Milk']}", {"title": "Oat milk", "list": "c", "completed": True})
    filled.delete(f"/todos/{todos['Bread']}")
    filled.delete(f"/todos/{todos['Rest']}")
    filled.post(f"/todos/{todos['Rest']}/restore")
    expected = ["Oat milk", "Taxes", "Rest", "Call", "File"]

    shows(lambda: filled.titles("/todos?sort=created"), expected)
    assert filled.titles("/todos?sort=created&limit=2") == expected
    assert filled.titles("/todos?sort=created&completed=true&limit=1") == ["Oat milk", "Call", "File"]
    assert filled.titles(f"{list_path('a')}?sort=created") == ["Taxes", "Rest", "File"]
    assert filled.titles("/todos?sort=created&list=b") == ["Call"]
    assert filled.titles("/todos?sort=created&due=none") == ["Rest", "File"]
    assert filled.titles("/todos?sort=created&due_until=2026-12-01") == ["Taxes", "Call"]
    problem(filled.get(next_path(filled.get("/todos?sort=created&limit=1")).replace("sort=created", "sort=due")), 400)


def test_a_cursor_belongs_to_the_filters(filled: Client) -> None:
    path = next_path(filled.get("/todos?limit=1&tag=shop&due_from=2026-12-01"))

    assert filled.get(path).status_code == 200
    for changed in (
        path.replace("due_from", "due_until"),
        path.replace("2026-12-01", "2026-12-02"),
        path.replace("tag=shop", "tag=shop&tag=cold%2Bwet"),
        path.replace("tag=shop&", ""),
        f"{path}&due=none",
    ):
        assert changed != path
        problem(filled.get(changed), 400)


@pytest.mark.parametrize(
    "query", ["due=any", "due=none&due=none", "due_from=soon", "due_until=2026-02-30", "&".join(["tag=a"] * 33)]
)
def test_a_filter_that_means_nothing_is_refused(filled: Client, query: str) -> None:
    problem(filled.get(f"/todos?{query}"), 400)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("due_before=2026-12-02T01:00:00Z", ["Taxes", "Milk"]),
        ("due_after=2026-12-01", ["Milk", "Bread"]),
        ("due_after=2026-12-01&due_before=2026-12-02T00:00:00.000001Z", ["Milk"]),
        ("tag=shop", ["Milk", "Bread"]),
        ("list=a", ["Taxes"]),
        ("completed=true", []),
        ("completed=false", ["Taxes", "Milk", "Bread"]),
        ("q=r&priority=none", ["Bread"]),
    ],
)
def test_filters_and_the_order_by_due_go_together(filled: Client, query: str, expected: list[str]) -> None:
    assert filled.titles(f"/todos?sort=due&{query}") == expected


@pytest.mark.parametrize("sort", ["order", "due"])
@pytest.mark.parametrize(("after", "before"), [("2026-12-02", "2026-12-02"), ("2026-12-05", "2026-12-01")])
def test_no_todo_is_due_between_bounds_that_leave_nothing(filled: Client, sort: str, after: str, before: str) -> None:
    assert filled.titles(f"/todos?sort={sort}&due_after={after}&due_before={before}") == []


def test_a_row_of_a_list_is_the_todo_itself(client: Client) -> None:
    todo = client.created_and_seen(tags=["a"], due="2026-12-01")

    assert client.rows("/todos") == client.rows("/todos?sort=due") == [client.get(f"/todos/{todo['id']}").json()]


def test_a_deleted_todo_is_in_no_list(filled: Client) -> None:
    taxes = next(todo for todo in filled.rows("/todos") if todo["title"] == "Taxes")

    filled.seen.delete(f"/todos/{taxes['id']}")

    assert "Taxes" not in filled.titles("/todos") + filled.titles("/todos?sort=due") + filled.titles(list_path("a"))


def test_a_bare_date_is_sorted_and_found_by_its_first_moment_in_the_time_zone(client: Client) -> None:
    for title, fields in (
        ("UTC", {"due": "2026-12-01"}),
        ("Tokyo", {"due": "2026-12-01", "time_zone": "Asia/Tokyo"}),
        ("New York", {"due": "2026-12-01", "time_zone": "America/New_York"}),
        ("Instant", {"due": "2026-12-01T01:00:00Z", "time_zone": "Asia/Tokyo"}),
    ):
        client.created_and_seen(title=title, **fields)
    assert client.titles("/todos?sort=due") == ["Tokyo", "UTC", "Instant", "New York"]
    for query, expected in (
        ("due_before=2026-12-01", {"Tokyo"}),
        ("due_after=2026-12-01T01:00:00Z", {"New York"}),
        ("due_until=2026-11-30T15:00:00Z", {"Tokyo"}),
        ("due_from=2026-12-01&due_until=2026-12-01", {"UTC", "Tokyo", "New York", "Instant"}),
        ("due_until=2026-11-30", set()),
    ):
        assert set(client.titles(f"/todos?{query}")) == expected, query
        assert set(client.titles(f"/todos?sort=due&{query}")) == expected, query
