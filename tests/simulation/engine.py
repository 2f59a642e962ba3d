"""A DynamoDB in memory: each operation at once, but for transactions, whose items its caller makes visible one by one.

What it leaves out raises `Unsupported`. What it takes for granted of AWS (Amazon DynamoDB Developer Guide, "Amazon
DynamoDB Transactions: How it works", the sections on isolation levels and on conflict handling):

- A transaction is serializable with every other transaction, with each PutItem and with each GetItem: it is decided at
  one moment, and no other write may touch any of its items until that item has its new value. It is refused instead
  (TransactionConflictException, or the reason TransactionConflict in another transaction's cancellation).
- Query, Scan, BatchGetItem, and several GetItem one after the other, are read-committed only: they may see one item of
  a transaction as it is after it and another as it was before, in any order. Once it is answered, all are visible.

So an item has one visible value, and whoever drives the engine applies a transaction's writes one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.simulation import answers, expressions
from tests.simulation.expressions import Item, Unsupported, named
from tests.simulation.requests import CONDITION, Answer, Request, digest, holds, only, place, updated
from tests.simulation.tables import Index, Key, Table

TOKEN_SECONDS = 600
CREATION_MILLISECONDS = 100
MAX_KEYS = 100
MAX_ACTIONS = 100

_UNCHANGED = object()


@dataclass(slots=True)
class Transaction:
    """A transaction that is decided, with the writes that are not visible yet."""

    began: int
    waiting: list[tuple[Table, Key, Any]] = field(default_factory=list)

    def apply(self, position: int) -> None:
        """Make one of the waiting writes visible."""
        table, key, item = self.waiting.pop(position)
        del table.being_written[key]
        if item is None:
            table.delete(key)
        elif item is not _UNCHANGED:
            table.put(key, item)

    def apply_all(self) -> None:
        while self.waiting:
            self.apply(0)


class Engine:
    """
    Parameters
    ----------
    now : callable
        Milliseconds since 1970.
    page_items : int
        How many items a Query or Scan returns at most at once; it stands for DynamoDB's 1 MB.
    scans_as_text : bool
        A Scan has 10 before 2 within a partition, as the emulator does; DynamoDB promises an order of Query alone.

    Attributes
    ----------
    committed : list of (str, list of Item)
        What each PutItem and each transaction put into a table, in the order in which they were decided.
    after_update : callable
        Is told each item as an UpdateItem has left it.
    """

    def __init__(self, now: Callable[[], int] = lambda: 0, page_items: int = 1000, scans_as_text: bool = False) -> None:
        self.tables: dict[str, Table] = {}
        self.now = now
        self.page_items = page_items
        self.scans_as_text = scans_as_text
        self._tokens: dict[str, tuple[str, int]] = {}
        self.committed: list[tuple[str, list[Item]]] = []
        self.after_update: Callable[[Item], None] = lambda item: None

    def create_table(self, definition: dict[str, Any]) -> Table:
        """Make a table that is there at once."""
        table = self.tables[definition["TableName"]] = Table(definition)
        return table

    def begin_table(self, request: Request) -> Answer:
        """CreateTable: the table can be used a little later."""
        if request["TableName"] in self.tables:
            raise answers.client_error("ResourceInUseException", "CreateTable")
        self.create_table(request).active_at = self.now() + CREATION_MILLISECONDS
        return {}

    def describe_table(self, request: Request) -> Answer:
        table = self._existing(request["TableName"])
        return {"Table": {"TableStatus": "ACTIVE" if self._is_active(table) else "CREATING"}}

    def delete_table(self, request: Request) -> Answer:
        if not self._is_active(self._existing(request["TableName"])):
            raise answers.client_error("ResourceInUseException", "DeleteTable")
        del self.tables[request["TableName"]]
        return {}

    def describe_time_to_live(self, request: Request) -> Answer:
        table = self._existing(request["TableName"])
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED" if table.ttl_attribute else "DISABLED"}}

    def update_time_to_live(self, request: Request) -> Answer:
        wanted = request["TimeToLiveSpecification"]
        self._table(request).ttl_attribute = wanted["AttributeName"] if wanted["Enabled"] else None
        return {}

    def call(self, operation: str, request: Request) -> Answer:
        """Carry out an operation as a whole."""
        return _OPERATIONS[operation](self, request)

    def put_item(self, request: Request) -> Answer:
        only(request, "TableName", "Item", *CONDITION)
        table, item = self._table(request), request["Item"]
        key = table.key_of(item)
        if key in table.being_written:
            raise answers.conflict("PutItem")
        if not holds(request, table.get(key)):
            raise answers.condition_failed("PutItem")
        table.put(key, item)
        self.committed.append((table.name, [item]))
        return {}

    def update_item(self, request: Request) -> Answer:
        only(request, "TableName", "Key", "UpdateExpression", *CONDITION)
        table = self._table(request)
        key = table.key_of(request["Key"])
        if key in table.being_written:
            raise answers.conflict("UpdateItem")
        item = table.get(key)
        if not holds(request, item):
            raise answers.condition_failed("UpdateItem")
        after = updated(request, item or request["Key"])
        table.put(key, after)
        self.after_update(after)
        return {}

    def get_item(self, request: Request) -> Answer:
        only(request, "TableName", "Key", "ConsistentRead")
        table = self._table(request)
        item = table.get(table.key_of(request["Key"]))
        return {} if item is None else {"Item": item}

    def batch_get_item(self, request: Request) -> Answer:
        only(request, "RequestItems")
        found: dict[str, list[Item]] = {}
        for name, wanted in request["RequestItems"].items():
            only(wanted, "Keys", "ConsistentRead")
            table = self._table({"TableName": name})
            keys = [table.key_of(key) for key in wanted["Keys"]]
            if not 0 < len(keys) <= MAX_KEYS or len(set(keys)) < len(keys):
                raise answers.invalid("BatchGetItem", "Too many items, none, or duplicates")
            found[name] = [item for key in keys if (item := table.get(key)) is not None]
        return {"Responses": found, "UnprocessedKeys": {}}

    def query(self, request: Request) -> Answer:
        only(
            request, "TableName", "IndexName", "KeyConditionExpression", "ExpressionAttributeNames",
            "ExpressionAttributeValues", "ProjectionExpression", "ScanIndexForward", "ConsistentRead", "Limit",
            "ExclusiveStartKey",
        )  # fmt: skip
        table = self._table(request)
        index = table.indexes[request["IndexName"]] if "IndexName" in request else table.key
        if request.get("ConsistentRead") and not index.is_local:
            raise answers.invalid("Query", "Consistent reads are not supported on global secondary indexes")
        comparisons = expressions.key_condition(request["KeyConditionExpression"])
        names, values = request.get("ExpressionAttributeNames", {}), request["ExpressionAttributeValues"]
        found = table.matching(index, comparisons, names, values)
        # Null is as good as nothing.
        forward = request.get("ScanIndexForward") is not False
        if not forward:
            found.reverse()
        if "ExclusiveStartKey" in request:
            start = place(table, index, request["ExclusiveStartKey"])
            found = [item for item in found if (place(table, index, item) > start) is forward]
            found = [item for item in found if place(table, index, item) != start]
        return self._page(table, index, found, request)

    def scan(self, request: Request) -> Answer:
        only(
            request, "TableName", "Segment", "TotalSegments", "ConsistentRead", "ProjectionExpression",
            "FilterExpression", "ExpressionAttributeNames", "ExpressionAttributeValues", "ExclusiveStartKey", "Limit",
        )  # fmt: skip
        table = self._table(request)
        segment, segments = request.get("Segment", 0), request.get("TotalSegments", 1)
        # Partitions in the order in which they were made, which a later start key finds again.
        partitions = [key for number, key in enumerate(table.partitions) if number % segments == segment]
        start = table.key_of(request["ExclusiveStartKey"]) if "ExclusiveStartKey" in request else None
        if start is not None:
            partitions = partitions[partitions.index(start[0]) :]
        order = str if self.scans_as_text else _as_it_is
        found = [
            table.partitions[key].items[sort_key]
            for key in partitions
            for sort_key in sorted(table.partitions[key].order, key=order)
            if start is None or key != start[0] or order(sort_key) > order(start[1])
        ]
        return self._page(table, table.key, found, request)

    def transact_write_items(self, request: Request) -> Answer:
        transaction = self.begin(request)
        if transaction is not None:
            transaction.apply_all()
        return {}

    def begin(self, request: Request) -> Transaction | None:
        """Decide a transaction; None where its token says that it is done already.

        Raises
        ------
        ClientError
            As DynamoDB cancels it, with a reason for each item.
        """
        only(request, "TransactItems", "ClientRequestToken")
        if self._is_known(request):
            return None
        actions = list(self._actions(request))
        keys = [(table.name, key) for table, key, _, _ in actions]
        if not 0 < len(keys) <= MAX_ACTIONS or len(set(keys)) < len(keys):
            raise answers.invalid("TransactWriteItems", "Too many actions, none, or two on one item")
        reasons: list[tuple[str, Item | None]] = []
        for table, key, body, _ in actions:
            if key in table.being_written:
                reasons.append(("TransactionConflict", None))
            elif holds(body, old := table.get(key)):
                reasons.append(("None", None))
            else:
                is_asked = body.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
                reasons.append(("ConditionalCheckFailed", old if is_asked else None))
        if any(code != "None" for code, _ in reasons):
            raise answers.cancelled(reasons)
        transaction = Transaction(self.now(), [(table, key, item) for table, key, _, item in actions])
        for table, key, _, _ in actions:
            table.being_written[key] = transaction
        puts = [(table, body["Item"]) for table, _, body, _ in actions if "Item" in body]
        for name in dict.fromkeys(table.name for table, _ in puts):
            self.committed.append((name, [item for table, item in puts if table.name == name]))
        if "ClientRequestToken" in request:
            self._tokens[request["ClientRequestToken"]] = (digest(request), self.now() + TOKEN_SECONDS * 1000)
        return transaction

    def _actions(self, request: Request) -> Iterator[tuple[Table, Key, Request, Any]]:
        for action in request["TransactItems"]:
            ((kind, body),) = action.items()
            table = self._table(body)
            if kind == "Put":
                only(body, "TableName", "Item", "ReturnValuesOnConditionCheckFailure", *CONDITION)
                yield table, table.key_of(body["Item"]), body, body["Item"]
                continue
            key = table.key_of(body["Key"])
            only(body, "TableName", "Key", *CONDITION, *(["UpdateExpression"] if kind == "Update" else []))
            new: Any = {"Delete": None, "ConditionCheck": _UNCHANGED}.get(kind)
            if kind == "Update":
                new = updated(body, table.get(key) or body["Key"])
            elif kind not in ("Delete", "ConditionCheck"):
                raise Unsupported(f"a transaction's {kind}")
            yield table, key, body, new

    def _is_known(self, request: Request) -> bool:
        known = self._tokens.get(request.get("ClientRequestToken", ""))
        if known is None or known[1] < self.now():
            return False
        if known[0] != digest(request):
            raise answers.client_error("IdempotentParameterMismatchException", "TransactWriteItems")
        return True

    def _page(self, table: Table, index: Index, found: list[Item], request: Request) -> Answer:
        size = min(request.get("Limit", self.page_items), self.page_items)
        items = found[:size]
        answer: Answer = {}
        if len(items) == size:
            last = items[-1]
            keys = {table.key.hash_key, table.key.range_key, index.hash_key, index.range_key} - {None}
            answer["LastEvaluatedKey"] = {name: last[name] for name in keys if name}
        scanned = len(items)
        items = [index.seen_in(item) for item in items]
        names = request.get("ExpressionAttributeNames", {})
        if "FilterExpression" in request:
            # What it leaves out counts as scanned: a page may be empty, and others follow.
            holds = expressions.condition(request["FilterExpression"])
            items = [item for item in items if holds(item, names, request.get("ExpressionAttributeValues", {}))]
        if "ProjectionExpression" in request:
            wanted = [named(name, names) for name in expressions.projection(request["ProjectionExpression"])]
            items = [{name: item[name] for name in wanted if name in item} for item in items]
        return answer | {"Items": items, "Count": len(items), "ScannedCount": scanned}

    def _table(self, request: Request) -> Table:
        table = self._existing(request["TableName"])
        if not self._is_active(table):
            raise answers.no_table(table.name)
        return table

    def _existing(self, name: str) -> Table:
        if name not in self.tables:
            raise answers.no_table(name)
        return self.tables[name]

    def _is_active(self, table: Table) -> bool:
        return table.active_at <= self.now()


_OPERATIONS: dict[str, Callable[[Engine, Request], Answer]] = {
    "PutItem": Engine.put_item,
    "UpdateItem": Engine.update_item,
    "GetItem": Engine.get_item,
    "BatchGetItem": Engine.batch_get_item,
    "Query": Engine.query,
    "Scan": Engine.scan,
    "TransactWriteItems": Engine.transact_write_items,
    "CreateTable": Engine.begin_table,
    "DescribeTable": Engine.describe_table,
    "DeleteTable": Engine.delete_table,
    "DescribeTimeToLive": Engine.describe_time_to_live,
    "UpdateTimeToLive": Engine.update_time_to_live,
}


def _as_it_is(sort_key: Any) -> Any:
    return sort_key
