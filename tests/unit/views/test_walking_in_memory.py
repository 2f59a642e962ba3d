"""Syncs, the activity and lists as they were, read page by page over tables in memory whose clock a test moves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws import dynamodb
from chalicelib.aws.errors import NoAnswer
from chalicelib.commands import execute
from chalicelib.ledger import ledger
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos import ids, instants
from chalicelib.todos.decide import Command, Delete, Patch
from chalicelib.todos.events import COMPLETED, CREATED, EDITED
from chalicelib.todos.ids import Owner
from chalicelib.views import codec, queries, schema
from chalicelib.views.activity import history
from chalicelib.views.activity import reading as activity
from chalicelib.views.activity.asked import Asked
from chalicelib.views.activity.position import Position as Place
from chalicelib.views.as_of import reading as as_of
from chalicelib.views.errors import PositionExpired, ViewsUnavailable
from chalicelib.views.queries import TodoRow
from chalicelib.views.recorded import Recorded
from chalicelib.views.sync import walk
from chalicelib.views.sync.position import Position, up_to_the_hour
from tests.simulation.seams import EVENTS, VIEWS
from tests.simulation.world import World
from tests.unit.commands.conftest import world
from tests.unit.commands.one_owner import ME, PARTITION, create, newest, project

__all__ = ["world"]

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
DAY = 24 * HOUR

pytestmark = pytest.mark.usefixtures("world")


def do(todo_id: str, command: Command, **stated: Any) -> None:
    execute.execute(execute.CommandRequest(ME, todo_id, command, **{"actor": "me", **stated}))
    project()


def given(count: int, **fields: Any) -> list[str]:
    todo_ids = [create(**fields) for _ in range(count)]
    project()
    return sorted(todo_ids)


def sync(since: Position | None = None, limit: int = 100) -> tuple[list[list[tuple[str, int]]], Position]:
    """The (id, version) of each page's changes until nothing more is there, and the position behind them."""
    pages, position = [], since
    for _ in range(50):
        page = walk.page(ME, position, limit)
        assert Position.parse(str(page.position)) == page.position
        pages.append([(row.todo_id, row.version) for row in page.changes])
        position = page.position
        if not page.more:
            return pages, position
    raise AssertionError("a sync does not end")


def changes(pages: list[list[tuple[str, int]]]) -> dict[str, int]:
    """What a client has after the pages."""
    return dict(change for page in pages for change in page)


def remove(sort_key: str) -> None:
    """An item is gone, as if it had expired, or is not visible yet."""
    key = {"owner": {"S": PARTITION}, "sk": {"S": sort_key}}
    dynamodb.client().transact_write_items(TransactItems=[{"Delete": {"TableName": VIEWS, "Key": key}}])


def revision() -> int:
    key = {"owner": {"S": PARTITION}, "sk": {"S": schema.TALLY_KEY}}
    item = dynamodb.client().get_item(TableName=VIEWS, Key=key, ConsistentRead=True)["Item"]
    return int(item["revision"]["N"])


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_first_sync_has_every_todo_and_the_next_what_has_changed(limit: int) -> None:
    a, b, c = given(3)
    gone = create()
    do(gone, Delete())

    pages, position = sync(limit=limit)
    assert changes(pages) == {a: 1, b: 1, c: 1, gone: 2}
    assert all(len(page) <= limit for page in pages)

    do(b, Patch({"title": "New"}))
    do(a, Delete())
    do(b, Patch({"title": "Newer"}))
    pages, position = sync(position, limit)

    assert changes(pages) == {b: 3, a: 2}
    assert sum(map(len, pages)) == 2
    assert sync(position, limit) == ([[]], position)


def test_a_change_is_the_todo_with_its_newest_state() -> None:
    [todo_id] = given(1, tags=["a"])
    do(todo_id, Patch({"title": "New"}))

    [row] = [row for row in walk.page(ME, None, 10).changes if row.todo_id == todo_id]

    assert (row.version, row.todo) == (2, newest(todo_id).state)


def test_what_changes_while_a_first_sync_lists_is_in_a_later_page() -> None:
    a, b, c = given(3)
    first = walk.page(ME, None, 1)
    assert ([row.todo_id for row in first.changes], first.more) == ([a], True)

    do(a, Patch({"title": "New"}))
    do(c, Patch({"title": "New"}))
    new = create()
    project()
    pages, _ = sync(first.position, 1)

    assert changes(pages) == {b: 1, c: 2, a: 2, new: 1}


