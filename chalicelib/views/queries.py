"""Reading the views: pages of todos, lists with their counts, the tally.

Every read is of one owner's partition, except for reminders, which the clock looks up across owners.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.aws import dynamodb
from chalicelib.aws.errors import READ_ERRORS
from chalicelib.aws.retry import Pauses
from chalicelib.ledger.codec import load_state
from chalicelib.todos import ids
from chalicelib.todos.events import Todo
from chalicelib.todos.ids import Owner, Partition
from chalicelib.views import current, schema
from chalicelib.views.errors import TableGone

# A page ends here even if its limit is not reached: a Lambda answers at most 6 MB, and what is examined is paid for
# (a read unit for each 4 KB) and takes time.
MAX_ANSWERED_BYTES: Final = 3 * 1024 * 1024
MAX_EXAMINED_BYTES: Final = 4 * 1024 * 1024

POLL_FIRST_SECONDS: Final = 0.01
POLL_CEILING_SECONDS: Final = 0.2

_REMINDERS_AT_ONCE: Final = 1000

Item = dict[str, dict[str, Any]]


@dataclass(slots=True)
class TodoRow:
    """A todo as the views have it; one that is stored is parsed once somebody looks into it.

    Attributes
    ----------
    due_at : str, optional
        As `schema.DUE_AT` has it; None without a time zone.
    state : str, optional
        The todo as it is stored; None where it was put together.
    """

    todo_id: str
    version: int
    _todo: Todo | None
    due_at: str | None = None
    state: str | None = None

    @property
    def todo(self) -> Todo:
        """The todo's fields."""
        if self._todo is None:
            assert self.state is not None, "a row has the one or the other"
            self._todo = load_state(self.state)
        return self._todo


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where the next page begins: an index key, or None after the last."""

    rows: list[TodoRow]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class ListCount:
    """How many todos that are not deleted a list has; of an owner's tally, the name says nothing."""

    name: str
    total: int
    open: int
    completed: int


@dataclass(frozen=True, slots=True)
class DueReminder:
    """An open todo whose `remind_at` (as `instants.sortable` makes it) has come; its owner as keys have it."""

    partition: Partition
    todo_id: str
    remind_at: str


Filter = Callable[[TodoRow], bool]


def by_list(owner: Owner, accept: Filter | None, *, list_name: str | None, after: str | None, limit: int) -> Page:
    """The owner's todos by list, then order, then id; only those of one list if it is named.

    Parameters
    ----------
    accept : callable, optional
        What a row must fulfil to be in the page.
    after : str, optional
        The index key after which the page begins, as the page before returned it.
    limit : int
        The maximum number of rows; a page may hold fewer, even none, and still have a next.
    """
    prefix = schema.list_prefix(list_name) if list_name is not None else ""

    def read(table: str, position: str | None, wanted: int) -> tuple[list[tuple[str, Item]], str | None]:
        low = position + _JUST_BEHIND if position else prefix or schema.BEFORE_ALL
        # With a filter it is unknown how many rows a page takes: read as many as DynamoDB returns at once (1 MB).
        items, last = _query(table, owner, "by_list", low, prefix + schema.BEHIND_ALL, None if accept else wanted)
        return [(item["by_list"]["S"], item) for item in items], last

    return _page(read, accept, after, limit)


def by_due(owner: Owner, accept: Filter | None, *, after: str | None, limit: int, low: str, high: str) -> Page:
    """The owner's open todos with a due date, by that; parameters as in `by_list`.

    `low` and `high`, keys of the index or what precedes or follows keys, bound what is examined.
    """
    return _by_keys("by_due", owner, accept, after, limit, low, high)


def by_created(owner: Owner, accept: Filter | None, *, after: str | None, limit: int) -> Page:
    """The owner's todos in the order in which they were created; parameters as in `by_list`.

    Raises
    ------
    ViewsUnavailable
        Also while the views table is of a generation without this index; a rebuild makes one that has it.
    """
    return _by_keys("by_created", owner, accept, after, limit, schema.BEFORE_ALL, schema.BEHIND_ALL)


