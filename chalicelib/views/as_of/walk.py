"""The walk through an owner's todos by id, which never changes, and what each of them was at an instant.

Deleted todos have a row, too, so that every todo that was there is found. A row says when its todo was created and last
changed. Only a todo that was changed after the instant is looked for in the ledger, together with others of the page:
each round of their searches is one request. docs/exactly-once.md tells why the pages together are one instant's list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import Final

from chalicelib.aws import dynamodb
from chalicelib.ledger.codec import dump_state, load_state
from chalicelib.todos import instants
from chalicelib.todos.events import Todo
from chalicelib.views import queries, schema
from chalicelib.views.as_of.search import Search
from chalicelib.views.projection import Row
from chalicelib.views.queries import Filter, Page, TodoRow
from chalicelib.views.recorded import ReadEvents

# A page begins no further searches behind so many requests: it may then be empty, and have a next.
REQUESTS_OF_A_PAGE: Final = 20
SEARCHES_AT_ONCE: Final = dynamodb.MAX_BATCH_GET_KEYS

# The rows behind a todo's id (None: from the first), by id and at most so many (None: as many as come at once), and
# whether these are all.
ReadRows = Callable[[str | None, int | None], tuple[Sequence[Row], bool]]


class Walk:
    """One page of the todos at an instant.

    Parameters
    ----------
    instant : int
        Milliseconds since 1970; what occurred then counts.
    accept : callable, optional
        What a todo must fulfil, as it was at the instant.
    """

    def __init__(
        self, read_rows: ReadRows, read_events: ReadEvents, instant: int, accept: Filter | None = None
    ) -> None:
        self._read_rows = read_rows
        self._read_events = read_events
        self._instant = instant
        self._accept = accept
        self._requests = 0
        self._examined = 0
        self._next: str | None = None

    def page(self, after: str | None, limit: int | None) -> Page:
        """The todos behind an id (None: from the first), at most `limit`, and the id that the next page is behind.

        It may hold fewer, even none, and have a next.
        """
        taken: list[TodoRow] = []
        answered = 0
        behind = after
        for todo_id, row in self._todos(after, limit):
            if row is not None and (self._accept is None or self._accept(row)):
                # Within the Lambda's answer the body is a JSON string.
                answered += len(json.dumps(dump_state(row.todo)))
                if taken and (len(taken) == limit or answered > queries.MAX_ANSWERED_BYTES):
                    return Page(taken, behind)
                taken.append(row)
            behind = todo_id
        return Page(taken, self._next)

    def _todos(self, after: str | None, limit: int | None) -> Iterator[tuple[str, TodoRow | None]]:
        """Each todo with what it was, None if it was not there; `_next` says behind which id it had to end."""
        # With a filter it is unknown how many rows a page takes, and behind the first ones how many were there.
        wanted = limit + 1 if limit is not None and self._accept is None else None
        is_end = False
        while not is_end:
            rows, is_end = self._read_rows(after, wanted)
            wanted = None
            self._requests += 1
            self._examined += sum(len(row.state) for row in rows)
            while rows:
                known = self._as_they_were(rows)
                yield from known
                rows, after = rows[len(known) :], known[-1][0]
                if self._has_done_enough and not (is_end and not rows):
                    self._next = after
                    return

    @property
    def _has_done_enough(self) -> bool:
        return self._requests >= REQUESTS_OF_A_PAGE or self._examined > queries.MAX_EXAMINED_BYTES

    def _as_they_were(self, rows: Sequence[Row]) -> list[tuple[str, TodoRow | None]]:
        """The first of these todos as they were: as many as are searched for together, and one at least."""
        known: dict[str, TodoRow | None] = {}
        searches: list[Search] = []
        room = queries.MAX_EXAMINED_BYTES - self._examined
        for row in rows:
            todo = load_state(row.state)
            if instants.milliseconds_of(todo["updated_at"]) <= self._instant:
                known[row.todo_id] = _row_of(row.todo_id, row.version, todo)
            elif row.version == 1 or instants.milliseconds_of(todo["created_at"]) > self._instant:
                known[row.todo_id] = None
            else:
                # How large its earlier versions are is not known yet; mostly about as large as the newest one.
                room -= len(row.state) * row.version.bit_length()
                if searches and (len(searches) == SEARCHES_AT_ONCE or room < 0):
                    break
                searches.append(Search(row.todo_id, row.version, self._instant))
                known[row.todo_id] = None
        unfinished = self._run(searches)
        for search in searches:
            if search is unfinished:
                return list(takewhile(lambda each: each[0] != search.todo_id, known.items()))  # noqa: B023
            if search.found is not None:
                known[search.todo_id] = _row_of(search.todo_id, search.found.version, search.found.state)
        return list(known.items())

    def _run(self, searches: Sequence[Search]) -> Search | None:
        """Run searches round by round, all of them together; the first one that is left to another page, if any is.

        While they read more than a page may, the last half of them is left out after each round.
        """
        unfinished = None
        while going_on := [search for search in searches if not search.is_over]:
            found = self._read_events([search.at for search in going_on])
            self._requests += 1
            for search in going_on:
                recorded = found[search.at]
                self._examined += 0 if recorded.event is None else len(dump_state(recorded.event.state))
                search.look_at(recorded)
            if self._examined > queries.MAX_EXAMINED_BYTES and len(going_on) > 1:
                unfinished = going_on[len(going_on) // 2]
                searches = going_on[: len(going_on) // 2]
        return unfinished


def _row_of(todo_id: str, version: int, todo: Todo) -> TodoRow | None:
    """What a list has of a todo; None if it is deleted."""
    return None if todo["deleted"] else TodoRow(todo_id, version, todo, schema.due_at(todo))
