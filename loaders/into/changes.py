"""What to do with rows that differ from their todos: update, leave or report them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from chalicelib.todos.events import Event
from loaders.into.writer import GroupResult
from loaders.planner import Planned
from loaders.reconcile import REPORTED, OnChange

# From this many rows of a group on, new titles in most of them mean that the file is another list.
_ANOTHER_LIST_FROM: Final = 3
ANOTHER_LIST: Final = (
    "the todo with this id has another title, as in most rows: if this is another list, name it with --source NAME;"
    " otherwise use --on-change update"
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that differs from its todo.

    Attributes
    ----------
    title : str, optional
        The todo's title; None if the todo is deleted and its title does not matter.
    conflict : str, optional
        Why the todo must not be updated.
    update : Event, optional
        The event that updates the todo, where the destination needs one.
    todo : dict, optional
        The todo as the service answered it, where the destination needs it.
    """

    planned: Planned
    title: str | None
    conflict: str | None = None
    update: Event | None = None
    todo: dict[str, Any] | None = None

    @property
    def is_retitled(self) -> bool:
        """Whether the row would give the todo another title."""
        return self.title is not None and self.title != self.planned.event.state["title"]


class ChangePolicy:
    """The user's choice (``--on-change``), and the safeguard against loading another list over this one.

    Parameters
    ----------
    on_change : str
        `update`, `keep` or `report`.
    is_sure : bool
        The rows' ids are certainly those of the existing todos; otherwise a file that looks like another list changes
        nothing.
    """

    def __init__(self, on_change: OnChange, *, is_sure: bool) -> None:
        self._on_change = on_change
        self._is_sure = is_sure

    def select_updates(self, differences: list[Difference], existing: int, result: GroupResult) -> list[Difference]:
        """The differences to update; the others are counted as kept or reported.

        Parameters
        ----------
        existing : int
            How many rows of the group have a todo.
        """
        retitled = sum(difference.is_retitled for difference in differences)
        is_another_list = not self._is_sure and retitled >= _ANOTHER_LIST_FROM and 2 * retitled > existing
        updates = []
        for difference in differences:
            reason = difference.conflict or (ANOTHER_LIST if is_another_list else None)
            reason = reason or (REPORTED if self._on_change == "report" else None)
            if self._on_change == "keep":
                result.kept += 1
            elif reason is not None:
                result.reported.append((difference.planned, reason))
            else:
                updates.append(difference)
        return updates
