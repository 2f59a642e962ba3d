"""The key of an operation's events in the ledger's index, and the events that have one."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ledger import codec
from chalicelib.todos import ids
from chalicelib.todos.events import CREATED
from chalicelib.todos.ids import Owner
from tests.support.events import following
from tests.unit.scenarios import content_of, instant

TODO_ID = "0197e1f0-0000-7000-8000-000000000001"
STREAM = ids.stream_id(ids.partition_of(Owner("a#b")), TODO_ID)
EVENT = following(None, STREAM, CREATED, content_of(title="x"), at=instant(1))
VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), VISIBLE)
def test_owners_and_operations_never_meet_in_a_key(owner: str, operation: str) -> None:
    key = ids.operation_key(ids.partition_of(Owner(owner)), operation, 3)

    assert key.count("#") == 2
    assert key.split("#")[0] == ids.partition_of(Owner(owner))
    assert ids.operation_in(key) == operation


def test_a_key_without_a_shard_is_of_the_first() -> None:
    assert ids.operation_key(ids.Partition("me"), "tidy") == ids.operation_key(ids.Partition("me"), "tidy", 0)


def test_an_operation_that_the_service_names_is_one_that_no_caller_states() -> None:
    operation = ids.mint_operation("x" * 63)

    assert operation == "~" + "x" * 63
    assert re.fullmatch(ids.OPERATION, operation)
    assert not re.fullmatch(ids.STATED_OPERATION, operation)


def test_the_longest_key_has_room_in_an_index() -> None:
    partition = ids.partition_of(Owner("é" * 127 + "x"))

    assert len(ids.operation_key(partition, "%" * 64, ids.OPERATION_SHARDS - 1)) == 763 + 192 + 4 < 2048


def test_an_event_of_an_operation_has_the_owners_key_of_it() -> None:
    event = replace(EVENT, operation="a#b/c", client="app")

    item = codec.encode(event)

    assert item["operation"] == {"S": "a%23b#a%23b%2Fc#0"}
    assert codec.decode(item) == event


def test_an_event_of_none_is_not_in_the_index() -> None:
    assert {"operation", "client"}.isdisjoint(codec.encode(EVENT))


def test_an_event_of_a_load_has_a_shard_by_its_todo() -> None:
    streams = [ids.stream_id(ids.Partition("ann"), f"0197e1f0-0000-7000-8000-{number:012}") for number in range(1000)]
    keys = [
        codec.encode(replace(EVENT, stream_id=stream, actor=ids.LOADER, operation="o"))["operation"]["S"]
        for stream in streams
    ]

    shards = [int(key.removeprefix("ann#o#")) for key in keys]
    assert set(shards) == set(range(ids.OPERATION_SHARDS))
    assert max(map(shards.count, set(shards))) < 2 * 1000 / ids.OPERATION_SHARDS


@pytest.mark.parametrize("key", ["", "a", "a#b", "a#b#c#0"])
def test_another_text_names_no_operation(key: str) -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        ids.operation_in(key)
