"""The walk down one todo's own stream, which has every event: neither the log's reach nor its gaps matter."""

from __future__ import annotations

import math
from collections.abc import Iterator

from chalicelib.views.activity.walk import EVENTS_OF_A_PAGE, Choose, Given
from chalicelib.views.recorded import ReadEvents


class History:
    """One page of a todo's events, newest first: iterate over it for the events, as many as are wanted.

    Attributes
    ----------
    next : int, optional
        Once the iteration has ended by itself: the version with which the next page begins; None after the last.
    """

    def __init__(self, read_events: ReadEvents, *, since: int | None, at_once: int, choose: Choose) -> None:
        self._read_events = read_events
        self._since = since if since is not None else -math.inf
        self._at_once = at_once
        self._choose = choose
        self.next: int | None = None

    def page(self, todo_id: str, version: int) -> Iterator[Given[int]]:
        """The events of a todo from a version down to the first one that is older than is asked for."""
        examined = 0
        while version:
            lowest = max(0, version - min(self._at_once, EVENTS_OF_A_PAGE - examined))
            found = self._read_events([(todo_id, each) for each in range(version, lowest, -1)])
            examined += len(found)
            young = []
            for recorded in found.values():
                if recorded.occurred_at is not None and recorded.occurred_at < self._since:
                    lowest = 0
                    break
                young.append(recorded)
            for recorded in self._choose(young):
                yield Given(recorded, recorded.version - 1)
            version = lowest
            if examined >= EVENTS_OF_A_PAGE:
                self.next = version or None
                return
