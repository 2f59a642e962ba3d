"""The search for the event that a todo was at, at an instant: which version to look at next, and what that tells."""

from __future__ import annotations

from chalicelib.todos.events import Event
from chalicelib.views.recorded import At, Recorded


class Search:
    """Halves a todo's versions: they have no gaps, and their instants only grow.

    An event that cannot be read is passed over, as the projection does: the one before it is found instead.

    Attributes
    ----------
    found : Event, optional
        The newest event up to the instant, as far as the search has come; after its end the one.
    """

    def __init__(self, todo_id: str, newest: int, instant: int) -> None:
        """A search among the versions below `newest`, for an instant in milliseconds since 1970."""
        self.todo_id = todo_id
        self.found: Event | None = None
        self._instant = instant
        self._low, self._high = 1, newest - 1
        self._version = self._middle

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to look at."""
        return self._low > self._high

    @property
    def at(self) -> At:
        """Which event to look at next."""
        return self.todo_id, self._version

    def look_at(self, recorded: Recorded) -> None:
        """Go on from the event that `at` named."""
        if recorded.occurred_at is not None and recorded.occurred_at > self._instant:
            self._high = self._version - 1
        elif recorded.event is not None:
            self.found, self._low = recorded.event, self._middle + 1
        elif self._version > self._low:
            self._version -= 1
            return
        else:
            self._low = self._middle + 1
        self._version = self._middle

    @property
    def _middle(self) -> int:
        return (self._low + self._high) // 2
