"""A client that syncs: it asks for page after page, starts over when it must, and keeps what it receives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from chalicelib.todos import ids
from chalicelib.todos.ids import Partition
from chalicelib.views.errors import PositionExpired, ViewsUnavailable
from chalicelib.views.sync import walk
from chalicelib.views.sync.position import Position
from tests.simulation.scheduler import Crash

MOST_PAGES = 5_000


class Reader:
    """A client that follows one owner's feed.

    Parameters
    ----------
    owner : str
        As keys have it.
    pause : callable
        Lets others go on.

    Attributes
    ----------
    known : dict of str to (int, bool)
        Of each todo the version that came last, and whether that is a deletion.
    has_ended : bool
        Whether `read_to_the_end` came to it.
    """

    page_size = 4
    knows_generations = True

    def __init__(self, owner: str, pause: Callable[[], None] = lambda: None) -> None:
        self.owner = owner
        self.known: dict[str, tuple[int, bool]] = {}
        self.has_ended = False
        self._pause = pause
        self._cursor: str | None = None
        self._listed: dict[str, tuple[int, bool]] = {}

    def work(self, is_over: Callable[[], bool]) -> None:
        """Ask for page after page, whatever fails in between."""
        while not is_over():
            with suppress(Crash, ViewsUnavailable):
                self._pause()
                self.page()

    def start_from_the_first_revision(self) -> None:
        first = walk.page(ids.owner_of(Partition(self.owner)), None, 1).position
        self._cursor = str(replace(first, revision=0, given=0, began_at=0, listed_to=None))

    def read_to_the_end(self) -> None:
        self.has_ended = any(not self.page() for _ in range(MOST_PAGES))

    def page(self) -> bool:
        """Read on; whether there may be more."""
        since = self._since()
        try:
            found = walk.page(ids.owner_of(Partition(self.owner)), since, self.page_size)
        except PositionExpired:
            self._cursor = None
            return True
        if since is None:
            self._listed = {}
        self._listed |= {row.todo_id: (row.version, row.todo["deleted"]) for row in found.changes}
        self._cursor = str(found.position)
        if not found.more:
            # What a new sync does not list is dropped once it is through.
            self.known = self._listed
        return found.more

    def _since(self) -> Position | None:
        return Position.parse(self._cursor) if self._cursor is not None else None