def test_an_owner_without_todos_has_nothing_to_sync() -> None:
    pages, position = sync()
    assert pages == [[]]
    [todo_id] = given(1)

    assert changes(sync(position)[0]) == {todo_id: 1}


def test_a_page_ends_at_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    _, position = sync()
    given(5)
    [row] = walk.page(ME, position, 1).changes
    item = dynamodb.client().get_item(
        TableName=VIEWS, Key={"owner": {"S": PARTITION}, "sk": {"S": schema.todo_key(row.todo_id)}}
    )["Item"]
    of_one = len(json.dumps(item["state"]["S"])) + walk.BYTES_BESIDE_THE_STATE

    for most, sizes in ((2 * of_one, [2, 2, 1]), (2 * of_one - 1, [1] * 5), (1, [1] * 5)):
        monkeypatch.setattr(queries, "MAX_ANSWERED_BYTES", most)
        assert [len(page) for page in sync(position)[0] if page] == sizes


def test_one_entry_of_many_changes_is_given_over_several_pages() -> None:
    _, position = sync()
    todo_ids = given(7)

    pages, _ = sync(position, 3)

    assert [len(page) for page in pages if page] == [3, 3, 1]
    assert set(changes(pages)) == set(todo_ids)


def test_more_entries_than_a_page_asks_for_are_all_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "ENTRIES_AT_ONCE", 2)
    monkeypatch.setattr(walk, "QUERIES_OF_A_PAGE", 2)
    [todo_id], (_, position) = given(1), sync()
    for number in range(9):
        do(todo_id, Patch({"title": f"{number}"}))

    pages, _ = sync(position)

    assert [sum(page, ()) for page in pages] == [(), (), (todo_id, 10)]


def test_a_position_of_other_views_means_nothing() -> None:
    given(1)
    _, position = sync()

    with pytest.raises(PositionExpired, match=r"^The views were rebuilt since then\.$"):
        walk.page(ME, replace(position, generation="another"), 10)


@pytest.mark.parametrize(("days", "is_fine"), [(88.9, True), (89.1, False)])
def test_who_was_away_for_longer_than_the_log_reaches_begins_anew(world: World, days: float, *, is_fine: bool) -> None:
    given(1)
    _, position = sync()
    world.scheduler.now += int(days * DAY)

    if is_fine:
        assert sync(position)[0] == [[]]
    else:
        with pytest.raises(PositionExpired, match=r"^The feed does not reach back so far any more\.$"):
            walk.page(ME, position, 10)


def test_a_position_at_the_end_is_renewed_once_a_day(world: World) -> None:
    given(1)
    _, position = sync()
    world.scheduler.now += DAY // 2
    assert sync(position)[1] == position

    world.scheduler.now += DAY
    _, renewed = sync(position)

    assert renewed == replace(position, complete_at=world.scheduler.now - walk.VISIBLE_AFTER)


def test_a_revision_that_is_not_visible_yet_is_waited_for_and_not_for_ever(world: World) -> None:
    a, b = given(2)
    _, position = sync()
    do(a, Patch({"title": "New"}))
    remove(schema.log_key(revision()))
    do(b, Patch({"title": "New"}))

    page = walk.page(ME, position, 10)
    assert (page.changes, page.position, page.more) == ([], position, True)

    world.scheduler.now += MINUTE + SECOND
    with pytest.raises(PositionExpired, match=r"^The feed does not reach back so far any more\.$"):
        walk.page(ME, position, 10)


def test_a_row_that_is_older_than_its_entry_is_waited_for() -> None:
    a, b = given(2)
    _, position = sync()
    do(a, Patch({"title": "New"}))
    entry = {
        "owner": {"S": PARTITION},
        "sk": {"S": schema.log_key(revision() + 1)},
        "at": {"S": instants.instant_after(None)},
        "changes": {"S": json.dumps([[b, 2]])},
    }
    dynamodb.client().put_item(TableName=VIEWS, Item=entry)

    page = walk.page(ME, position, 10)

    assert ([(row.todo_id, row.version) for row in page.changes], page.more) == ([(a, 2)], True)
    assert walk.page(ME, page.position, 10).changes == []


