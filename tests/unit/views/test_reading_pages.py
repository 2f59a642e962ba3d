"""Pages of an owner's todos and lists, over a DynamoDB in memory that answers three items at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from chalicelib.aws.errors import NoAnswer
from chalicelib.todos import ids
from chalicelib.todos.decide import Delete, Patch
from chalicelib.todos.ids import Owner, Partition
from chalicelib.views import cuts, queries, schema, table_reads
from chalicelib.views.errors import TableGone, ViewsUnavailable
from chalicelib.views.projection import Head
from chalicelib.views.queries import DueReminder, ListCount, Page, TodoRow
from tests.simulation.seams import VIEWS
from tests.unit.ledger.conftest import PAGE_ITEMS, Calls, calls, refusal
from tests.unit.views.test_projecting_into_a_table import head, project

__all__ = ["calls"]

ME, YOU = Owner("me#1"), Owner("me")
MINE = ids.partition_of(ME)

pytestmark = pytest.mark.usefixtures("calls")


def given(*heads: Head, owner: Owner = ME) -> None:
    project(heads, ids.partition_of(owner))


def names(rows: Iterable[TodoRow]) -> str:
    return "".join(row.todo_id for row in rows)


def every(read: Callable[[str | None], Page]) -> list[str]:
    """The ids of each page."""
    pages: list[str] = []
    after: str | None = None
    while not pages or after is not None:
        page = read(after)
        pages.append(names(page.rows))
        after = page.next_after
    return pages


def not_b(row: TodoRow) -> bool:
    return row.todo_id != "b"


def given_lists() -> None:
    given(
        head("a", list="home"),
        head("b", list="home", order=2),
        head("c", list="home", order=-1),
        head("d", list="work"),
        head("e", list="home/2"),
        head("f", Delete(), list="home"),
    )
    given(head("g", list="home"), owner=YOU)


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_todos_come_by_list_then_order_then_id(limit: int) -> None:
    given_lists()

    pages = every(lambda after: queries.by_list(ME, None, list_name=None, after=after, limit=limit))

    assert "".join(pages) == "cbaed"
    assert all(len(page) == limit for page in pages[:-1])
    assert "".join(every(lambda after: queries.by_list(YOU, None, list_name=None, after=after, limit=limit))) == "g"


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_list_has_its_own_todos_alone(limit: int) -> None:
    given_lists()

    def read(name: str) -> str:
        return "".join(every(lambda after: queries.by_list(ME, None, list_name=name, after=after, limit=limit)))

    assert (read("home"), read("home/2"), read("hom")) == ("cba", "e", "")


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_a_page_has_what_is_accepted_and_is_filled_from_what_follows(limit: int) -> None:
    given_lists()

    pages = every(lambda after: queries.by_list(ME, not_b, list_name=None, after=after, limit=limit))

    assert "".join(pages) == "caed"
    assert all(len(page) == limit for page in pages[:-1])


def test_a_row_is_the_todo_as_the_views_have_it() -> None:
    given(newest := head("a", Patch({"title": "New"}), due="2026-12-01", time_zone="Asia/Tokyo"), head("b"))

    a, b = queries.by_list(ME, None, list_name=None, after=None, limit=2).rows

    assert (a.todo_id, a.version, a.state, a.todo["title"]) == ("a", 2, newest.state, "New")
    assert a.due_at == "2026-11-30T15:00:00.000000Z"
    assert b.due_at is None


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
@pytest.mark.parametrize("accept", [None, not_b])
def test_open_todos_come_by_their_due_date(limit: int, accept: queries.Filter | None) -> None:
    given(
        head("a", due="2026-12-04"),
        head("b", due="2026-12-02"),
        head("c", due="2026-12-01", completed=True),
        head("d"),
        head("e", due="2026-12-01T09:00:00Z"),
        head("f", due="2026-12-03"),
    )
    low, high = schema.BEFORE_ALL, schema.BEHIND_ALL

    pages = every(lambda after: queries.by_due(ME, accept, after=after, limit=limit, low=low, high=high))

    assert "".join(pages) == ("efa" if accept else "ebfa")


def test_what_is_examined_by_due_date_has_bounds() -> None:
    given(*(head(name, due=f"2026-12-0{number}") for number, name in enumerate("abcde", 1)))

    def between(low: str, high: str, after: str | None = None) -> str:
        return names(queries.by_due(ME, None, after=after, limit=10, low=low, high=high).rows)

    assert between("2026-12-02", "2026-12-04") == "bc"
    assert between("2026-12-04", "2026-12-02") == ""
    first = queries.by_due(ME, None, after=None, limit=1, low="2026-12-02", high="2026-12-05")
    assert between("2026-12-02", "2026-12-05", first.next_after) == "cd"
    assert between("2026-12-04", "2026-12-05", first.next_after) == "d"


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_todos_come_in_the_order_of_their_creation(limit: int) -> None:
    given(head("b"), head("a"), head("c", completed=True), head("d", Delete()))

    pages = every(lambda after: queries.by_created(ME, None, after=after, limit=limit))

    # All were created at one instant.
    assert "".join(pages) == "abc"


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_todos_come_by_id_without_those_that_are_deleted(limit: int) -> None:
    given(*(head(name, *([Delete()] if name in "acdefi" else [])) for name in "abcdefghij"))

    pages = every(lambda after: queries.by_id(ME, after=after, limit=limit))

    assert "".join(pages) == "bghj"
    assert all(len(page) == limit for page in pages[:-1])


def test_a_page_of_ids_reads_as_many_as_it_wants_and_then_all_that_come(calls: Calls) -> None:
    given(*(head(name, *([Delete()] if name in "ab" else [])) for name in "abcdefgh"))
    calls.requests.clear()

    assert names(queries.by_id(ME, after=None, limit=1).rows) == "c"

    asked = [request.get("Limit") for request in calls.requests if "KeyConditionExpression" in request]
    assert asked == [2, None]


def test_a_place_among_ids_is_told_from_others() -> None:
    given(head("a"), head("b"))
    after = queries.by_id(ME, after=None, limit=1).next_after

    assert after is not None
    assert queries.is_key_of_row(after)
    assert not queries.is_key_of_row(schema.list_key("a"))


def test_a_page_ends_where_its_answer_is_large_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    given(*(head(name) for name in "abcde"))
    of_one = len(json.dumps(head("a").state))
    monkeypatch.setattr(queries, "MAX_ANSWERED_BYTES", 2 * of_one)

    assert every(lambda after: queries.by_list(ME, None, list_name=None, after=after, limit=10)) == ["ab", "cd", "e"]


def test_a_page_ends_where_enough_was_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    given(*(head(name) for name in "abcdefgh"))
    of_one = len(json.dumps(head("a").state))

    def pages(most: int) -> list[str]:
        monkeypatch.setattr(queries, "MAX_EXAMINED_BYTES", most)
        return every(
            lambda after: queries.by_list(ME, lambda row: row.todo_id == "h", list_name=None, after=after, limit=10)
        )

    # Three at a time are read.
    assert pages(PAGE_ITEMS * of_one - 1) == ["", "", "h"]
    assert pages(PAGE_ITEMS * of_one) == ["", "h"]


@pytest.mark.parametrize("title", ["Buy milk", 'Say "hello" \\ bye', "Café 日本 \u2028", "tab\tend"])
def test_the_size_of_an_answer_is_that_of_the_state_as_a_string(title: str) -> None:
    state = head("a", title=title).state
    assert queries._answered_size(state) == len(json.dumps(state))


def test_lists_come_by_name_with_their_counts() -> None:
    given_lists()
    given(head("h", list="work", completed=True), head("i", list="work"))

    first, after = queries.lists(ME, after=None, limit=2)
    second, end = queries.lists(ME, after=after, limit=2)

    assert first == [ListCount("home", 3, 3, 0), ListCount("home/2", 1, 1, 0)]
    assert (second, end) == ([ListCount("work", 3, 2, 1)], None)


def test_a_tally_counts_all_and_is_empty_before_the_first() -> None:
    assert (queries.has_todos(ME), queries.has_list(ME, "home")) == (False, False)
    given_lists()

    assert queries.tally(ME) == ListCount(queries.tally(ME).name, 5, 5, 0)
    assert queries.tally(Owner("nobody")) == ListCount("", 0, 0, 0)
    assert (queries.has_todos(ME), queries.has_todos(Owner("nobody"))) == (True, False)
    assert (queries.has_list(ME, "home"), queries.has_list(ME, "hom")) == (True, False)


def test_reminders_that_are_due_come_oldest_first() -> None:
    due = {name: f"2025-01-0{9 - number}T00:00:00Z" for number, name in enumerate("abcde")}
    given(*(head(name, remind_at=at) for name, at in due.items()), head("f", remind_at="2099-01-01T00:00:00Z"))

    found = [
        each
        for shard in range(schema.REMIND_SHARDS)
        for each in queries.due_reminders(shard, "2025-01-09T00:00:00.000000Z")
    ]

    assert {(each.partition, each.todo_id, each.remind_at) for each in found} == {
        (MINE, name, at.replace("Z", ".000000Z")) for name, at in due.items()
    }
    by_shard = [
        [each.remind_at for each in queries.due_reminders(shard, "2025-01-09T00:00:00.000000Z")]
        for shard in range(schema.REMIND_SHARDS)
    ]
    assert all(each == sorted(each) for each in by_shard)
    assert [*queries.due_reminders(0, "2025-01-01T00:00:00.000000Z")] == []
    assert isinstance(found[0], DueReminder)


def test_versions_that_the_views_have_or_are_beyond_are_told() -> None:
    given(head("a", Patch({"title": "New"})), head("b"))

    assert queries.having_versions(ME, {"a": 1, "b": 2, "c": 1}) == {"a"}
    assert queries.having_versions(ME, {"a": 2, "b": 1}) == {"a", "b"}
    assert queries.having_versions(YOU, {"a": 1}) == set()


def test_a_wait_ends_once_all_versions_are_there_or_its_time_is_over(no_sleep: list[float]) -> None:
    given(head("a"))
    assert queries.wait_for_versions(ME, {"a": 1}, 0)
    assert queries.wait_for_versions(ME, {}, 0)
    assert not queries.wait_for_versions(ME, {"a": 2}, 0)
    assert no_sleep == []


def test_a_wait_looks_again_for_what_is_not_there_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    given(head("a"))
    looks: list[set[str]] = []

    def having(owner: Owner, versions: dict[str, int]) -> set[str]:
        looks.append(set(versions))
        return {min(versions)}

    monkeypatch.setattr(queries, "having_versions", having)

    assert queries.wait_for_versions(ME, {"a": 1, "b": 1, "c": 1}, 60)
    assert looks == [{"a", "b", "c"}, {"b", "c"}, {"c"}]


READINGS: dict[str, Callable[[], object]] = {
    "by_list": lambda: queries.by_list(ME, None, list_name=None, after=None, limit=1),
    "by_due": lambda: queries.by_due(ME, None, after=None, limit=1, low=schema.BEFORE_ALL, high=schema.BEHIND_ALL),
    "by_created": lambda: queries.by_created(ME, None, after=None, limit=1),
    "by_id": lambda: queries.by_id(ME, after=None, limit=1),
    "lists": lambda: queries.lists(ME, after=None, limit=1),
    "tally": lambda: queries.tally(ME),
    "having_versions": lambda: queries.having_versions(ME, {"a": 1}),
    "due_reminders": lambda: list(queries.due_reminders(0, "2026")),
    "cut": lambda: cuts.read_cut(ME),
    "list_page": lambda: cuts.list_page(VIEWS, ME, "home", after=None, limit=1),
}


@pytest.mark.parametrize("name", READINGS)
def test_a_read_without_an_answer_says_that_the_views_are_unavailable(calls: Calls, name: str) -> None:
    calls.errors = [NoAnswer("the line is cut")]

    with pytest.raises(ViewsUnavailable, match="the line is cut"):
        READINGS[name]()


@pytest.mark.parametrize("name", [name for name in READINGS if name != "list_page"])
def test_where_the_table_was_dropped_the_pointer_is_read_anew(calls: Calls, name: str) -> None:
    given(head("a", due="2026-12-01"))
    READINGS[name]()
    real = calls._client
    dropped = iter([refusal("ResourceNotFoundException")])

    class Dropped:
        """Once, the views table is not there."""

        def __getattr__(self, operation: str) -> Any:
            def call(**request: Any) -> Any:
                if VIEWS in (request.get("TableName"), *request.get("RequestItems", {})):
                    for error in dropped:
                        raise error
                return getattr(real, operation)(**request)

            return call

    calls._client = Dropped()
    READINGS[name]()

    dropped = iter([refusal("ResourceNotFoundException")] * 2)
    with pytest.raises(TableGone):
        READINGS[name]()


@pytest.mark.parametrize("name", [name for name in READINGS if name != "due_reminders"])
def test_every_read_is_strongly_consistent(calls: Calls, name: str) -> None:
    given(head("a", due="2026-12-01"))
    calls.requests.clear()
    READINGS[name]()

    # What watches the pointer in memory reads, too.
    asked = [
        request.get("RequestItems", {VIEWS: request})[VIEWS]
        for request in calls.requests
        if VIEWS in (request.get("TableName"), *request.get("RequestItems", {}))
    ]
    assert asked
    assert all(part["ConsistentRead"] is True for part in asked)


def test_a_cut_has_what_the_views_had_by_then() -> None:
    assert cuts.read_cut(ME) == cuts.Cut(VIEWS, 0)
    given(head("a", list="home"), head("b", list="home"))
    cut = cuts.read_cut(ME)
    given(head("b", Patch({"title": "New"}), list="home"), head("c", list="home"))

    page = cuts.list_page(VIEWS, ME, "home", after=None, limit=10)

    assert cut == cuts.Cut(VIEWS, 1)
    assert [(todo.todo_id, todo.version, todo.revision) for todo in page.todos] == [
        ("a", 1, 1),
        ("b", 2, 2),
        ("c", 1, 2),
    ]
    assert [cut.has(todo) for todo in page.todos] == [True, False, False]
    assert cut.covering(page.todos) == cuts.Cut(VIEWS, 2)
    assert cut.covering([]) == cut.covering(page.todos[:1]) == cut


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 10])
def test_the_pages_of_a_list_have_each_todo_once(limit: int) -> None:
    given(*(head(name, list="home") for name in "abcdefg"), head("h", list="home/2"))
    pages: list[str] = []
    after: str | None = None
    while not pages or after is not None:
        page = cuts.list_page(VIEWS, ME, "home", after=after, limit=limit)
        pages.append("".join(todo.todo_id for todo in page.todos))
        after = page.next_after

    assert "".join(pages) == "abcdefg"
    assert all(len(page) == limit for page in pages[:-1])


def test_a_page_of_a_list_ends_where_enough_was_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    given(*(head(name, list="home") for name in "abcde"))
    of_one = len(head("a", list="home").state.encode())
    monkeypatch.setattr(cuts, "MAX_EXAMINED_BYTES", 2 * of_one)

    page = cuts.list_page(VIEWS, ME, "home", after=None, limit=10)

    assert [todo.todo_id for todo in page.todos] == ["a", "b", "c"]
    assert [todo.todo_id for todo in cuts.list_page(VIEWS, ME, "home", after=page.next_after, limit=10).todos] == [
        "d", "e",
    ]  # fmt: skip


def test_a_table_is_read_by_segments_owners_and_keys() -> None:
    owners = [Partition(f"owner-{number}") for number in range(4)]
    for owner in owners:
        project([head("a"), head("b")], owner)

    def keys(pages: Iterable[list[Any]]) -> list[tuple[str, str]]:
        return [(item["owner"]["S"], item["sk"]["S"]) for page in pages for item in page]

    whole = keys(table_reads.scan(VIEWS, 0, 1))
    assert sorted(keys(table_reads.scan(VIEWS, 0, 2)) + keys(table_reads.scan(VIEWS, 1, 2))) == sorted(whole)
    assert keys(table_reads.scan(VIEWS, 0, 1, whole[4])) == whole[5:]
    mine = keys(table_reads.partition(VIEWS, owners[1]))
    assert mine == sorted(key for key in whole if key[0] == owners[1])
    a, b = schema.todo_key("a"), schema.todo_key("b")
    assert keys(table_reads.partition(VIEWS, owners[1], a, b)) == [(owners[1], a), (owners[1], b)]
    assert [(len(items), is_all) for items, is_all in (
        table_reads.page(VIEWS, owners[0], a, b, None), table_reads.page(VIEWS, owners[0], a, b, 1),
    )] == [(2, True), (1, False)]  # fmt: skip
    assert set(table_reads.items(VIEWS, [(owners[0], a), (owners[1], "x")])) == {(owners[0], a)}
    tally = table_reads.tally(VIEWS, owners[0])
    assert tally is not None
    assert tally["total"] == {"N": "2"}
    assert table_reads.tally(VIEWS, Partition("nobody")) is None


def test_a_page_reads_no_more_rows_than_it_has_and_one_that_tells_of_more(calls: Calls) -> None:
    given_lists()
    calls.requests.clear()

    queries.by_list(ME, None, list_name=None, after=None, limit=1)
    queries.by_list(ME, not_b, list_name=None, after=None, limit=10)

    asked = [request.get("Limit") for request in calls.requests if request.get("IndexName") == "by_list"]
    assert asked[0] == 2
    assert set(asked[1:]) == {None}
