"""The views table's only writer: reads what a batch touches, writes what the projection makes of it in transactions.

Reads of several items are not a snapshot (a transaction's items become visible one by one), so every write has the
condition that the item has not changed: it carries the revision that wrote it, and no revision is used twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from chalicelib.aws import dynamodb, errors
from chalicelib.aws.errors import KeysUnprocessed, Refusal
from chalicelib.aws.retry import back_off
from chalicelib.todos.ids import Partition
from chalicelib.views import codec, schema
from chalicelib.views.errors import ProjectionIncomplete, Refused
from chalicelib.views.projection import (
    Head,
    OwnerView,
    Update,
    apply_update,
    is_behind,
    is_deleted,
    list_of,
    newest,
    project,
)

MAX_TRANSACTION_ITEMS: Final = 100
# DynamoDB allows 4 MB; the rest is room for keys, conditions and the indexes' attributes.
MAX_TRANSACTION_BYTES: Final = 3_500_000

# Ten projectors of one owner need about three tries each with this backoff (docs/performance.md).
MAX_TRIES: Final = 12


def project_batch(table: str, heads_by_owner: Mapping[Partition, Iterable[Head]]) -> list[Refused]:
    """Project the events of a batch into one views table, each owner's in transactions.

    Safe to run twice, concurrently, or with any part of the batch: what a row has already is skipped.

    Parameters
    ----------
    table : str
    heads_by_owner : mapping of str to iterable of Head
        By the owner as encoded in keys (`ids.partition_of`).

    Returns
    -------
    list of Refused
        The events that no retry can project.

    Raises
    ------
    ProjectionIncomplete
        When some owners could not be projected, after all the others were.
    """
    pending = {owner: list(newest(heads).values()) for owner, heads in heads_by_owner.items()}
    failed: dict[str, Exception] = {}
    refused: list[Refused] = []
    for group in _shares(pending):
        for owner, heads in _project_together(table, group).items():
            try:
                refused += _project_or_refuse(table, owner, heads)
            except Exception as error:
                # An error of one owner must not hold up the others of the batch.
                failed[owner] = error
    if failed:
        raise ProjectionIncomplete(failed, refused)
    return refused


def lagging(table: str, heads_by_owner: Mapping[Partition, Iterable[Head]]) -> dict[Partition, list[Head]]:
    """The heads that the views table does not have yet.

    A deletion without a row is not a lag: its tombstone has expired.
    """
    heads = [(owner, head) for owner, of_owner in heads_by_owner.items() for head in newest(of_owner).values()]
    found = _get(table, [(owner, schema.todo_key(head.todo_id)) for owner, head in heads])
    behind: dict[Partition, list[Head]] = {}
    for owner, head in heads:
        item = found.get((owner, schema.todo_key(head.todo_id)))
        is_expired_tombstone = item is None and is_deleted(head.state)
        if not is_expired_tombstone and is_behind(codec.row_of(item) if item else None, head):
            behind.setdefault(owner, []).append(head)
    return behind


class _NotNow(Exception):
    """A conflict with another projector, or throttling: retry from the reads."""


def _shares(pending: dict[Partition, list[Head]]) -> Iterator[dict[Partition, list[Head]]]:
    """Owners in groups that should fit one transaction: a row and a list for each todo, a tally, a log entry."""
    group: dict[Partition, list[Head]] = {}
    items = 0
    for owner, heads in pending.items():
        expected = 2 + 2 * len(heads)
        if group and items + expected > MAX_TRANSACTION_ITEMS:
            yield group
            group, items = {}, 0
        group[owner] = heads
        items += expected
    if group:
        yield group


def _project_together(table: str, group: dict[Partition, list[Head]]) -> dict[Partition, list[Head]]:
    """Try a group of owners in one transaction; returns those that are to go alone, with what is left of them."""
    if len(group) == 1:
        return group
    left: dict[Partition, list[Head]] = {}
    shared: dict[Partition, Update] = {}
    items, size = 0, 0
    try:
        views = _read(table, group)
        for owner, heads in group.items():
            update = project(views[owner], heads)
            if update is None:
                continue
            added = codec.size_of(update)
            if items + update.item_count > MAX_TRANSACTION_ITEMS or size + added > MAX_TRANSACTION_BYTES:
                left[owner] = heads
                continue
            shared[owner] = update
            items += update.item_count
            size += added
        if shared:
            _write(table, shared)
    except Exception:
        # One of them conflicts, is throttled, or is refused; projected alone, each of the others succeeds.
        return group
    return left


def _project_or_refuse(table: str, owner: Partition, heads: list[Head]) -> list[Refused]:
    """Project one owner's events; if that fails for good, project each alone to find the cause."""
    try:
        _project_alone(table, owner, heads)
    except Exception as error:
        if errors.is_transient(error):
            raise
        if len(heads) == 1:
            return [Refused(owner, heads[0], error)]
        return [refused for head in heads for refused in _project_or_refuse(table, owner, [head])]
    return []


