"""The tables of the local engine, made in DynamoDB Local, too.

The local engine keeps what a table is beside its items: its description, tags, backups, protection. However a table
comes into being there (a template, CreateTable), it is found by looking at all of them before each request.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ministack.services import dynamodb as emulated

from tests.support.dynamodb_local.database import DYNAMODB, Database, Refused

# Account, region and name, by which the local engine finds a table.
Key = tuple[str, str, str]

PARTS: Final = ("TableName", "KeySchema", "AttributeDefinitions", "StreamSpecification")
INDEXES: Final = ("LocalSecondaryIndexes", "GlobalSecondaryIndexes")
PARTS_OF_AN_INDEX: Final = ("IndexName", "KeySchema", "Projection")


@dataclass(frozen=True)
class Shape:
    """What of a table must be the same in both.

    Attributes
    ----------
    identity : str
        Another one if the table was dropped and made again.
    indexes : tuple of str
    expiry : str or None
        The attribute by which items expire.
    """

    identity: str
    indexes: tuple[str, ...]
    expiry: str | None


@dataclass(frozen=True)
class Stream:
    """The stream of a table that is in both.

    Attributes
    ----------
    ours, theirs : str
        Its ARN in the local engine, and in DynamoDB Local.
    is_new : bool
        Whether all that is in it came since the local engine started.
    """

    table: Key
    ours: str
    theirs: str
    is_new: bool


class Mirror:
    """Keeps the tables of a database like those of the local engine in this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._made: dict[Key, Shape] = {}
        self._streams: dict[Key, Stream] = {}
        self._lock = threading.Lock()

    def reconcile(self) -> None:
        """Make and drop tables until both have the same ones; quick if they have.

        Raises
        ------
        Refused
            DynamoDB Local refuses what the local engine accepted.
        """
        if dict(_shapes()) == self._made:
            return
        with self._lock:
            wanted = dict(_shapes())
            for key in self._made.keys() - wanted.keys():
                self._drop(key)
            for key, shape in wanted.items():
                made = self._made.get(key)
                if made is not None and made.identity != shape.identity:
                    self._drop(key)
                    made = None
                if made is None:
                    made = self._make(key, shape)
                self._made[key] = self._change(key, made, shape)

    def streams(self) -> list[Stream]:
        """The streams of all tables that have one."""
        with self._lock:
            return list(self._streams.values())

    def count(self, name: str) -> None:
        """Let the local engine's description of a table say how many items it has, and how many bytes."""
        self.reconcile()
        for key in [key for key in self._made if key[2] == name]:
            described = self._ask("DescribeTable", TableName=name)["Table"]
            emulated._tables.get_scoped(*key).update(
                ItemCount=described["ItemCount"], TableSizeBytes=described["TableSizeBytes"]
            )

    def _make(self, key: Key, shape: Shape) -> Shape:
        """Make a table, unless it is there since before the local engine was restarted."""
        table = emulated._tables.get_scoped(*key)
        found = self._describe(key)
        is_new = found is None or found["CreationDateTime"] < table["CreationDateTime"]
        if is_new:
            if found is not None:
                # The local engine was killed, and does not know it any more.
                self._ask("DeleteTable", TableName=key[2])
            found = self._ask("CreateTable", **_definition(table))["TableDescription"]
        assert found is not None
        if "LatestStreamArn" in found:
            self._streams[key] = Stream(key, table["LatestStreamArn"], found["LatestStreamArn"], is_new)
        return Shape(shape.identity, shape.indexes, None if is_new else shape.expiry)

    def _change(self, key: Key, made: Shape, shape: Shape) -> Shape:
        if made.indexes != shape.indexes:
            raise NotImplementedError(f"{key[2]} has other indexes now; no test changes them")
        if made.expiry != shape.expiry:
            specification = {"AttributeName": shape.expiry or made.expiry, "Enabled": shape.expiry is not None}
            self._ask("UpdateTimeToLive", TableName=key[2], TimeToLiveSpecification=specification)
        return shape

    def _drop(self, key: Key) -> None:
        self._ask("DeleteTable", TableName=key[2])
        self._streams.pop(key, None)
        del self._made[key]

    def _describe(self, key: Key) -> dict[str, Any] | None:
        try:
            table: dict[str, Any] = self._ask("DescribeTable", TableName=key[2])["Table"]
        except Refused:
            return None
        return table

    def _ask(self, operation: str, **request: Any) -> dict[str, Any]:
        return self._database.ask(f"{DYNAMODB}{operation}", request)


def _shapes() -> Iterator[tuple[Key, Shape]]:
    for key, table in emulated._tables.all_items():
        expiry = emulated._ttl_settings.get_scoped(*key) or {}
        is_enabled = expiry.get("TimeToLiveStatus") == "ENABLED"
        indexes = tuple(index["IndexName"] for kind in INDEXES for index in table[kind] or ())
        yield key, Shape(table["TableId"], indexes, expiry["AttributeName"] if is_enabled else None)


def _definition(table: dict[str, Any]) -> dict[str, Any]:
    definition = {part: table[part] for part in PARTS if table[part]}
    for kind in INDEXES:
        if table[kind]:
            definition[kind] = [{part: index[part] for part in PARTS_OF_AN_INDEX} for index in table[kind]]
    return {**definition, "BillingMode": "PAY_PER_REQUEST"}