def test_a_row_that_is_gone_is_waited_for_and_then_the_position_has_expired(world: World) -> None:
    [todo_id] = given(1)
    _, position = sync()
    do(todo_id, Delete())
    remove(schema.todo_key(todo_id))

    assert walk.page(ME, position, 10).more
    world.scheduler.now += MINUTE + SECOND
    with pytest.raises(PositionExpired):
        walk.page(ME, position, 10)


def test_an_empty_page_is_held_back_until_something_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    given(1)
    _, position = sync()
    further = replace(position, revision=position.revision + 1)
    row = TodoRow("a", 1, None)
    pages = iter(
        [walk.Page([], further, more=False), walk.Page([], further, more=False), walk.Page([row], position, more=False)]
    )
    asked: list[Any] = []

    def page(owner: Owner, since: Any, limit: int) -> walk.Page:
        asked.append((owner, since, limit))
        return next(pages)

    monkeypatch.setattr(walk, "page", page)
    monkeypatch.setattr(walk, "Pauses", Patient)

    assert walk.next_page(ME, position, 7, 10).changes == [row]
    assert asked == [(ME, position, 7), (ME, further, 7), (ME, further, 7)]


class Patient:
    """Pauses that take no time; each was asked for with so many seconds left."""

    def __init__(self, *_: float) -> None:
        pass

    def wait(self, left: float) -> bool:
        return left > 0


@pytest.mark.parametrize(("more", "seconds", "looks"), [(False, 0, 1), (True, 0, 2), (False, 5, 2)])
def test_an_empty_page_that_says_that_there_is_more_is_held_back_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, *, more: bool, seconds: float, looks: int
) -> None:
    given(1)
    _, position = sync()
    left = []

    class Once(Patient):
        def wait(self, seconds_left: float) -> bool:
            left.append(round(seconds_left))
            return seconds_left > 0 and len(left) < 2

    monkeypatch.setattr(walk, "Pauses", Once)
    monkeypatch.setattr(walk, "page", lambda owner, since, limit: walk.Page([], position, more=more))

    assert walk.next_page(ME, position, 7, seconds).more is more
    assert left == [max(seconds, walk.PATIENCE_SECONDS if more else 0)] * looks


def test_what_a_position_keeps_of_its_table_is_short_and_its_own() -> None:
    assert walk.generation_of("views-1") == walk.generation_of("views-1") != walk.generation_of("views-2")
    assert len(walk.generation_of("views-1")) == 16


def reader(limit: int = 100, has_room: Callable[[Recorded], bool] = lambda _: True, **asked: Any) -> activity.Reader:
    return activity.Reader(ME, Asked(**asked), limit, has_room)


def walked(limit: int = 100, **asked: Any) -> list[list[tuple[str, int]]]:
    """The (id, version) of the events of each page of the activity."""
    pages, position = [], None
    for _ in range(50):
        page = reader(limit, **asked).page(position)
        pages.append([(each.recorded.todo_id, each.recorded.version) for each in page.given])
        if page.next is None:
            return pages
        position = Place.parse(page.next)
    raise AssertionError("a walk does not end")


def given_activity() -> tuple[str, str]:
    a, b = given(2)
    do(a, Patch({"title": "New"}), client="app", operation="tidy")
    do(b, Patch({"list": "work"}), actor="ann")
    do(a, Patch({"completed": True}))
    return a, b


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_the_activity_is_every_event_newest_first(limit: int) -> None:
    a, b = given_activity()

    pages = walked(limit)

    found = [each for page in pages for each in page]
    assert found[:3] == [(a, 3), (b, 2), (a, 2)]
    assert sorted(found[3:]) == [(a, 1), (b, 1)]
    assert all(len(page) <= limit for page in pages)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"actor": "ann"}, ["b2"]),
        ({"client": "app"}, ["a2"]),
        ({"operation": "tidy"}, ["a2"]),
        ({"type": COMPLETED}, ["a3"]),
        ({"list_name": "work"}, ["b2"]),
        ({"list_name": "inbox"}, ["a3", "b2", "a2", "a1", "b1"]),
        ({"list_name": "home"}, []),
        ({"actor": "ann", "type": CREATED}, []),
        ({"actor": "me", "type": EDITED}, ["a2"]),
    ],
)
def test_the_activity_that_is_asked_for(asked: dict[str, Any], expected: list[str]) -> None:
    a, _ = given_activity()

    found = [f"{'a' if todo_id == a else 'b'}{version}" for page in walked(**asked) for todo_id, version in page]

    assert (found[:3], sorted(found[3:])) == (expected[:3], sorted(expected[3:]))


