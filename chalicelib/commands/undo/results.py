"""What a caller gets for an undo: its result, its preview, or its status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.commands.undo.records import TodoConflict
from chalicelib.todos.events import Change
from chalicelib.todos.undo import Conflict


@dataclass(frozen=True, slots=True)
class Undone:
    """An undo, as far as it got.

    Attributes
    ----------
    operation : str
        What was asked to be undone.
    undoes : str
        The operation whose changes are taken or brought back: the same, unless that is an undo itself.
    undo : str
        The operation of the undo itself.
    direction : str
        `OFF`: the changes are taken back; `ON`: they are brought back.
    is_done : bool
        False while the queue works on it.
    todos, changed, conflict_count : int
        Of how many todos it was decided; how many of them it changed; in how many something stays.
    conflicts : tuple of TodoConflict
        The first `service.SHOWN_CONFLICTS`.
    versions : dict of str to int
        By id, the versions of the todos that this request changed, or found changed.
    """

    operation: str
    undoes: str
    undo: str
    direction: str
    is_done: bool
    todos: int
    changed: int
    conflict_count: int
    conflicts: tuple[TodoConflict, ...]
    versions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TodoPreview:
    """What an undo would do to a todo.

    Attributes
    ----------
    version : int
        The todo's newest one, on which this rests.
    type : str, optional
        The type of the event that would be appended; None if the todo would stay as it is.
    is_done : bool
        Whether this undo has changed it already.
    """

    todo: str
    version: int
    type: str | None
    change: Change
    conflicts: tuple[Conflict, ...]
    is_done: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """A page of what an undo would do; `next_after` is where the next one begins."""

    operation: str
    undoes: str
    direction: str
    todos: tuple[TodoPreview, ...]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of an operation's undo.

    Attributes
    ----------
    can_be_undone : bool
        Whether an undo would begin now: it is neither undone already nor worked on.
    undoes, direction : str, optional
        If the operation is an undo itself: the operation whose changes it takes or brings back, and which of the two.
    undo : Undone, optional
        The undo that is in force of the operation, or of the one whose changes it takes or brings back.
    """

    operation: str
    can_be_undone: bool
    undoes: str | None
    direction: str | None
    undo: Undone | None
