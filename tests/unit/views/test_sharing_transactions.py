"""Which events a projector writes together: as many owners, and as many todos of one, as a transaction takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.aws.errors import NoAnswer
from chalicelib.todos import instants
from chalicelib.todos.decide import Patch
from chalicelib.todos.ids import Partition
from chalicelib.views import codec, projector, schema
from chalicelib.views.errors import ProjectionIncomplete
from chalicelib.views.projection import Head
from tests.simulation.seams import VIEWS
from tests.unit.ledger.conftest import Calls, calls
from tests.unit.views.test_projecting_into_a_table import ANN, BOB, CONFLICT, REFUSED, head, item, project, tally

__all__ = ["calls"]

CY = Partition("cy")
Request = dict[str, Any]


class Between:
    """A client whose transactions pass through a function, which may refuse them by raising."""

    def __init__(self, calls: Calls, look: Callable[[Request], None]) -> None:
        self._client, self._look = calls._client, look
        calls._client = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        self._look(request)
        return self._client.transact_write_items(**request)


@pytest.fixture
def sizes(calls: Calls) -> list[int]:
    """How many items each transaction writes."""
    found: list[int] = []
    Between(calls, lambda request: found.append(len(request["TransactItems"])))
    return found


def owners(count: int) -> list[Partition]:
    return [Partition(f"owner {number:02}".replace(" ", "%20")) for number in range(count)]


def moved(todo_id: str, number: int = 0) -> Head:
    return head(todo_id, Patch({"list": f"to {number}"}), list=f"from {number}")


def given_moving(count: int) -> list[Head]:
    """Todos of one owner, each alone in the list that it leaves for one of its own."""
    project(head(f"{number:02}", list=f"from {number}") for number in range(count))
    return [moved(f"{number:02}", number) for number in range(count)]


def written(request: Request) -> set[str]:
    """The sort keys of a transaction."""
    return {write["Put"]["Item"]["sk"]["S"] for write in request["TransactItems"] if "Put" in write}


def test_owners_share_a_transaction_until_it_is_full(sizes: list[int]) -> None:
    # A todo in a list, a tally, an entry of the log: four items of each owner.
    assert projector.project_batch(VIEWS, {owner: [head("a")] for owner in owners(51)}) == []

    assert sizes == [100, 100, 4]
    assert all(tally(owner=owner).total == 1 for owner in owners(51))


def test_an_owner_with_more_todos_leaves_room_for_fewer_others(sizes: list[int]) -> None:
    first, second, third = owners(3)
    batch = {first: 24, second: 24, third: 1}
    heads = {owner: [head(f"{each}", list=f"{each}") for each in range(count)] for owner, count in batch.items()}

    assert projector.project_batch(VIEWS, heads) == []

    assert sizes == [100, 4]


def test_who_needs_more_items_than_expected_goes_alone_behind_the_others(sizes: list[int]) -> None:
    projector.project_batch(VIEWS, {owner: [head("a", list="from 0")] for owner in owners(22)})
    sizes.clear()

    # Each also takes an item from the list that its todo leaves: twenty times five fit.
    assert projector.project_batch(VIEWS, {owner: [moved("a")] for owner in owners(22)}) == []

    assert sizes == [100, 5, 5]
    assert all(tally(schema.list_key("to 0"), owner).total == 1 for owner in owners(22))


def test_behind_an_owner_who_does_not_fit_another_may(sizes: list[int]) -> None:
    first, second, large, small = owners(4)
    project((head(f"{each}", list=f"from {each}") for each in range(30)), first)
    project([head("a", list="from 0")], large)
    sizes.clear()

    # 92 items, 4 beside them, then 5 that are one too many, and 4 that are not.
    heads = {first: [moved(f"{each}", each) for each in range(30)], second: [head("a")], large: [moved("a")]}
    assert projector.project_batch(VIEWS, heads | {small: [head("a")]}) == []

    assert sizes == [100, 5]


def test_owners_share_a_transaction_until_its_bytes_are_full(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    of_one = len(head("a").state.encode()) + codec.ROW_OVERHEAD_BYTES
    monkeypatch.setattr(projector, "MAX_TRANSACTION_BYTES", 3 * of_one)

    assert projector.project_batch(VIEWS, {owner: [head("a")] for owner in owners(5)}) == []

    assert sizes == [12, 4, 4]
    assert all(tally(owner=owner).total == 1 for owner in owners(5))


def test_one_owners_todos_fill_each_transaction(sizes: list[int]) -> None:
    project(head(f"{number:03}", list=f"list {number}") for number in range(120))

    assert sizes == [100, 100, 46]


@pytest.mark.parametrize(("count", "expected"), [(32, [98]), (33, [98, 5]), (40, [98, 26])])
def test_of_todos_that_change_their_list_none_too_many_wait(sizes: list[int], count: int, expected: list[int]) -> None:
    heads = given_moving(count)
    sizes.clear()

    project(heads)

    assert sizes == expected
    assert tally().total == count


def test_too_many_bytes_of_one_owner_are_halved_until_they_fit(
    sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = [head(f"{number}") for number in range(8)]
    of_one = len(heads[0].state.encode()) + codec.ROW_OVERHEAD_BYTES
    monkeypatch.setattr(projector, "MAX_TRANSACTION_BYTES", 4 * of_one)

    project(heads)

    assert sizes == [4 + 3, 4 + 3]
    assert tally().total == 8


def test_a_todo_that_is_too_large_beside_others_is_written_alone(
    sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "MAX_TRANSACTION_BYTES", 1)

    project([head("a"), head("b"), head("c")])

    assert sizes == [4, 4, 4]


def test_who_has_nothing_new_is_left_out_and_holds_up_nobody(sizes: list[int]) -> None:
    project([head("a")])
    sizes.clear()

    assert projector.project_batch(VIEWS, {ANN: [head("a")], BOB: [head("b")], CY: [head("c")]}) == []

    assert sizes == [8]
    assert tally().revision == tally(owner=BOB).revision == tally(owner=CY).revision == 1


def test_where_nobody_has_anything_new_nothing_is_written(sizes: list[int]) -> None:
    batch = {ANN: [head("a")], BOB: [head("b")]}
    projector.project_batch(VIEWS, batch)
    sizes.clear()

    assert projector.project_batch(VIEWS, batch) == []

    assert sizes == []


def test_owners_who_meet_another_writer_together_are_each_written_alone(calls: Calls, sizes: list[int]) -> None:
    conflicts = [CONFLICT]

    def conflict_once(request: Request) -> None:
        if conflicts:
            raise conflicts.pop()

    Between(calls, conflict_once)

    assert projector.project_batch(VIEWS, {ANN: [head("a")], BOB: [head("b")]}) == []

    assert sizes == [4, 4]
    assert tally().total == tally(owner=BOB).total == 1


def test_of_several_todos_the_one_that_is_refused_is_named_and_the_others_are_written(calls: Calls) -> None:
    def refuse_b(request: Request) -> None:
        if schema.todo_key("b") in written(request):
            raise REFUSED

    Between(calls, refuse_b)

    [refused] = projector.project_batch(VIEWS, {ANN: [head("a"), bad := head("b"), head("c")], BOB: [head("d")]})

    assert (refused.owner, refused.head, refused.error) == (ANN, bad, REFUSED)
    assert (tally().total, tally(owner=BOB).total) == (2, 1)
    assert item(schema.todo_key("b")) is None


def test_all_that_is_refused_is_named(calls: Calls) -> None:
    def refuse(request: Request) -> None:
        raise REFUSED

    Between(calls, refuse)

    refused = projector.project_batch(VIEWS, {ANN: [head("a"), head("b")], BOB: [head("c")]})

    assert [(each.owner, each.head.todo_id) for each in refused] == [(ANN, "a"), (ANN, "b"), (BOB, "c")]


def test_who_gets_no_answer_is_named_with_what_others_were_refused(calls: Calls) -> None:
    silence = NoAnswer("the line is cut")

    def look(request: Request) -> None:
        keys = written(request)
        if schema.todo_key("a") in keys:
            raise silence
        if schema.todo_key("b") in keys:
            raise REFUSED

    Between(calls, look)

    with pytest.raises(ProjectionIncomplete) as raised:
        projector.project_batch(VIEWS, {ANN: [head("a"), head("x")], BOB: [head("b")], CY: [head("c")]})

    assert raised.value.failures == {ANN: silence}
    assert [(each.owner, each.head.todo_id) for each in raised.value.refused] == [(BOB, "b")]
    assert tally(owner=CY).total == 1


def test_an_entry_has_the_millisecond_of_its_transaction(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    nanoseconds = 1_790_000_000_123_999_999
    monkeypatch.setattr(projector, "time", SimpleNamespace(time_ns=lambda: nanoseconds))

    project([head("a")])

    assert item(schema.log_key(1))["at"] == {"S": instants.format_milliseconds(1_790_000_000_123)}


def test_a_list_that_was_left_is_counted_anew_also_beside_one_that_was_read(calls: Calls) -> None:
    project([head("a", list="from 0"), head("b", list="from 0"), head("c", list="to 0")])
    project([moved("a"), head("c", Patch({"completed": True}), list="to 0")])

    assert (left := tally(schema.list_key("from 0"))).total == left.open == 1
    assert (entered := tally(schema.list_key("to 0"))).total == 2
    assert (entered.open, entered.completed) == (1, 1)
    assert json.loads(item(schema.log_key(2))["changes"]["S"]) == [["a", 2], ["c", 2]]
