"""Which tables a process reads and projects into, by a pointer that it may have read some seconds ago."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.views import current, cuts, projector, queries, schema
from chalicelib.views.errors import PositionExpired, ProjectionIncomplete
from chalicelib.views.sync import walk
from tests.support.alone import Alone, of_engine
from tests.support.faults import counted, refusals
from tests.support.reset import forget_tables
from tests.support.tables import pointer_to


class Rebuild:
    """What a rebuild does to the tables and the pointer, at once."""

    def __init__(self, alone: Alone) -> None:
        self.settings_table = alone.environment["SETTINGS_TABLE"]
        self.old = alone.views
        self.new = f"{alone.views}-new"
        of_engine("dynamodb").create_table(**schema.table_definition(self.new))
        self.alone = alone

    def point_to(self, reader: str, *tables: str) -> None:
        of_engine("dynamodb").put_item(TableName=self.settings_table, Item=pointer_to(reader, *tables))

    def end(self) -> None:
        """The new table has what the old one had, and takes its place."""
        for item in of_engine("dynamodb").scan(TableName=self.old)["Items"]:
            of_engine("dynamodb").put_item(TableName=self.new, Item=item)
        self.point_to(self.new, self.new)
        self.drop(self.old)

    def drop(self, table: str) -> None:
        of_engine("dynamodb").delete_table(TableName=table)

    def versions(self, table: str) -> dict[str, int]:
        items = of_engine("dynamodb").scan(TableName=table)["Items"]
        return {
            item["sk"]["S"].removeprefix(schema.TODO_PREFIX): int(item["version"]["N"])
            for item in items
            if item["sk"]["S"].startswith(schema.TODO_PREFIX)
        }


@pytest.fixture
def rebuild(alone: Alone) -> Iterator[Rebuild]:
    rebuild = Rebuild(alone)
    yield rebuild
    remaining = of_engine("dynamodb").list_tables()["TableNames"]
    if rebuild.new in remaining:
        rebuild.drop(rebuild.new)
    if rebuild.old not in remaining:
        # The fixture drops it.
        of_engine("dynamodb").create_table(**schema.table_definition(rebuild.old))


def test_a_warm_project_takes_two_requests_for_a_batch(alone: Alone) -> None:
    alone.create()
    alone.project()
    alone.create()

    with counted() as traffic:
        alone.project()

    del traffic.requests["Scan"]
    assert traffic.requests == {"BatchGetItem": 1, "TransactWriteItems": 1}


def test_every_reader_finds_the_table_that_replaced_the_one_it_knew(alone: Alone, rebuild: Rebuild) -> None:
    todo_id = alone.create(due="2026-12-01", list="a", remind_at="2026-12-01T00:00:00Z")
    alone.project()
    owner = alone.owner

    def everything() -> list[Any]:
        reads = (
            lambda: [row.todo_id for row in queries.by_list(owner, None, list_name=None, after=None, limit=5).rows],
            lambda: [
                row.todo_id
                for row in queries.by_due(owner, None, after=None, limit=5, low=" ", high=schema.BEHIND_ALL).rows
            ],
            lambda: [row.todo_id for row in queries.by_created(owner, None, after=None, limit=5).rows],
            lambda: [row.todo_id for row in queries.by_id(owner, after=None, limit=5).rows],
            lambda: [count.name for count in queries.lists(owner, after=None, limit=5)[0]],
            lambda: queries.has_list(owner, "a"),
            lambda: queries.tally(owner).total,
            lambda: queries.having_versions(owner, {todo_id: 1}),
            lambda: [
                reminder.todo_id
                for shard in range(schema.REMIND_SHARDS)
                for reminder in queries.due_reminders(shard, schema.BEHIND_ALL)
            ],
            lambda: cuts.read_cut(owner).revision,
            lambda: [row.todo_id for row in walk.page(owner, None, 5).changes],
        )
        return [_by_an_old_pointer(read, rebuild) for read in reads]

    before = everything()
    assert before[0] == [todo_id]
    rebuild.end()
    assert everything() == before


def _by_an_old_pointer(read: Callable[[], Any], rebuild: Rebuild) -> Any:
    """What a process reads that has read the pointer before the rebuild's end."""
    forget_tables()
    real = of_engine("dynamodb").get_item(TableName=rebuild.settings_table, Key=schema.POINTER_KEY)["Item"]
    rebuild.point_to(rebuild.old, rebuild.old)
    current.current_table()
    of_engine("dynamodb").put_item(TableName=rebuild.settings_table, Item=real)
    return read()


