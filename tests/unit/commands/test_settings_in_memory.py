"""What an owner has beside todos: kept names of lists, preferences, and what is known of an operation."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import settings_table
from chalicelib.aws.owned_collection import CollectionFull
from chalicelib.commands import named_lists, operations, preferences
from chalicelib.commands.preferences import Preferences, PreferencesChanged
from chalicelib.todos import ids, instants
from chalicelib.todos.decide import IfMatch
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Owner
from tests.unit.commands.one_owner import ME, PARTITION

pytestmark = pytest.mark.usefixtures("world")

YOU = Owner("me")
AT_ONE = IfMatch(frozenset({1}))


def test_a_name_is_kept_once_and_only_for_its_owner() -> None:
    assert named_lists.add(ME, "a/b#c")
    assert not named_lists.add(ME, "a/b#c")

    assert named_lists.page(ME, after=None, limit=10) == (["a/b#c"], None)
    assert named_lists.page(YOU, after=None, limit=10) == ([], None)


def test_a_name_that_is_kept_says_since_when() -> None:
    named_lists.add(ME, "home")

    item = settings_table.find(PARTITION, "list#home")

    assert item is not None
    assert instants.milliseconds_of(item["created_at"]["S"]) > 0


def test_a_name_is_forgotten_once() -> None:
    named_lists.add(ME, "home")

    assert named_lists.remove(ME, "home")
    assert not named_lists.remove(ME, "home")

    assert named_lists.page(ME, after=None, limit=10) == ([], None)


def test_names_come_page_by_page_in_the_order_of_their_keys() -> None:
    for name in ("c", "a", "ä", "b", "a b"):
        named_lists.add(ME, name)
    first, last = named_lists.page(ME, after=None, limit=2)
    second, end = named_lists.page(ME, after=last, limit=10)

    # As their keys are written: percent-encoded.
    assert (first, last) == (["ä", "a"], "list#a")
    assert (second, end) == (["a b", "b", "c"], None)


def test_names_have_a_bound_and_a_forgotten_one_makes_room() -> None:
    for number in range(named_lists.MAX_NAMED_LISTS):
        named_lists.add(ME, f"{number}")
    with pytest.raises(CollectionFull):
        named_lists.add(ME, "one more")

    named_lists.remove(ME, "0")
    assert named_lists.add(ME, "one more")


def test_preferences_have_a_version_that_each_change_makes_one_more() -> None:
    assert preferences.read(ME) is None

    first = preferences.write(ME, {"lists": ["é", "b"]}, None, only_first=False)
    second = preferences.write(ME, {"lists": []}, None, only_first=False)

    assert (first, second) == (Preferences({"lists": ["é", "b"]}, 1), Preferences({"lists": []}, 2))
    assert preferences.read(ME) == second
    assert preferences.read(YOU) is None


def test_the_same_preferences_are_not_written_again_whatever_the_precondition() -> None:
    preferences.write(ME, {"a": 1}, None, only_first=False)
    preferences.write(ME, {"a": 2}, AT_ONE, only_first=False)

    assert preferences.write(ME, {"a": 2}, AT_ONE, only_first=False) == Preferences({"a": 2}, 2)
    assert preferences.write(ME, {"a": 2}, None, only_first=True) == Preferences({"a": 2}, 2)
    assert preferences.write(ME, {"a": True}, None, only_first=False).version == 3


def test_preferences_at_another_version_are_not_replaced() -> None:
    preferences.write(ME, {"a": 1}, None, only_first=False)
    now = preferences.write(ME, {"a": 2}, AT_ONE, only_first=False)

    for if_match, only_first in ((AT_ONE, False), (None, True)):
        with pytest.raises(PreferencesChanged) as raised:
            preferences.write(ME, {"a": 3}, if_match, only_first=only_first)
        assert raised.value.current == now
    assert preferences.read(ME) == now


def test_what_is_not_there_has_no_version_that_could_match() -> None:
    with pytest.raises(PreferencesChanged) as raised:
        preferences.write(ME, {"a": 1}, AT_ONE, only_first=False)

    assert raised.value.current is None
    assert preferences.write(ME, {"a": 1}, None, only_first=True).version == 1


@pytest.mark.parametrize("before", [0, 1])
def test_a_writer_who_was_faster_is_not_overwritten(monkeypatch: pytest.MonkeyPatch, before: int) -> None:
    for number in range(before):
        preferences.write(ME, {"before": number}, None, only_first=False)
    real, faster = preferences.read, iter([{"theirs": 1}])

    def overtaken(owner: Owner) -> Preferences | None:
        found = real(owner)
        for content in faster:
            preferences.write(owner, content, None, only_first=False)
        return found

    monkeypatch.setattr(preferences, "read", overtaken)

    assert preferences.write(ME, {"mine": 1}, None, only_first=False) == Preferences({"mine": 1}, before + 2)


def test_a_writer_who_is_overtaken_each_time_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[Any] = []

    def lose(item: Any) -> bool:
        tries.append(item)
        return False

    monkeypatch.setattr(settings_table, "put_new", lose)

    with pytest.raises(Unavailable, match=r"^others changed the preferences each time$"):
        preferences.write(ME, {"a": 1}, None, only_first=False)

    assert len(tries) == settings_table.MAX_TRIES


def test_an_operation_has_one_key_until_a_load_spreads_it() -> None:
    assert operations.index_keys(PARTITION, "o") == [ids.operation_key(PARTITION, "o")]

    for _ in range(2):
        operations.spread(PARTITION, "o")

    keys = [ids.operation_key(PARTITION, "o", shard) for shard in range(ids.OPERATION_SHARDS)]
    assert operations.index_keys(PARTITION, "o") == keys
    assert operations.index_keys(PARTITION, "o", {}) == keys[:1]
    assert operations.index_keys(PARTITION, "another") == [ids.operation_key(PARTITION, "another")]


def test_an_operation_is_worked_on_until_each_of_its_works_has_ended() -> None:
    one, other = ids.new_uuid(), ids.new_uuid()
    for work in (one, one, other):
        operations.begin_work(PARTITION, "o", work)

    def is_worked_on() -> bool:
        return operations.is_worked_on(operations.find(PARTITION, "o"))

    operations.end_work(PARTITION, "o", one)
    assert is_worked_on()
    for _ in range(2):
        operations.end_work(PARTITION, "o", other)
    assert not is_worked_on()
    assert operations.find(PARTITION, "another") == {}


def test_work_of_no_operation_is_noted_nowhere(world: Any) -> None:
    operations.begin_work(PARTITION, None, ids.new_uuid())
    operations.end_work(PARTITION, None, ids.new_uuid())

    assert settings_table.beginning_with(PARTITION, operations.PREFIX) == []