def by_id(owner: Owner, *, after: str | None, limit: int) -> Page:
    """The owner's todos by id, which never changes: whatever happens between two pages, each todo is in one of them.

    Parameters
    ----------
    after : str, optional
        The row's key behind which the page begins, as a page before gave it.
    """
    is_first = True

    def read(table: str, position: str | None, wanted: int) -> tuple[list[tuple[str, Item]], str | None]:
        nonlocal is_first
        low = position + _JUST_BEHIND if position else schema.TODO_PREFIX
        # A page that is not full yet has met many tombstones: then as many as DynamoDB gives at once (1 MB).
        items, last = _query(
            table, owner, None, low, schema.TODO_PREFIX + schema.BEHIND_ALL, wanted if is_first else None
        )
        is_first = False
        return [(item["sk"]["S"], item) for item in items], last

    return _page(read, lambda row: not row.todo["deleted"], after, limit)


def is_key_of_row(key: str) -> bool:
    """Whether this may be where a page of `by_id` ended."""
    return key.startswith(schema.TODO_PREFIX)


def lists(owner: Owner, *, after: str | None, limit: int) -> tuple[list[ListCount], str | None]:
    """The owner's lists with their counts, by name, and where the next page begins (None after the last)."""
    low = after + _JUST_BEHIND if after else schema.LIST_PREFIX
    high = schema.LIST_PREFIX + schema.BEHIND_ALL
    items, last = current.read_current(lambda now: _query(now.reader, owner, None, low, high, limit))
    return [_count(item) for item in items], last


def has_list(owner: Owner, name: str) -> bool:
    """Whether a list has todos."""
    return bool(_get(owner, schema.list_key(name)))


def tally(owner: Owner) -> ListCount:
    """The counts over all of an owner's todos."""
    return _count(_get(owner, schema.TALLY_KEY))


def has_todos(owner: Owner) -> bool:
    """Whether the owner has a todo, or ever had one."""
    return bool(_get(owner, schema.TALLY_KEY))


def due_reminders(shard: int, until: str) -> Iterator[DueReminder]:
    """The reminders of one shard that are due at `until` (as `instants.sortable` makes it), oldest first.

    A global index is eventually consistent: it may lack recent writes, and repeat reminders that were already given.
    """
    try:
        yield from _due_reminders(current.current_table(), shard, until)
    except TableGone:
        yield from _due_reminders(current.current_table(anew=True), shard, until)


def _due_reminders(table: str, shard: int, until: str) -> Iterator[DueReminder]:
    request: dict[str, Any] = {
        "TableName": table,
        "IndexName": "by_remind_at",
        "KeyConditionExpression": "remind_shard = :shard AND remind_at <= :until",
        "ExpressionAttributeValues": {":shard": {"N": str(shard)}, ":until": {"S": until}},
        "Limit": _REMINDERS_AT_ONCE,
    }
    while True:
        answer = _call("query", **request)
        for item in answer["Items"]:
            yield DueReminder(
                partition=Partition(item["owner"]["S"]),
                todo_id=item["sk"]["S"].removeprefix(schema.TODO_PREFIX),
                remind_at=item["remind_at"]["S"],
            )
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def wait_for_versions(owner: Owner, versions: Mapping[str, int], seconds: float) -> bool:
    """Wait until the views have these versions of todos (by id), or later ones; False when the time runs out first.

    From then on they are in whatever table a process reads, also in one that remembers the pointer.
    """
    awaited = dict(versions)
    deadline = time.monotonic() + seconds
    pauses = Pauses(POLL_FIRST_SECONDS, POLL_CEILING_SECONDS)
    while True:
        for todo_id in having_versions(owner, awaited):
            del awaited[todo_id]
        if not awaited:
            return True
        if not pauses.wait(deadline - time.monotonic()):
            return False


def having_versions(owner: Owner, versions: Mapping[str, int]) -> set[str]:
    """The ids of those todos that the views have at these versions, or later ones."""
    return current.read_current(
        lambda now: set.intersection(*(_having(table, owner, versions) for table in now.awaited))
    )


# This precedes every continuation of a key, but not the key itself.
_JUST_BEHIND: Final = schema.BEFORE_ALL


# Reads rows of a views table behind a key: these, and the key to go on behind.
_Read = Callable[[str, str | None, int], tuple[list[tuple[str, Item]], str | None]]


def _page(read: _Read, accept: Filter | None, after: str | None, limit: int) -> Page:
    """Read from `after` until the page is full, nothing is left, or enough was answered or examined."""
    return current.read_current(lambda now: _page_of(now.reader, read, accept, after, limit))


