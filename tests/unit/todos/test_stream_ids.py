"""Stream ids: nobody can name an owner, a todo or a key that leads into another owner's partition."""

from __future__ import annotations

import itertools
import os
import re
import time
import uuid
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.todos import ids
from chalicelib.todos.ids import Owner

TODO_ID = "0197e1f0-0000-7000-8000-000000000001"

any_text = st.text(max_size=30) | st.text(alphabet="#%23/.a", max_size=12)
# Owners of whom one's name begins with the other's are the ones that could reach into each other.
owner_pairs = st.tuples(any_text, any_text) | st.tuples(any_text, any_text).map(
    lambda drawn: (drawn[0], "".join(drawn))
)


@given(owner=any_text.filter(len), todo_id=any_text.filter(len))
@example(owner="me#", todo_id="x")
@example(owner="me%23", todo_id="x")
def test_a_stream_id_tells_owner_and_todo_apart(owner: str, todo_id: str) -> None:
    stream = ids.stream_id(ids.partition_of(owner), todo_id)
    assert stream.count("#") == 1
    assert ids.split_stream_id(stream) == (ids.partition_of(owner), todo_id)


@given(one=st.tuples(any_text, any_text), other=st.tuples(any_text, any_text))
def test_different_todos_have_different_streams(one: tuple[Owner, str], other: tuple[Owner, str]) -> None:
    streams = [ids.stream_id(ids.partition_of(owner), todo_id) for owner, todo_id in (one, other)]
    assert (streams[0] == streams[1]) == (one == other)


@given(owners=owner_pairs, todo_id=any_text)
def test_no_id_leads_into_another_owners_partition(owners: tuple[str, str], todo_id: str) -> None:
    for mine, theirs in (owners, owners[::-1]):
        stream = ids.stream_id(ids.partition_of(mine), todo_id)
        assert stream.startswith(ids.partition_of(theirs) + "#") == (mine == theirs)


def test_keys_never_change() -> None:
    """They are stored."""
    assert ids.stream_id(ids.partition_of(Owner("a/b#c")), "d/e#f") == "a%2Fb%23c#d%2Fe%23f"
    assert ids.operation_key(ids.Partition("me"), "a/b#c", 3) == "me#a%2Fb%23c#3"


@pytest.mark.parametrize("text", ["", "#", "me", "me#", "#x", "0197e1f0-0000-7000-8000-000000000001"])
def test_another_text_is_no_stream_id(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is not a stream id"):
        ids.split_stream_id(text)


def test_a_uuid_in_a_stream_id_is_not_looked_through_for_what_to_quote(monkeypatch: pytest.MonkeyPatch) -> None:
    """That would take ten times as long, for each todo of a request."""
    quoted: list[str] = []
    monkeypatch.setattr(ids, "quote", lambda text, **_: quoted.append(text))

    assert ids.stream_id(ids.Partition("me"), TODO_ID) == f"me#{TODO_ID}"
    assert quoted == []


@given(owner=any_text)
def test_an_owner_in_keys_is_plain_ascii(owner: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]*", ids.partition_of(owner))


@pytest.mark.parametrize("owner", ["\ud800", "me\udfff"])
def test_even_an_owner_that_is_not_unicode_has_a_partition(owner: str) -> None:
    assert ids.partition_of(owner) != ids.partition_of("?")


@given(one=st.tuples(any_text, any_text), other=st.tuples(any_text, any_text))
def test_a_key_makes_one_id_and_another_makes_another(one: tuple[Owner, str], other: tuple[Owner, str]) -> None:
    todo_ids = [ids.id_for_key(*pair) for pair in (one, other)]
    assert (todo_ids[0] == todo_ids[1]) == (one == other)
    assert all(ids.is_todo_id(todo_id) for todo_id in todo_ids)


@given(one=st.tuples(any_text, any_text, any_text), other=st.tuples(any_text, any_text, any_text))
@example(one=("me", "a#b", "c"), other=("me", "a", "b#c"))
@example(one=("me#a", "b", "c"), other=("me", "a#b", "c"))
def test_a_source_makes_one_id_and_another_makes_another(
    one: tuple[Owner, str, str], other: tuple[Owner, str, str]
) -> None:
    assert (ids.id_for_source(*one) == ids.id_for_source(*other)) == (one == other)


@pytest.mark.parametrize(("system", "source_id"), [("jsonl", "1"), ("a", ""), ("", "b#c")])
def test_no_key_makes_the_id_of_a_loaded_row(system: str, source_id: str) -> None:
    assert ids.id_for_key(Owner("me"), f"{system}#{source_id}") != ids.id_for_source(Owner("me"), system, source_id)


def test_derived_ids_never_change() -> None:
    """They are stored: another id for the same key would make a second todo of a repeat."""
    assert ids.id_for_next(TODO_ID) == "450b5212-6a31-56de-8705-c998a360df92"
    assert ids.id_for_source(Owner("me"), "csv", "7") == "ae95b1e3-0207-5418-95de-714394de3f40"
    assert ids.id_for_key(Owner("me"), "k") == str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_DNS, "todo-ledger"), "me#k"))


@pytest.mark.parametrize("version", [1, 4, 5, 7])
def test_any_uuid_is_a_todos_id_in_its_canonical_form_alone(version: int) -> None:
    canonical = f"0197e1f0-0abc-{version}000-8000-000000000001"
    assert ids.is_todo_id(canonical)
    variants = [canonical.upper(), canonical.replace("-", ""), f"{{{canonical}}}", f"urn:uuid:{canonical}"]
    variants += [f" {canonical}", f"{canonical}\n", canonical[:-1], f"{canonical}0", canonical.replace("1", "\u0661")]
    assert [variant for variant in variants if ids.is_todo_id(variant)] == []


@given(text=st.text(alphabet=st.characters(exclude_categories=[]), max_size=40))
def test_no_other_text_is_a_todos_id(text: str) -> None:
    assert not ids.is_todo_id(text)


def test_a_new_id_is_a_uuid_of_this_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(ids.new_uuid())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert ids.is_todo_id(str(made))
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_new_ids_differ_and_sort_by_the_time_of_their_making(monkeypatch: pytest.MonkeyPatch) -> None:
    nanoseconds = itertools.count(1_790_000_000_000_000_000, 250)
    monkeypatch.setattr(ids, "time", SimpleNamespace(time_ns=lambda: next(nanoseconds)))
    made = [ids.new_uuid() for _ in range(10_000)]
    assert made == sorted(set(made))


@pytest.mark.parametrize(("nanoseconds", "fraction"), [(0, "000"), (500_000, "800"), (999_999, "fff")])
def test_a_new_id_has_the_fraction_of_its_millisecond_in_twelve_bits(
    monkeypatch: pytest.MonkeyPatch, nanoseconds: int, fraction: str
) -> None:
    monkeypatch.setattr(ids, "time", SimpleNamespace(time_ns=lambda: 1_790_000_000_000_000_000 + nanoseconds))
    assert ids.new_uuid().startswith(f"01a0c450-6c00-7{fraction}-")


def test_the_random_bits_of_a_new_id_are_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that start from one snapshot have the same state, and must not make the same ids."""
    monkeypatch.setattr(ids, "time", SimpleNamespace(time_ns=lambda: 1_790_000_000_000_000_000))
    monkeypatch.setattr(os, "urandom", lambda size: bytes(range(0xD8, 0xD8 + size)))
    assert ids.new_uuid() == "01a0c450-6c00-7000-a0e1-e2e3e4e5e6e7"
