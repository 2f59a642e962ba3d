"""A client of the sync feed: it asks for page after page, starts over when it must, and keeps what it is told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from chalicelib import keys
from chalicelib.views import feed
from chalicelib.views.positions import Position
from chalicelib.views.queries import ViewsUnavailable

from .scheduler import Crash
from .world import World

MOST_PAGES = 100_000


class Reader:
    """A client that follows one owner's feed.

    Attributes
    ----------
    known : dict of str to (int, bool)
        Of each todo the version that came last, and whether that is a deletion.
    """

    page_size = 4

    def __init__(self, world: World, owner: str) -> None:
        self.owner = owner
        self.known: dict[str, tuple[int, bool]] = {}
        self._world = world
        self._cursor: str | None = None
        self._listed: dict[str, tuple[int, bool]] = {}

    def work(self, is_over: Callable[[], bool]) -> None:
        """Ask for page after page, whatever fails in between."""
        while not is_over():
            with suppress(Crash, ViewsUnavailable):
                self._world.scheduler.pause()
                self.page()

    def start_from_the_first_revision(self) -> None:
        first = feed.page(keys.owner_of(self.owner), None, 1).position
        self._cursor = str(replace(first, revision=0, given=0, began_at=0, listed_to=None))

    def read_to_the_end(self) -> None:
        for _ in range(MOST_PAGES):
            if not self.page():
                return
        raise AssertionError("the feed has no end")

    def page(self) -> bool:
        """Read on; whether there may be more."""
        since = Position.parse(self._cursor) if self._cursor is not None else None
        try:
            found = feed.page(keys.owner_of(self.owner), since, self.page_size)
        except feed.PositionExpired:
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
