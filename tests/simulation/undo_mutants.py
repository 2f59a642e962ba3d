"""Ways to undo operations that are not enough; `mutants` has the table of all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from chalicelib.commands import operations
from chalicelib.commands.undo import records, service, writing
from chalicelib.commands.undo.units import Asked
from chalicelib.ledger import operation_index
from chalicelib.todos import ids, undo
from chalicelib.todos.ids import Owner
from chalicelib.todos.standing_writes import StandingWrites
from chalicelib.todos.undo import Outcome


@contextmanager
def whether_in_force_or_not() -> Iterator[None]:
    """A message does what its undo wants, although that is done, or was taken back."""
    real, real_in_force = service.resume, records.in_force

    def in_force(*arguments: Any) -> dict[str, Any]:
        check = real_in_force(*arguments)["ConditionCheck"]
        # The item is there since the first undo.
        return {"ConditionCheck": {**check, "ConditionExpression": "attribute_exists(#undo) OR #state = :running"}}

    def resume(owner: Owner, name: str) -> None:
        real(owner, name)
        partition = ids.partition_of(owner)
        this = records.undo_of(operations.find(partition, name), name)
        assert this is not None
        keys = tuple(operations.index_keys(partition, this.undoes))
        asked = Asked(partition, this.undoes, name, this.direction, keys)
        writing.settle(asked, this, service._todos_of(operation_index.every(keys)))

    with patch.object(records, "in_force", in_force), patch.object(service, "resume", resume):
        yield


@contextmanager
def again_although_its_event_is_there() -> Iterator[None]:
    """An undo that runs once more does what others hindered the first time."""
    real = undo._proposed

    def proposed(stream: StandingWrites, name: str, direction: str) -> Outcome:
        return real(stream, f"{name} again", direction)

    with patch.object(undo, "_proposed", proposed):
        yield


def a_completion_alone() -> Any:
    """A completion goes back, or stays, without a look at its next occurrence."""
    return patch.object(undo, "_pairs", lambda streams: ())


def deleting_what_others_use() -> Any:
    """A todo that the operation made goes, whatever others have written to it."""
    return patch.object(StandingWrites, "is_written_by_others_after", lambda self, version: False)
