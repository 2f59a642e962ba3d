"""What the projector writes to a views table in memory, also where another writer or DynamoDB is in its way."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from chalicelib.aws import dynamodb
from chalicelib.todos import instants
from chalicelib.todos.decide import Delete, Patch
from chalicelib.todos.ids import Partition
from chalicelib.views import codec, projector, schema
from chalicelib.views.errors import ProjectionIncomplete
from chalicelib.views.projection import Head, Tally
from tests.simulation.seams import VIEWS
from tests.unit.ledger.conftest import Calls, calls, refusal
from tests.unit.scenarios import live
from tests.unit.views.views_model import head_of

__all__ = ["calls"]

ANN, BOB = Partition("ann"), Partition("bob")
DAY = 24 * 3600
CONFLICT = refusal("TransactionCanceledException", "TransactionConflict")
REFUSED = refusal("TransactionCanceledException", "ValidationError")


def head(todo_id: str, *commands: Any, **fields: Any) -> Head:
    """A todo's newest event, after its creation with these fields and the commands."""
    newest = head_of(live(**fields).after(*commands).events[-1])
    return Head(todo_id, newest.version, newest.state)


def project(heads: Iterable[Head], owner: Partition = ANN) -> None:
    assert projector.project_batch(VIEWS, {owner: heads}) == []


def item(sort_key: str, owner: Partition = ANN) -> Any:
    key = {"owner": {"S": owner}, "sk": {"S": sort_key}}
    return dynamodb.client().get_item(TableName=VIEWS, Key=key, ConsistentRead=True).get("Item")


def tally(sort_key: str = schema.TALLY_KEY, owner: Partition = ANN) -> Tally:
    return codec.tally_of(item(sort_key, owner))


def test_a_row_has_the_newest_state_and_the_revision_that_wrote_it(calls: Calls) -> None:
    project([head("a")])
    project([newest := head("a", Patch({"title": "New"}))])

    row = codec.row_of(item(schema.todo_key("a")))

    assert (row.todo_id, row.version, row.state, row.revision) == ("a", 2, newest.state, 2)


def test_tallies_count_what_is_in_each_list(calls: Calls) -> None:
    project([head("a", list="home"), head("b", list="work", completed=True), head("c", list="work")])

    assert tally(schema.list_key("home")) == Tally(1, 1, 0, 1)
    assert tally(schema.list_key("work")) == Tally(2, 1, 1, 1)
    assert tally() == Tally(3, 2, 1, 1)
    assert tally(owner=BOB) == Tally()


def test_a_list_that_is_empty_has_no_item(calls: Calls) -> None:
    project([head("a", list="home")])
    project([head("a", Patch({"list": "work"}), list="home")])

    assert item(schema.list_key("home")) is None
    assert tally(schema.list_key("work")) == Tally(1, 1, 0, 2)


def test_each_revision_has_an_entry_that_names_its_changes_and_goes_after_ninety_days(calls: Calls) -> None:
    project([head("a"), head("b", Patch({"title": "New"}))])
    project([head("a", Patch({"title": "New"}), Patch({"title": "Newer"}))])

    first, second = item(schema.log_key(1)), item(schema.log_key(2))

    assert [json.loads(entry["changes"]["S"]) for entry in (first, second)] == [[["a", 1], ["b", 2]], [["a", 3]]]
    assert codec.load_counts(second["counts"]["S"], 1) == [2]
    written = instants.milliseconds_of(second["at"]["S"]) // 1000
    assert int(second[schema.TTL_ATTRIBUTE]["N"]) == written + 90 * DAY


def test_a_deleted_todo_stays_for_a_hundred_days_and_is_not_counted(calls: Calls) -> None:
    project([head("a")])
    project([head("a", Delete())])

    tombstone, entry = item(schema.todo_key("a")), item(schema.log_key(2))

    assert int(tombstone[schema.TTL_ATTRIBUTE]["N"]) - int(entry[schema.TTL_ATTRIBUTE]["N"]) == 10 * DAY
    assert tally() == Tally(0, 0, 0, 2)


def test_what_the_views_have_already_changes_nothing(calls: Calls) -> None:
    newest = head("a", Patch({"title": "New"}))
    project([newest])
    project([newest, head("a")])

    assert tally() == Tally(1, 1, 0, 1)
    assert "transact_write_items" not in calls.names[calls.names.index("transact_write_items") + 1 :]


def test_owners_of_a_batch_share_a_transaction(calls: Calls) -> None:
    assert projector.project_batch(VIEWS, {ANN: [head("a")], BOB: [head("b"), head("c")]}) == []

    assert calls.names.count("transact_write_items") == 1
    assert (tally().total, tally(owner=BOB).total) == (1, 2)


def test_one_that_cannot_be_written_holds_up_no_other_owner(calls: Calls) -> None:
    send = calls._client.transact_write_items
    calls._client = Refusing(calls._client, "ann", send)

    refused = projector.project_batch(VIEWS, {ANN: [head("a")], BOB: [head("b")]})

    assert [(each.owner, each.head.todo_id) for each in refused] == [(ANN, "a")]
    assert tally(owner=BOB).total == 1
    assert item(schema.todo_key("a")) is None


class Refusing:
    """A client that refuses transactions with items of one owner."""

    def __init__(self, client: Any, owner: str, send: Any) -> None:
        self._client, self._owner, self._send = client, owner, send

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        if any(
            write.get("Put", {}).get("Item", {}).get("owner") == {"S": self._owner}
            for write in request["TransactItems"]
        ):
            raise REFUSED
        return self._send(**request)


def test_more_than_a_transaction_takes_is_written_in_several(calls: Calls) -> None:
    project(head(f"{number:03}", list=f"list {number}") for number in range(120))

    assert tally().total == 120
    assert tally().revision == calls.names.count("transact_write_items") == 3


def test_a_conflict_is_decided_anew_from_the_reads(calls: Calls) -> None:
    send = calls._client.transact_write_items

    class Overtaken:
        """Another projector writes between the reads and the write, once."""

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def transact_write_items(self, **request: Any) -> Any:
            calls._client = client
            project([head("b")])
            return send(**request)

    client = calls._client
    calls._client = Overtaken()
    project([head("a")])

    assert tally() == Tally(2, 2, 0, 2)
    assert [json.loads(item(schema.log_key(number))["changes"]["S"]) for number in (1, 2)] == [[["b", 1]], [["a", 1]]]


def test_a_conflict_that_does_not_end_is_raised_with_its_owner(calls: Calls) -> None:
    client = calls._client

    class Contended:
        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def transact_write_items(self, **request: Any) -> Any:
            raise CONFLICT

    calls._client = Contended()
    with pytest.raises(ProjectionIncomplete) as raised:
        projector.project_batch(VIEWS, {ANN: [head("a")]})

    assert list(raised.value.failures) == [ANN]
    assert calls.names.count("transact_write_items") == projector.MAX_TRIES


def test_only_what_has_no_row_yet_lags_and_an_expired_deletion_does_not(calls: Calls) -> None:
    project([head("a"), head("b")])
    newer = head("b", Patch({"title": "New"}))
    missing = head("c")

    behind = projector.lagging(VIEWS, {ANN: [head("a"), newer, missing, head("d", Delete())]})

    assert behind == {ANN: [newer, missing]}
