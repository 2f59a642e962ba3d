"""Collections in the settings table: items of one kind, of which each owner has a bounded number (webhooks, feeds)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection as Names
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import settings_table
from chalicelib.aws.settings_table import Item
from chalicelib.todos import ids
from chalicelib.todos.errors import Permanent
from chalicelib.todos.ids import Owner, Partition


class CollectionFull(Permanent):
    """The owner has the maximum number of items already."""


class Occupied(Permanent):
    """One of the writes that belong to an item was refused: what it claims has another owner."""


@dataclass(frozen=True, slots=True)
class OwnedItems:
    """One kind of item.

    Attributes
    ----------
    prefix : str
        What the items' sort keys begin with; the id follows.
    count_key : str
        The sort key of an owner's count, which changes in the same transaction as the items. It must not begin with
        the prefix.
    most : int
        How many items an owner may have.
    """

    prefix: str
    count_key: str
    most: int

    def id_for_key(self, owner: Owner, idempotency_key: str) -> str:
        """The id of the item that a POST with this key creates: the same for every repeat."""
        return str(uuid.uuid5(ids.NAMESPACE, f"{ids.partition_of(owner)}#{self.prefix}{idempotency_key}"))

    def item(self, partition: Partition, item_id: str, attributes: Item) -> Item:
        """The item as the table holds it."""
        return {**settings_table.key(partition, self.prefix + item_id), **attributes}

    def id_of(self, item: Item) -> str:
        """The id in an item's sort key."""
        return item["sk"]["S"].removeprefix(self.prefix)

    def add(self, item: Item, *also: dict[str, Any]) -> bool:
        """Put a new item, together with other writes; False if its id is taken, and then nothing was written.

        Raises
        ------
        CollectionFull, Occupied, Unavailable
        """
        partition = Partition(item["owner"]["S"])
        counted = settings_table.count(partition, self.count_key, 1, most=self.most)
        taken, *others, full = settings_table.transact([settings_table.put(item), *also, counted])
        if taken:
            return False
        if any(others):
            raise Occupied
        if full:
            raise CollectionFull
        return True

    def find(self, partition: Partition, item_id: str) -> Item | None:
        """One item, by a strongly consistent read.

        Raises
        ------
        Unavailable
        """
        return settings_table.find(partition, self.prefix + item_id)

    def of_partition(self, partition: Partition) -> list[Item]:
        """All items of an owner, oldest first, by a strongly consistent read.

        Raises
        ------
        Unavailable
        """
        found = settings_table.beginning_with(partition, self.prefix)
        return sorted(found, key=lambda item: (item["created_at"]["S"], self.id_of(item)))

    def remove(self, partition: Partition, item_id: str, *also: dict[str, Any]) -> bool:
        """Delete an item, together with other writes; False if it does not exist.

        Raises
        ------
        Unavailable
        """
        removal = settings_table.delete(partition, self.prefix + item_id)
        gone, *_ = settings_table.transact([removal, *also, settings_table.count(partition, self.count_key, -1)])
        return not gone

    def change(
        self,
        partition: Partition,
        item_id: str,
        expression: str,
        values: Mapping[str, Any],
        condition: str = settings_table.EXISTS,
    ) -> bool:
        """Change an item by an update expression; False if it does not exist, or another condition does not hold.

        Raises
        ------
        Unavailable
        """
        return settings_table.update(partition, self.prefix + item_id, expression, values, condition=condition)


def attributes_of(**texts: str | None) -> dict[str, dict[str, str]]:
    """The attributes of texts, those left out that are None."""
    return {name: {"S": text} for name, text in texts.items() if text is not None}


def text_of(item: Item, attribute: str) -> str | None:
    """An attribute's text; None if the item does not have it."""
    return item[attribute]["S"] if attribute in item else None


def dump_names(names: Names[str] | None) -> str | None:
    """Names as an attribute's text."""
    return None if names is None else json.dumps(tuple(names))


def names_of(item: Item, attribute: str) -> tuple[str, ...] | None:
    """An attribute's names; None if the item does not have it."""
    return tuple(json.loads(item[attribute]["S"])) if attribute in item else None
