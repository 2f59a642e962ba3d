"""A ledger and views in which differences are planted, each behind the stream's back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.views import schema
from tests.operate.live.commanding import Item, Owner, get

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


def items_of(table: str) -> list[Item]:
    """Everything in a table."""
    found: list[Item] = dynamodb.client().scan(TableName=table, ConsistentRead=True)["Items"]
    return found
