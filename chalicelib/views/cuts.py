"""Cuts: an owner's views as of one revision. A list is cleared or renamed by them, page by page.

A row is in a cut while its revision is not above the cut's: whatever changes a todo gives its row a later revision. So
a cut names the todos as they were, however many they are, and an old cut never names what has come since. Revisions
count from one in each views table, so a cut is of one table, and rows are read from that table and no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from chalicelib.aws import dynamodb
from chalicelib.aws.errors import READ_ERRORS
from chalicelib.todos import ids
from chalicelib.todos.ids import Owner
from chalicelib.views import current, schema
from chalicelib.views.pointer import Pointer

# A page ends here at the latest: what is examined is paid for (a read unit for each 4 KB), and takes time.
MAX_EXAMINED_BYTES: Final = 4 * 1024 * 1024

_JUST_BEHIND: Final = " "
_BEHIND_ALL: Final = "\x7f"


@dataclass(frozen=True, slots=True)
class ListedTodo:
    """A todo as a list shows it: its version, and the revision that wrote its row."""

    todo_id: str
    version: int
    revision: int


@dataclass(frozen=True, slots=True)
class ListPage:
    """Some todos of a list, and the index key behind which the next page begins; None after the last."""

    todos: list[ListedTodo]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class Cut:
    """An owner's views as of a revision.

    Attributes
    ----------
    table : str
        The views table whose revision it is.
    """

    table: str
    revision: int

    def has(self, todo: ListedTodo) -> bool:
        """Whether the todo was in the views as of the cut, as it is now."""
        return todo.revision <= self.revision

    def covering(self, todos: Iterable[ListedTodo]) -> Cut:
        """The cut with these todos, which were read right after it.

        A transaction's items become visible one by one, so a row may be visible before the tally that has its revision.
        Whoever has seen that row expects it to be in the cut.
        """
        return replace(self, revision=max([self.revision, *(todo.revision for todo in todos)]))


def read_cut(owner: Owner) -> Cut:
    """The cut of now, by consistent reads: the views table in use, and the owner's revision in it (0 before the first).

    The pointer is read anew: who asks to change what a list shows may have seen it in the newest table, and what is in
    that comes a moment later into the one before.

    Raises
    ------
    ViewsUnavailable
    """
    key = {"owner": {"S": ids.partition_of(owner)}, "sk": {"S": schema.TALLY_KEY}}

    def read(now: Pointer) -> Cut:
        item = _ask("get_item", TableName=now.reader, Key=key, ConsistentRead=True).get("Item")
        return Cut(now.reader, int(item["revision"]["N"]) if item else 0)

    current.forget()
    return current.read_current(read)


def list_page(table: str, owner: Owner, list_name: str, *, after: str | None, limit: int) -> ListPage:
    """The todos that a list shows in one views table, by order and id.

    Parameters
    ----------
    after : str, optional
        The `next_after` of the page before.
    limit : int
        At most so many todos; a page also ends at 4 MB examined.

    Raises
    ------
    ViewsUnavailable
        Also when the table was dropped.
    """
    prefix = schema.list_prefix(list_name)
    todos: list[ListedTodo] = []
    low, last, examined = (after + _JUST_BEHIND if after else prefix), after, 0
    while True:
        answer = _query(table, owner, low, prefix + _BEHIND_ALL, limit + 1 - len(todos))
        for item in answer["Items"]:
            if len(todos) == limit or examined > MAX_EXAMINED_BYTES:
                return ListPage(todos, last)
            todos.append(_listed(item))
            last = item["by_list"]["S"]
            examined += len(item["state"]["S"].encode())
        if "LastEvaluatedKey" not in answer:
            return ListPage(todos, None)
        low = answer["LastEvaluatedKey"]["by_list"]["S"] + _JUST_BEHIND


def _query(table: str, owner: Owner, low: str, high: str, limit: int) -> dict[str, Any]:
    request = dynamodb.between(table, ids.partition_of(owner), low, high, index="by_list")
    return _ask("query", **request, Limit=limit)


def _listed(item: dict[str, Any]) -> ListedTodo:
    todo_id = item["sk"]["S"].removeprefix(schema.TODO_PREFIX)
    return ListedTodo(todo_id, int(item["version"]["N"]), int(item["revision"]["N"]))


def _ask(operation: str, **request: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = getattr(dynamodb.client(), operation)(**request)
    except READ_ERRORS as error:
        raise current.unavailable(error) from error
    return answer