def _page_of(table: str, read: _Read, accept: Filter | None, after: str | None, limit: int) -> Page:
    rows: list[TodoRow] = []
    answered = examined = 0
    position = last_row = after
    while True:
        found, position = read(table, position, limit + 1 - len(rows))
        for key, item in found:
            state = item["state"]["S"]
            size = _answered_size(state)
            examined += size
            due_at = item[schema.DUE_AT]["S"] if schema.DUE_AT in item else None
            todo_id = item["sk"]["S"].removeprefix(schema.TODO_PREFIX)
            row = TodoRow(todo_id, int(item["version"]["N"]), None, due_at, state)
            if accept is not None and not accept(row):
                continue
            if len(rows) == limit or answered + size > MAX_ANSWERED_BYTES:
                return Page(rows, last_row)
            rows.append(row)
            last_row = key
            answered += size
        if position is None or examined > MAX_EXAMINED_BYTES:
            return Page(rows, position)


def _answered_size(state: str) -> int:
    """Bytes of a state within the Lambda's answer: its body is a JSON string, in which more is escaped."""
    if state.isascii():
        # It is JSON, in which controls are escaped.
        return 2 + len(state) + state.count('"') + state.count("\\")
    return len(json.dumps(state))


def _by_keys(
    index: str, owner: Owner, accept: Filter | None, after: str | None, limit: int, low: str, high: str
) -> Page:
    """A page of an index that has the keys alone, between two keys of it."""

    def read(table: str, position: str | None, wanted: int) -> tuple[list[tuple[str, Item]], str | None]:
        start = max(position + _JUST_BEHIND if position else "", low)
        wanted = dynamodb.MAX_BATCH_GET_KEYS if accept else min(wanted, dynamodb.MAX_BATCH_GET_KEYS)
        found, last = _query(table, owner, index, start, high, wanted)
        rows = _rows(table, [{"owner": item["owner"], "sk": item["sk"]} for item in found])
        # The index has only the keys. A row that changed since then may have moved in it, or left it.
        current = [(item[index]["S"], rows.get(item["sk"]["S"], {})) for item in found]
        return [(key, row) for key, row in current if row.get(index) == {"S": key}], last

    return _page(read, accept, after, limit)


def _query(
    table: str, owner: Owner, index: str | None, low: str, high: str, limit: int | None
) -> tuple[list[Item], str | None]:
    """One consistent Query between two sort keys, and the sort key to go on behind, if there may be more."""
    if low > high:
        # Nothing lies between; DynamoDB would refuse to look.
        return [], None
    request = dynamodb.between(table, ids.partition_of(owner), low, high, index)
    answer = _call("query", **request, **({"Limit": limit} if limit else {}))
    last = answer.get("LastEvaluatedKey")
    return answer["Items"], last[index or "sk"]["S"] if last else None


def _rows(table: str, item_keys: list[Item]) -> dict[str, Item]:
    """The rows of these keys by their sort keys, those that exist."""
    try:
        return {item["sk"]["S"]: item for item in dynamodb.batch_get(table, item_keys)}
    except READ_ERRORS as error:
        raise current.unavailable(error) from error


def _having(table: str, owner: Owner, versions: Mapping[str, int]) -> set[str]:
    partition = {"S": ids.partition_of(owner)}
    wanted = {schema.todo_key(todo_id): todo_id for todo_id in versions}
    found = _rows(table, [{"owner": partition, "sk": {"S": sort_key}} for sort_key in wanted])
    return {
        todo_id
        for sort_key, todo_id in wanted.items()
        if sort_key in found and int(found[sort_key]["version"]["N"]) >= versions[todo_id]
    }


def _get(owner: Owner, sort_key: str) -> Item:
    """One item by a consistent read; empty if it does not exist."""
    key = {"owner": {"S": ids.partition_of(owner)}, "sk": {"S": sort_key}}
    answer = current.read_current(lambda now: _call("get_item", TableName=now.reader, Key=key, ConsistentRead=True))
    item: Item = answer.get("Item", {})
    return item


def _call(operation: str, **request: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = getattr(dynamodb.client(), operation)(**request)
    except READ_ERRORS as error:
        raise current.unavailable(error) from error
    return answer


def _count(item: Item) -> ListCount:
    total, opened, completed = (int(item.get(name, {"N": "0"})["N"]) for name in ("total", "open", "completed"))
    sort_key = item.get("sk", {"S": ""})["S"]
    return ListCount(ids.decode_list(sort_key.removeprefix(schema.LIST_PREFIX)), total, opened, completed)