def test_the_activity_has_bounds_in_time_both_inclusive(world: World) -> None:
    [todo_id] = given(1)
    for number in range(3):
        world.scheduler.now += SECOND
        do(todo_id, Patch({"title": f"{number}"}))
    second, third = (instants.sortable(event.occurred_at) for event in ledger_events(todo_id)[1:3])

    assert walked(since=second, until=third) == [[(todo_id, 3), (todo_id, 2)]]
    assert walked(until=second) == [[(todo_id, 2), (todo_id, 1)]]
    assert [each for page in walked(since=third) for each in page] == [(todo_id, 4), (todo_id, 3)]


def ledger_events(todo_id: str) -> list[Any]:
    return ledger.history(ids.stream_id(PARTITION, todo_id))


def test_a_page_of_the_activity_ends_where_there_is_no_room_but_has_an_event() -> None:
    a, b = given_activity()

    first = reader(has_room=lambda _: False).page(None)
    assert [(each.recorded.todo_id, each.recorded.version) for each in first.given] == [(a, 3)]
    assert first.next is not None

    rest = reader(has_room=lambda each: each.version > 1).page(Place.parse(first.next))
    assert [(each.recorded.todo_id, each.recorded.version) for each in rest.given] == [(b, 2), (a, 2)]


def test_a_walk_down_the_activity_is_of_one_views_table_and_one_day(world: World) -> None:
    given_activity()
    text = reader(1).page(None).next
    assert text is not None
    place = Place.parse(text)

    with pytest.raises(PositionExpired, match=r"^The views were rebuilt since then\.$"):
        reader(1).page(replace(place, generation="another"))
    world.scheduler.now += DAY + HOUR
    with pytest.raises(PositionExpired):
        reader(1).page(place)


def test_the_activity_of_one_todo_goes_down_from_a_version() -> None:
    a, _ = given_activity()

    def versions(version: int | None, limit: int = 100, **asked: Any) -> tuple[list[int], str | None]:
        page = reader(limit, **asked).page_of_todo(a, version)
        assert page.complete_from is None
        return [each.recorded.version for each in page.given], page.next

    assert versions(None) == ([3, 2, 1], None)
    assert versions(2) == ([2, 1], None)
    assert versions(None, 2) == ([3, 2], "1")
    assert versions(None, operation="tidy") == ([2], None)
    assert reader().page_of_todo(ids.new_uuid(), None).given == []


def test_the_activity_of_one_todo_ends_at_its_bound_in_time_inclusive(world: World) -> None:
    [todo_id] = given(1)
    for number in range(3):
        world.scheduler.now += SECOND
        do(todo_id, Patch({"title": f"{number}"}))
    third = instants.sortable(ledger_events(todo_id)[2].occurred_at)

    for limit in (1, 2, 100):
        found, version = [], None
        for _ in range(10):
            page = reader(limit, since=third).page_of_todo(todo_id, version)
            found += [each.recorded.version for each in page.given]
            if page.next is None:
                break
            version = int(page.next)
        assert found == [4, 3]


def test_a_page_of_one_todos_activity_examines_so_many_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "EVENTS_OF_A_PAGE", 2)
    a, _ = given_activity()

    first = reader(type=CREATED).page_of_todo(a, None)
    second = reader(type=CREATED).page_of_todo(a, 1)

    assert (first.given, first.next) == ([], "1")
    assert ([each.recorded.version for each in second.given], second.next) == ([1], None)


def test_before_an_event_is_the_one_that_it_follows() -> None:
    a, b = given_activity()
    read = reader()
    events = read.events([(a, 1), (a, 3), (b, 2), ("x", 2)])

    found = read.before(events.values())

    assert {at: event.version for at, event in found.items()} == {(a, 3): 2, (b, 2): 1}
    assert list(events) == [(a, 1), (a, 3), (b, 2), ("x", 2)]


