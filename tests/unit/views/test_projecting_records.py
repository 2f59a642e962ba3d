"""What the stream brings comes into every views table in use, or into the quarantine; the ledger fills a new one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import metrics
from chalicelib.aws import dynamodb
from chalicelib.aws.errors import NoAnswer
from chalicelib.ledger import codec as ledger_codec
from chalicelib.ledger import ledger, scan
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.rebuild.state import State
from chalicelib.todos import ids, instants
from chalicelib.todos.events import CREATED, EDITED, Event
from chalicelib.todos.ids import Partition
from chalicelib.views import backfill, codec, current, pointer, projector, recorded, schema, stream, table_reads
from chalicelib.views.backfill import Filling
from chalicelib.views.errors import Outrun, ProjectionIncomplete, Refused
from chalicelib.views.pointer import Pointer, Record
from chalicelib.views.projection import Head
from tests.simulation.seams import EVENTS, QUARANTINE, VIEWS
from tests.simulation.world import World
from tests.support.events import following
from tests.unit.commands.conftest import world
from tests.unit.commands.one_owner import messages
from tests.unit.ledger.conftest import Calls, calls
from tests.unit.scenarios import content_of, instant

__all__ = ["calls", "world"]

ME = Partition("me%231")
SECOND = "todo-views-1-b"


def event_of(todo_id: str, owner: Partition = ME, **stated: Any) -> Event:
    return following(None, ids.stream_id(owner, todo_id), CREATED, content_of(), at=instant(1), **stated)


def record_of(event: Event, **more: Any) -> dict[str, Any]:
    return {"dynamodb": {"NewImage": ledger_codec.encode(event) | more, "SequenceNumber": "1"}}


def head_of(todo_id: str) -> Head:
    return Head(todo_id, 1, ledger_codec.dump_state(event_of(todo_id).state))


def rows(table: str) -> set[tuple[str, str]]:
    """The owners and ids of the todos in a views table."""
    return {
        (item["owner"]["S"], codec.row_of(item).todo_id)
        for page in table_reads.scan(table, 0, 1)
        for item in page
        if item["sk"]["S"].startswith(schema.TODO_PREFIX)
    }


def point_to(*tables: str) -> None:
    """A rebuild makes the last table."""
    record = pointer.record()
    claim = Record(State(tables[-1]).to_json(), "runner", f"token {len(tables)}", 0)
    pointer.write_record(claim, instead_of=record)
    pointer.point(Pointer(tables[0], tables), instead_of=pointer.pointer(), under=claim)
    current.forget()


@pytest.fixture
def second(world: World) -> str:
    """Given a second views table, which a rebuild makes."""
    while not pointer.make(SECOND):
        world.scheduler.now += 1000
    point_to(VIEWS, SECOND)
    return SECOND


def test_records_are_projected_by_owner() -> None:
    found = stream.heads_of(map(record_of, (event_of("a"), event_of("b", Partition("you")), event_of("c"))))

    assert found == {ME: [head_of("a"), head_of("c")], Partition("you"): [head_of("b")]}


def test_what_removes_an_event_or_is_a_part_of_a_history_is_not_projected() -> None:
    assert stream.heads_of([{"dynamodb": {"OldImage": {}}}, record_of(event_of("a", more=True))]) == {}


@pytest.mark.parametrize(
    "more",
    [
        {"stream_id": {"S": "no stream"}},
        {"version": {"N": "x"}},
        {"state": {"S": "{"}},
        {"state": {"S": "[]"}},
        {"state": {"S": '{"due": 1}'}},
    ],
)
def test_a_record_that_cannot_be_projected_is_quarantined_and_the_others_are_not(world: World, more: Any) -> None:
    bad = record_of(event_of("a"), **more)

    assert stream.heads_of([bad, record_of(event_of("b"))]) == {ME: [head_of("b")]}

    [message] = messages(world, QUARANTINE)
    assert (message["handler"], message["record"]) == ("project", bad)
    assert message["sequence_number"] == "1"


def test_events_come_into_every_table_in_use(second: str) -> None:
    stream.project_or_quarantine({ME: [head_of("a")]})

    assert rows(VIEWS) == rows(second) == {(ME, "a")}


def test_a_rebuilds_table_comes_first(second: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def project(table: str, heads: Any) -> list[Refused]:
        asked.append(table)
        return []

    monkeypatch.setattr(projector, "project_batch", project)

    assert stream.project_everywhere({ME: [head_of("a")]}) == []

    assert asked == [second, VIEWS]


def incomplete(*failed: str, refused: str = "") -> ProjectionIncomplete:
    failures = {owner: NoAnswer(f"cut for {owner}") for owner in failed}
    return ProjectionIncomplete(failures, [refused_of(each) for each in refused])


def refused_of(todo_id: str) -> Refused:
    return Refused(ME, head_of(todo_id), ValueError(f"odd {todo_id}"))


def test_what_fails_in_one_table_is_tried_in_the_other_and_reported(
    second: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: dict[str, Any] = {second: incomplete("ann", refused="a"), VIEWS: incomplete("bob", refused="b")}
    asked: list[str] = []

    def project(table: str, heads: Any) -> Any:
        asked.append(table)
        raise outcomes[table]

    monkeypatch.setattr(projector, "project_batch", project)

    with pytest.raises(ProjectionIncomplete) as raised:
        stream.project_or_quarantine({ME: [head_of("a")]})

    assert asked == [second, VIEWS]
    assert set(raised.value.failures) == {"ann", "bob"}
    assert [each.head.todo_id for each in raised.value.refused] == ["a", "b"]
    assert [message["keys"] for message in messages(world, QUARANTINE)] == [
        {"stream_id": f"{ME}#{todo_id}", "version": 1} for todo_id in "ab"
    ]


def test_what_no_retry_can_project_is_quarantined_by_its_keys(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "project_batch", lambda table, heads: [refused_of("a")])

    stream.project_or_quarantine({ME: [head_of("a")]})

    [message] = messages(world, QUARANTINE)
    assert (message["handler"], message["error"], message["record"]) == ("project", "ValueError: odd a", {})
    assert message["keys"] == {"stream_id": f"{ME}#a", "version": 1}


def test_a_table_that_was_dropped_meanwhile_is_one_less(second: str, world: World) -> None:
    current.current_pointer()
    while not pointer.drop(second):
        world.scheduler.now += 1000
    remembered = current._memory._found
    point_to(VIEWS)
    current._memory._found = remembered

    stream.project_or_quarantine({ME: [head_of("a")]})

    assert rows(VIEWS) == {(ME, "a")}


def test_the_lag_is_counted_from_the_event_or_from_when_it_was_brought_here(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed: list[tuple[str, float]] = []
    monkeypatch.setattr(metrics, "observe", lambda name, value: observed.append((name, value)))
    now = world.scheduler.now

    def at(milliseconds_ago: int) -> dict[str, str]:
        return {"S": instants.format_milliseconds(now - milliseconds_ago)}

    stream.observe_lag(
        [
            {"dynamodb": {"NewImage": {"occurred_at": at(700)}}},
            {"dynamodb": {"NewImage": {"occurred_at": at(900_000), "imported_at": at(300)}}},
            {"dynamodb": {"NewImage": {"occurred_at": at(-5000)}}},
            {"dynamodb": {"NewImage": {}}},
            {"dynamodb": {"NewImage": {"occurred_at": {"S": "soon"}}}},
            {"dynamodb": None},
        ]
    )

    assert observed == [(metrics.PROJECTION_LAG, value) for value in (700, 300, 0)]


def given_ledger(count: int) -> list[str]:
    """So many todos of several owners, none of which the views have."""
    streams = []
    for number in range(count):
        event = event_of(f"{number:02}", Partition(f"owner-{number % 5}"))
        ledger.append(event)
        streams.append(event.stream_id)
    return streams


def break_event(todo_id: str, attribute: str, value: str) -> None:
    dynamodb.client().update_item(
        TableName=EVENTS,
        Key={"stream_id": {"S": ids.stream_id(ME, todo_id)}, "version": {"N": "1"}},
        UpdateExpression="SET #name = :odd",
        ExpressionAttributeNames={"#name": attribute},
        ExpressionAttributeValues={":odd": {"S": value}},
    )


def every_head(_table: str, heads: backfill.Heads) -> backfill.Heads:
    return heads


@pytest.mark.usefixtures("world")
def test_a_table_is_filled_from_the_ledger() -> None:
    streams = given_ledger(12)
    filling = Filling()
    batches: list[int] = []

    filling.advance(lambda: [VIEWS], every_head, progress=lambda now: batches.append(now.streams))

    assert rows(VIEWS) == {ids.split_stream_id(each) for each in streams}
    assert (filling.is_done, filling.streams, filling.projected, filling.refused) == (True, 12, 12, [])
    assert batches[-1] == 12
    assert batches == sorted(batches)
    assert len(batches) > 1


@pytest.mark.usefixtures("world")
def test_a_filling_stops_at_its_time_and_goes_on_in_another_process() -> None:
    streams = given_ledger(12)
    filling, rounds = Filling(), 0
    while not filling.is_done:
        rounds += 1
        assert rounds < 50
        filling.advance(lambda: [VIEWS], every_head, until=0.0)
        content = filling.to_json()
        filling = Filling.from_json(dict(content))
        assert filling.to_json() == content

    assert rounds > 1
    assert rows(VIEWS) == {ids.split_stream_id(each) for each in streams}
    assert (filling.streams, filling.projected) == (12, 12)


def test_of_several_tables_each_gets_what_is_chosen_for_it(second: str) -> None:
    given_ledger(6)
    one = Partition("owner-1")

    def choose(table: str, heads: backfill.Heads) -> backfill.Heads:
        return heads if table == VIEWS else {owner: each for owner, each in heads.items() if owner == one}

    filling = Filling()
    filling.advance(lambda: [second, VIEWS], choose)

    assert len(rows(VIEWS)) == 6
    assert {owner for owner, _ in rows(second)} == {one}
    assert filling.projected == 6


@pytest.mark.usefixtures("world")
def test_a_stream_that_cannot_be_read_keeps_no_other_out() -> None:
    given_ledger(2)
    odd = event_of("odd")
    ledger.append(odd)
    break_event("odd", "state", "[]")
    filling = Filling()

    filling.advance(lambda: [VIEWS], every_head)

    assert filling.refused == [odd.stream_id]
    assert (filling.is_done, filling.streams, len(rows(VIEWS))) == (True, 3, 2)


@pytest.mark.usefixtures("world")
def test_what_the_projector_refuses_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = given_ledger(2)
    monkeypatch.setattr(
        projector,
        "project_batch",
        lambda table, heads: [
            Refused(owner, each, ValueError("odd")) for owner, of_owner in heads.items() for each in of_owner
        ],
    )
    filling = Filling()

    filling.advance(lambda: [VIEWS, VIEWS], every_head)

    assert sorted(filling.refused) == sorted(streams)


@pytest.mark.usefixtures("world")
def test_an_owner_who_cannot_be_projected_now_ends_a_filling_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    given_ledger(3)
    filling = Filling()
    with monkeypatch.context() as patch:

        def fail(table: str, heads: Any) -> Any:
            raise incomplete("owner-0")

        patch.setattr(projector, "project_batch", fail)
        with pytest.raises(ProjectionIncomplete):
            filling.advance(lambda: [VIEWS], every_head)
    assert (filling.streams, filling.is_done) == (0, False)

    filling.advance(lambda: [VIEWS], every_head)
    assert len(rows(VIEWS)) == 3


@pytest.mark.usefixtures("world")
def test_a_ledger_that_cannot_be_read_ends_a_filling(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Iterator[Any]:
        raise NoAnswer("the line is cut")

    monkeypatch.setattr(scan, "heads", fail)
    with pytest.raises(NoAnswer, match="the line is cut"):
        Filling().advance(lambda: [VIEWS], every_head)


def test_deletions_older_than_a_tombstone_are_not_brought_into_a_new_table(world: World) -> None:
    def deleted(todo_id: str, days_ago: float) -> Head:
        at = instants.format_milliseconds(int(world.scheduler.now - days_ago * 24 * 3600 * 1000))
        return Head(todo_id, 2, f'{{"deleted": true, "updated_at": "{at}"}}')

    kept, old, live = deleted("kept", 99.9), deleted("old", 100.1), Head("a", 1, '{"updated_at": "2000"}')

    chosen = backfill.without_old_deletions(VIEWS, {ME: [kept, old, live], Partition("you"): [old]})

    assert chosen == {ME: [kept, live]}


def test_a_pointer_is_changed_by_who_has_the_record_and_knows_what_it_was(second: str) -> None:
    now, record = pointer.pointer(), pointer.record()
    assert record is not None
    assert now == Pointer(VIEWS, (VIEWS, second))
    to = Pointer(second, (VIEWS, second), remembered_seconds=1.5)

    with pytest.raises(Outrun, match=r"^somebody else has changed the pointer to the views tables, or the record of"):
        pointer.point(to, instead_of=to, under=record)
    with pytest.raises(Outrun):
        pointer.point(to, instead_of=now, under=Record("{}", "other", "another token", 0))
    assert pointer.pointer() == now

    pointer.point(to, instead_of=now, under=record)
    assert pointer.pointer() == to
    assert pointer.pointer().remembered_seconds == 1.5


@pytest.mark.usefixtures("world")
def test_a_record_is_written_by_whoever_has_seen_the_one_before() -> None:
    first, second = Record('{"a": 1}', "one", "token 1", 1), Record("{}", "two", "token 2", 2)
    assert pointer.record() is None

    pointer.write_record(first, instead_of=None)
    assert pointer.record() == first
    for before in (None, second, Record("", "", "token 1", 2), Record("", "", "token 2", 1)):
        with pytest.raises(Outrun, match=r"^somebody else has changed the record of the rebuild$"):
            pointer.write_record(second, instead_of=before)

    pointer.write_record(second, instead_of=first)
    assert pointer.record() == second


@pytest.mark.usefixtures("world")
def test_a_table_is_made_and_dropped_however_often_it_is_asked_for(world: World) -> None:
    asked = [pointer.make(SECOND)]
    while not asked[-1]:
        world.scheduler.now += 1000
        asked.append(pointer.make(SECOND))
    assert pointer.make(SECOND)

    asked = [pointer.drop(SECOND)]
    while not asked[-1]:
        world.scheduler.now += 1000
        asked.append(pointer.drop(SECOND))
    assert pointer.drop(SECOND)


def test_a_name_beside_another_has_its_beginning_and_another_end() -> None:
    name = pointer.beside("todo-ledger-views-old-1")

    assert name.startswith("todo-ledger-views-")
    assert name not in (pointer.beside("todo-ledger-views-old-1"), "todo-ledger-views-old-1")
    assert not pointer.has_other_zones(name)
    assert not pointer.has_other_zones(pointer.name_of("todo-views-of-me"))
    assert pointer.has_other_zones("todo-ledger-views-old-1")


@pytest.mark.usefixtures("world")
def test_events_of_an_owner_are_found_in_the_order_in_which_they_are_asked_for() -> None:
    a, b = event_of("a"), event_of("b")
    second = following(a, a.stream_id, EDITED, {"title": "New"}, at=instant(2))
    for event in (a, b, second):
        ledger.append(event)
    wanted = [("b", 1), ("a", 2), ("x", 1), ("a", 1)]

    found = recorded.read_events(ME, wanted)

    assert list(found) == wanted
    assert found["a", 2] == recorded.Recorded("a", 2, second, instants.milliseconds_of(instant(2)))
    assert found["x", 1] == recorded.Recorded("x", 1, None, None)
    assert recorded.read_events(ME, []) == {}


@pytest.mark.usefixtures("world")
def test_an_event_that_cannot_be_decoded_hides_no_other() -> None:
    for todo_id in "abcde":
        ledger.append(event_of(todo_id))
    break_event("b", "change", "{")
    break_event("d", "occurred_at", "soon")

    found = recorded.read_events(ME, [(todo_id, 1) for todo_id in "abcde"])

    assert [todo_id for todo_id, _ in found] == list("abcde")
    assert {each.todo_id for each in found.values() if each.event is None} == {"b", "d"}
    assert found["b", 1] == recorded.Recorded("b", 1, None, instants.milliseconds_of(instant(1)))
    assert found["d", 1] == recorded.Recorded("d", 1, None, None)


def test_a_ledger_that_does_not_answer_is_unavailable(calls: Calls) -> None:
    calls.errors = [NoAnswer("the line is cut")]

    with pytest.raises(LedgerUnavailable, match="the line is cut"):
        recorded.read_events(ME, [("a", 1)])
