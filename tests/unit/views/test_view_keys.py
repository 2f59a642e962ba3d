"""Keys of the views table: they sort like the values that they encode, fit DynamoDB, and keep lists apart."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import botocore.session
import botocore.validate
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.todos import content, ids
from chalicelib.todos.fields import MAX_ORDER
from chalicelib.todos.ids import Partition
from chalicelib.views import schema

TODO_ID = "0197e1f0-0000-7000-8000-000000000001"
MAX_SORT_KEY_BYTES = 1024

orders = st.integers(-MAX_ORDER, MAX_ORDER) | st.floats(-MAX_ORDER, MAX_ORDER) | st.integers(-3, 3)
list_names = st.text(min_size=1, max_size=12).filter(lambda name: content.list_name_error(name) is None)
awkward_names = st.text(alphabet="a#%2~/. ", min_size=1, max_size=6)
# Names of which one begins with the other are the ones that could reach into each other.
name_pairs = st.tuples(list_names | awkward_names, list_names | awkward_names) | st.tuples(
    list_names | awkward_names, awkward_names
).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))


def indexed(**todo: Any) -> dict[str, str]:
    attributes = schema.index_attributes(Partition("me"), TODO_ID, json.dumps({"title": "x", **todo}))
    return {name: next(iter(value.values())) for name, value in attributes.items()}


@given(one=orders, other=orders)
@example(one=0.0, other=-0.0)
@example(one=5e-324, other=0)
@example(one=-5e-324, other=0)
@example(one=MAX_ORDER - 1, other=MAX_ORDER)
def test_orders_sort_as_numbers(one: float, other: float) -> None:
    assert (schema.order_key(one) < schema.order_key(other)) == (one < other)
    assert (schema.order_key(one) == schema.order_key(other)) == (one == other)


@given(order=orders | st.sampled_from([math.inf, -math.inf, 1.7976931348623157e308]))
def test_a_todo_without_an_order_sorts_last(order: float) -> None:
    assert schema.order_key(order) < schema.order_key(None)


@given(order=orders)
def test_an_order_takes_sixteen_digits(order: float) -> None:
    assert re.fullmatch("[0-9a-f]{16}", schema.order_key(order))


def test_a_bare_date_is_due_at_its_first_moment_in_the_time_zone() -> None:
    found = indexed(due="2026-12-01", remind_at="2026-12-01", time_zone="Asia/Tokyo", completed=False)
    assert found["due_at"] == found["remind_at"] == "2026-11-30T15:00:00.000000Z"
    assert found["by_due"] == f"2026-11-30T15:00:00.000000Z#{TODO_ID}"


def test_the_instant_in_a_date_time_counts_whatever_the_time_zone() -> None:
    found = indexed(due="2026-12-01T09:00:00+01:00", time_zone="Asia/Tokyo", completed=True)
    assert found["due_at"] == "2026-12-01T08:00:00.000000Z"


def test_an_unknown_time_zone_counts_as_none() -> None:
    assert indexed(due="2026-12-01", time_zone="Gone/Zone")["due_at"] == "2026-12-01T00:00:00.000000Z"


def test_without_a_time_zone_a_row_has_what_it_had() -> None:
    assert "due_at" not in indexed(due="2026-12-01")


@given(names=name_pairs, order=st.none() | orders)
def test_a_list_never_reaches_into_another(names: tuple[str, str], order: float | None) -> None:
    one, other = names
    key = indexed(list=other, order=order)["by_list"]
    assert key.startswith(schema.list_prefix(one)) == (one == other)
    assert (schema.list_key(one) == schema.list_key(other)) == (one == other)


@given(name=list_names | awkward_names)
def test_a_lists_name_comes_back_from_its_key(name: str) -> None:
    assert ids.decode_list(schema.list_key(name).removeprefix(schema.LIST_PREFIX)) == name


@given(name=list_names | awkward_names, order=st.none() | orders)
def test_keys_are_printable_ascii(name: str, order: float | None) -> None:
    """So that a space precedes, and DEL follows, whatever can come next in them."""
    for key in (schema.list_key(name), indexed(list=name, order=order)["by_list"]):
        assert key.isascii()
        assert key.isprintable()
        assert " " not in key


@pytest.mark.parametrize("character", ["x", "é", "€", "😀", "/", "#"])
def test_the_longest_list_name_fits_a_sort_key(character: str) -> None:
    longest = character * min(100, 300 // len(character.encode()))
    assert content.list_name_error(longest) is None
    assert content.list_name_error(longest + character) is not None
    for key in (schema.list_key(longest), indexed(list=longest, order=-0.1)["by_list"]):
        assert len(key.encode()) <= MAX_SORT_KEY_BYTES


@given(one=st.integers(1, 10**15 - 1), other=st.integers(1, 10**15 - 1))
@example(one=9, other=10)
def test_log_entries_sort_as_their_revisions(one: int, other: int) -> None:
    assert (schema.log_key(one) < schema.log_key(other)) == (one < other)


def test_an_open_todo_is_in_every_index_that_it_has_a_value_for() -> None:
    created = "2026-11-20T10:00:00.000Z"
    found = indexed(list="a/b", order=1, due="2026-12-01", remind_at="2026-11-30T10:00:00+01:00", created_at=created)
    assert found == {
        "by_list": f"a%2Fb#{schema.order_key(1)}#{TODO_ID}",
        "by_due": f"2026-12-01T00:00:00.000000Z#{TODO_ID}",
        "by_created": f"{created}#{TODO_ID}",
        "remind_shard": indexed(remind_at="2026-12-01")["remind_shard"],
        "remind_at": "2026-11-30T09:00:00.000000Z",
    }


def test_without_a_list_it_stands_in_the_inbox() -> None:
    assert indexed()["by_list"] == f"inbox#~#{TODO_ID}"


def test_a_completed_todo_is_in_the_indexes_by_list_and_by_creation_only() -> None:
    assert set(indexed(completed=True, due="2026-12-01", remind_at="2026-12-01")) == {"by_list", "by_created"}


def test_a_deleted_todo_is_in_no_index() -> None:
    assert indexed(deleted=True, due="2026-12-01", remind_at="2026-12-01", list="home") == {}


@given(owner=st.text(max_size=20))
def test_reminders_are_spread_over_the_shards(owner: str) -> None:
    state = json.dumps({"remind_at": "2026-12-01"})
    shard = schema.index_attributes(ids.partition_of(owner), TODO_ID, state)["remind_shard"]["N"]
    assert int(shard) in range(schema.REMIND_SHARDS)


def test_a_views_table_has_an_index_for_each_order_and_one_for_reminders() -> None:
    definition = schema.table_definition("views-1")

    def keys(of: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [(key["AttributeName"], key["KeyType"]) for key in of["KeySchema"]]

    def indexes(kind: str) -> dict[str, tuple[list[tuple[str, str]], str]]:
        return {each["IndexName"]: (keys(each), each["Projection"]["ProjectionType"]) for each in definition[kind]}

    request = botocore.session.get_session().get_service_model("dynamodb").operation_model("CreateTable").input_shape
    assert request is not None
    assert not botocore.validate.ParamValidator().validate(definition, request).has_errors()
    assert (definition["TableName"], definition["BillingMode"]) == ("views-1", "PAY_PER_REQUEST")
    assert keys(definition) == [("owner", "HASH"), ("sk", "RANGE")]
    assert indexes("LocalSecondaryIndexes") == {
        "by_list": ([("owner", "HASH"), ("by_list", "RANGE")], "ALL"),
        "by_due": ([("owner", "HASH"), ("by_due", "RANGE")], "KEYS_ONLY"),
        "by_created": ([("owner", "HASH"), ("by_created", "RANGE")], "KEYS_ONLY"),
    }
    assert indexes("GlobalSecondaryIndexes") == {
        "by_remind_at": ([("remind_shard", "HASH"), ("remind_at", "RANGE")], "KEYS_ONLY")
    }
    types = {each["AttributeName"]: each["AttributeType"] for each in definition["AttributeDefinitions"]}
    texts = ("owner", "sk", "by_list", "by_due", "by_created", "remind_at")
    assert types == {**dict.fromkeys(texts, "S"), "remind_shard": "N"}