@pytest.mark.parametrize(
    ("read", "error", "table"),
    [
        (lambda: walk.page(ME, None, 10), ViewsUnavailable, VIEWS),
        (lambda: reader().page(None), ViewsUnavailable, VIEWS),
        (lambda: reader().page_of_todo("a", None), LedgerUnavailable, EVENTS),
        (lambda: as_of.page(ME, 0, None, after=None, limit=None), ViewsUnavailable, VIEWS),
    ],
)
def test_a_walk_without_an_answer_says_what_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], Any], error: type[Exception], table: str
) -> None:
    given(1)
    real = dynamodb.client()

    class Cut:
        def __getattr__(self, name: str) -> Any:
            def call(**request: Any) -> Any:
                if table in (request.get("TableName"), *request.get("RequestItems", {})):
                    raise NoAnswer("the line is cut")
                return getattr(real, name)(**request)

            return call

    monkeypatch.setattr(dynamodb, "client", Cut)
    with pytest.raises(error, match="the line is cut"):
        read()


def at(world: World) -> int:
    """An instant between what has happened and what comes."""
    world.scheduler.now += SECOND
    now = world.scheduler.now
    world.scheduler.now += SECOND
    return now


def as_it_was(instant: int, limit: int | None = None, accept: queries.Filter | None = None) -> dict[str, int]:
    found: dict[str, int] = {}
    after: str | None = None
    for _ in range(50):
        page = as_of.page(ME, instant, accept, after=after, limit=limit)
        assert limit is None or len(page.rows) <= limit
        found |= {row.todo_id: row.version for row in page.rows}
        if page.next_after is None:
            return found
        after = page.next_after
    raise AssertionError("a list does not end")


@pytest.mark.parametrize("limit", [None, 1, 2])
def test_a_list_as_it_was_has_what_there_was_then(world: World, limit: int | None) -> None:
    nothing = at(world)
    a, b = given(2)
    both = at(world)
    do(a, Patch({"title": "New"}))
    new = at(world)
    do(b, Delete())
    [c] = given(1)
    now = at(world)

    assert as_it_was(nothing, limit) == {}
    assert as_it_was(both, limit) == {a: 1, b: 1}
    assert as_it_was(new, limit) == {a: 2, b: 1}
    assert as_it_was(now, limit) == {a: 2, c: 1}
    assert as_it_was(new, limit, lambda row: row.todo["title"] == "New") == {a: 2}
    assert as_it_was(both, limit, lambda row: row.todo["title"] == "New") == {}


def test_a_row_as_it_was_is_like_one_of_today(world: World) -> None:
    [todo_id] = given(1, due="2026-12-01", time_zone="Asia/Tokyo")
    then = at(world)
    [now] = queries.by_list(ME, None, list_name=None, after=None, limit=1).rows
    do(todo_id, Patch({"due": "2026-12-02"}))

    [row] = as_of.page(ME, then, None, after=None, limit=1).rows

    assert (row.todo_id, row.version, row.todo) == (now.todo_id, now.version, now.todo)
    assert row.due_at == now.due_at == "2026-11-30T15:00:00.000000Z"


def test_an_earlier_version_is_found_among_many(world: World) -> None:
    [todo_id] = given(1)
    instants_of = [at(world)]
    for number in range(20):
        do(todo_id, Patch({"title": f"{number}"}))
        instants_of.append(at(world))

    assert [as_it_was(each)[todo_id] for each in instants_of] == list(range(1, 22))


def test_an_event_that_cannot_be_read_is_passed_over_in_the_past(world: World) -> None:
    [todo_id] = given(1)
    instants_of = [at(world)]
    for number in range(9):
        do(todo_id, Patch({"title": f"{number}"}))
        instants_of.append(at(world))
    for version in (4, 5, 6):
        dynamodb.client().update_item(
            TableName=EVENTS,
            Key={"stream_id": {"S": ids.stream_id(PARTITION, todo_id)}, "version": {"N": str(version)}},
            UpdateExpression="SET #change = :odd",
            ExpressionAttributeNames={"#change": "change"},
            ExpressionAttributeValues={":odd": {"S": "{"}},
        )

    assert [as_it_was(each)[todo_id] for each in instants_of] == [1, 2, 3, 3, 3, 3, 7, 8, 9, 10]


def test_a_list_as_it_was_lacks_nothing_for_as_long_as_deletions_are_kept(world: World) -> None:
    since = as_of.complete_since()

    assert since == up_to_the_hour(world.scheduler.now - codec.TOMBSTONE_SECONDS * 1000 + walk.VISIBLE_AFTER)
    assert since % HOUR == 0
