"""What clearing and renaming a list share: each todo by its own event, and an error of one stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from chalicelib.aws import errors
from chalicelib.commands import execute
from chalicelib.todos import ids
from chalicelib.todos.decide import Command, IfMatch
from chalicelib.todos.errors import Permanent
from chalicelib.todos.ids import Partition

# As many as one request does itself, and one message after it: a second or two of conditional puts.
PAGE: Final = 200
AT_THE_SAME_TIME: Final = 8

# A todo's id, and the version that the list showed.
TodoAt = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ListOperation:
    """A list to be cleared or renamed, as its caller asked for it.

    Attributes
    ----------
    client : str, optional
        The program by which the caller asked, where the token names one. Messages of version 0.1.0 do not have it.
    operation_id : str
        A UUID of this operation alone.
    operation : str, optional
        What its events are part of (`Event.operation`): as the caller names it, or else named by its UUID. Messages and
        records of version 0.1.0 do not have it.
    to_list : str, optional
        The list's new name; None if it is to be cleared.
    record : str, optional
        The sort key of its record (`list_records`), if it has one.
    """

    owner: ids.Owner
    list_name: str
    actor: str
    correlation_id: str | None
    operation_id: str
    to_list: str | None = None
    record: str | None = None
    client: str | None = None
    operation: str | None = None

    @property
    def partition(self) -> Partition:
        """The owner as keys have it."""
        return ids.partition_of(self.owner)

    def command(self, todo_id: str, version: int, command: Command) -> execute.CommandRequest:
        """A command of this operation on one todo, at exactly this version."""
        return execute.CommandRequest(
            owner=self.owner,
            todo_id=todo_id,
            command=command,
            actor=self.actor,
            client=self.client,
            operation=self.operation,
            if_match=IfMatch(frozenset({version})),
            correlation_id=self.correlation_id,
        )


class ListUnfinished(Permanent):
    """A part of the list can neither be cleared nor renamed by this operation, however often it is tried.

    Attributes
    ----------
    todo_ids : sequence of str
        The todos that cannot be changed; empty if the operation has lost track of what the list had.
    """

    def __init__(self, detail: str, todo_ids: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.todo_ids = todo_ids


@dataclass(frozen=True, slots=True)
class Failure:
    """A todo that could not be changed, and why."""

    todo: TodoAt
    error: Exception

    @property
    def is_transient(self) -> bool:
        """Whether another try may succeed."""
        return errors.is_transient(self.error)


def change_each(
    todos: Iterable[TodoAt], change: Callable[[str, int], int | None]
) -> tuple[dict[str, int], list[Failure]]:
    """Change every todo, some at the same time.

    Parameters
    ----------
    change : callable
        Takes a todo's id and version; returns the version that it led to, or None where the todo is to stay.

    Returns
    -------
    dict of str to int
        The versions of those that were changed, by id.
    list of Failure
        Those that were not, after all were tried.
    """

    def attempt(todo: TodoAt) -> int | Failure | None:
        try:
            return change(*todo)
        except Exception as error:
            return Failure(todo, error)

    tried = list(todos)
    with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
        results = list(zip(tried, pool.map(attempt, tried), strict=True))
    changed = {todo_id: result for (todo_id, _), result in results if isinstance(result, int)}
    return changed, [result for _, result in results if isinstance(result, Failure)]


def raise_first(failures: Sequence[Failure]) -> None:
    """Report the failures of a request: one that may pass before those that never will.

    Raises
    ------
    Exception
        The first transient error: the same request may be made again.
    ListUnfinished
        When there are others alone.
    """
    for failure in failures:
        if failure.is_transient:
            raise failure.error
    if failures:
        first = failures[0]
        raise ListUnfinished(
            f"{len(failures)} of the list's todos cannot be changed, such as {first.todo[0]}: {first.error}. "
            "The others were.",
            [failure.todo[0] for failure in failures],
        ) from first.error