def _project_alone(table: str, owner: Partition, heads: list[Head]) -> None:
    """Project one owner's events; after a conflict with another projector, again from the reads.

    Raises
    ------
    _NotNow
        When that has failed `MAX_TRIES` times.
    AWSError
        When DynamoDB refuses for another reason, or does not answer.
    """
    for attempt in range(1, MAX_TRIES + 1):
        try:
            view = _read(table, {owner: heads})[owner]
            rest = heads
            while rest:
                update, rest = _fitting(view, rest)
                if update is not None:
                    _write(table, {owner: update})
                    view = apply_update(view, update)
            return
        except _NotNow:
            if attempt == MAX_TRIES:
                raise
            back_off(attempt)


def _fitting(view: OwnerView, heads: list[Head]) -> tuple[Update | None, list[Head]]:
    """As much of `heads` as one transaction takes, from the front, and the rest."""
    taken = len(heads)
    while True:
        update = project(view, heads[:taken])
        if update is None:
            return None, heads[taken:]
        excess = update.item_count - MAX_TRANSACTION_ITEMS
        if excess > 0:
            # A todo has at most three items (its row, the lists that it leaves and enters): none too many is dropped.
            taken -= -(-excess // 3)
        elif codec.size_of(update) > MAX_TRANSACTION_BYTES and taken > 1:
            taken //= 2
        else:
            return update, heads[taken:]


def _read(table: str, group: Mapping[Partition, list[Head]]) -> dict[Partition, OwnerView]:
    """What the views have of these owners' tallies, of the todos, and of every list that they are or were in.

    In whatever order, and torn as reads of several items are: each item that is written has the condition that it still
    is what was read.
    """
    tallies = [(owner, schema.TALLY_KEY) for owner in group]
    wanted = {(owner, schema.todo_key(head.todo_id)) for owner, heads in group.items() for head in heads}
    lists = {(owner, schema.list_key(list_of(head.state))) for owner, heads in group.items() for head in heads}
    found = _get(table, [*tallies, *wanted, *lists])
    rows = {key: codec.row_of(found[key]) for key in wanted if key in found}
    left_lists = {(owner, schema.list_key(list_of(row.state))) for (owner, _), row in rows.items()} - lists
    if left_lists:
        found.update(_get(table, [*left_lists]))
    views = {}
    for owner, heads in group.items():
        names = {list_of(head.state) for head in heads}
        of_owner = {
            head.todo_id: rows[key] for head in heads if (key := (owner, schema.todo_key(head.todo_id))) in rows
        }
        names.update(list_of(row.state) for row in of_owner.values())
        views[owner] = OwnerView(
            tally=codec.tally_of(found.get((owner, schema.TALLY_KEY))),
            rows=of_owner,
            lists={
                name: codec.tally_of(found[key]) for name in names if (key := (owner, schema.list_key(name))) in found
            },
        )
    return views


def _get(table: str, item_keys: list[tuple[Partition, str]]) -> dict[tuple[Partition, str], codec.Item]:
    """The items of these (owner, sort key) pairs that exist, by consistent reads."""
    wanted = [{"owner": {"S": owner}, "sk": {"S": sk}} for owner, sk in item_keys]
    try:
        return {(item["owner"]["S"], item["sk"]["S"]): item for item in dynamodb.batch_get(table, wanted)}
    except KeysUnprocessed as error:
        raise _NotNow from error


def _write(table: str, updates: Mapping[Partition, Update]) -> None:
    """Write the updates of some owners in one transaction.

    Raises
    ------
    _NotNow
        When an item has changed since it was read.
    AWSError
        When DynamoDB refuses for another reason, or does not answer.
    """
    now = time.time_ns() // 1_000_000
    writes = [write for owner, update in updates.items() for write in codec.writes(table, owner, update, now)]
    try:
        dynamodb.client().transact_write_items(TransactItems=writes)
    except Refusal as error:
        if errors.is_conflict(error):
            raise _NotNow from error
        raise