def test_project_goes_on_with_the_tables_that_there_are(alone: Alone, rebuild: Rebuild) -> None:
    alone.create()
    alone.project()
    rebuild.end()
    later = alone.create()

    alone.project()

    assert later in rebuild.versions(rebuild.new)


def test_project_does_not_mind_an_abandoned_table(alone: Alone, rebuild: Rebuild) -> None:
    rebuild.point_to(rebuild.old, rebuild.old, rebuild.new)
    alone.create()
    alone.project()
    rebuild.point_to(rebuild.old, rebuild.old)
    rebuild.drop(rebuild.new)
    later = alone.create()

    alone.project()

    assert later in rebuild.versions(rebuild.old)


def test_a_table_that_is_missing_although_the_pointer_names_it_is_an_error(alone: Alone, rebuild: Rebuild) -> None:
    rebuild.point_to(rebuild.old, rebuild.old, rebuild.new)
    rebuild.drop(rebuild.new)
    todo_id = alone.create()

    with pytest.raises(ProjectionIncomplete):
        alone.project()
    assert todo_id in rebuild.versions(rebuild.old)


def test_a_rebuilds_table_is_written_first(alone: Alone, rebuild: Rebuild, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no client misses after the switch what it had waited for before."""
    rebuild.point_to(rebuild.old, rebuild.old, rebuild.new)
    forget_tables()
    alone.create()
    written: list[str] = []
    real = projector.project_batch

    def project_batch(table: str, heads: Any) -> Any:
        written.append(table)
        return real(table, heads)

    monkeypatch.setattr(projector, "project_batch", project_batch)
    alone.project()

    assert written == [rebuild.new, rebuild.old]


def test_after_the_switch_a_write_is_awaited_where_somebody_may_still_read(
    alone: Alone, rebuild: Rebuild, impatient: None
) -> None:
    rebuild.point_to(rebuild.new, rebuild.old, rebuild.new)
    forget_tables()
    todo_id = alone.create()
    with (
        refusals("TransactWriteItems", "ThrottlingException", body_contains=f'"{rebuild.old}"'),
        pytest.raises(ProjectionIncomplete),
    ):
        alone.project()
    assert todo_id in rebuild.versions(rebuild.new)

    assert not queries.wait_for_versions(alone.owner, {todo_id: 1}, 0)
    alone.project()
    assert queries.wait_for_versions(alone.owner, {todo_id: 1}, 0)


def test_a_sync_goes_by_the_newest_pointer_that_its_cursor_shows(alone: Alone, rebuild: Rebuild) -> None:
    alone.create()
    alone.project()
    old = walk.page(alone.owner, None, 10).position
    rebuild.point_to(rebuild.new, rebuild.old, rebuild.new)

    # Whoever remembers the pointer goes on with the old table, which is written until nobody remembers that.
    with counted() as traffic:
        assert walk.page(alone.owner, old, 10).position.generation == old.generation
    assert "GetItem" not in traffic.requests
    # One that starts begins with the new table, and nobody takes it back to the old one.
    new = walk.page(alone.owner, None, 10).position
    assert new.generation != old.generation
    rebuild.point_to(rebuild.old, rebuild.old)
    forget_tables()
    current.current_table()
    rebuild.point_to(rebuild.new, rebuild.old, rebuild.new)
    assert walk.page(alone.owner, new, 10).position.generation == new.generation
    with pytest.raises(PositionExpired):
        walk.page(alone.owner, old, 10)
