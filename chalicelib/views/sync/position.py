"""Where a client that syncs is, as values and as the text that cursors carry."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, replace
from typing import Any, Final

from chalicelib.todos import ids

# In milliseconds.
DAY: Final = 24 * 3600 * 1000
_HOUR: Final = 3600 * 1000
# No more digits than a key of the log has.
_MAX_NUMBER: Final = 10**15


def up_to_the_hour(instant: int) -> int:
    """The next full hour, in milliseconds since 1970: what an answer says of an instant then changes once an hour."""
    return -(-instant // _HOUR) * _HOUR


def parse_values(text: str, count: int) -> tuple[str, list[int], list[Any]]:
    """The generation, the `count` numbers behind it, and the rest of what a position's text holds.

    Raises
    ------
    ValueError, RecursionError
        It begins with anything else.
    """
    values = json.loads(text)
    if not (isinstance(values, list) and len(values) > count and isinstance(values[0], str)):
        raise ValueError("no position")
    numbers = values[1 : count + 1]
    if not all(type(number) is int and 0 <= number < _MAX_NUMBER for number in numbers):
        raise ValueError("no position")
    return values[0], numbers, values[count + 1 :]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a reader is: all that its cursor says.

    Attributes
    ----------
    generation : str
        The views table's generation; revisions of another one mean nothing here.
    complete_at : int
        Milliseconds since 1970: what lies behind the position was written after that, or lies before `began_at`.
    revision, given : int
        All changes up to this revision were given, and so many of the one after it.
    began_at : int
        The revision that the views had when a first sync began, until the walk is past it: its rows were read after
        that. 0 from then on.
    listed_to : str or None
        The id of the todo that a first sync listed last, empty before the first; None once all are listed.
    """

    generation: str
    complete_at: int
    revision: int
    given: int = 0
    began_at: int = 0
    listed_to: str | None = None

    def __str__(self) -> str:
        return json.dumps(astuple(self), separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Position:
        """What `str` made of one.

        Raises
        ------
        ValueError, RecursionError
            For any other text.
        """
        generation, (complete_at, revision, given, began_at), rest = parse_values(text, 4)
        if len(rest) != 1:
            raise ValueError("no position")
        (listed_to,) = rest
        if not (listed_to is None or (isinstance(listed_to, str) and (not listed_to or ids.is_todo_id(listed_to)))):
            raise ValueError("no position")
        return cls(generation, complete_at, revision, given, began_at, listed_to)

    def of_the_day(self) -> Position:
        """The same, whenever on its day: nothing expires so soon that another of that day would not serve as well."""
        return replace(self, complete_at=self.complete_at - self.complete_at % DAY)

    def within(self, revision: int, given: int) -> Position:
        """The position behind so many changes of a revision that has more."""
        return replace(self, revision=revision - 1, given=given)

    def behind(self, revision: int, at: int) -> Position:
        """The position behind a whole revision, which was written at that time (milliseconds since 1970)."""
        return replace(
            self,
            revision=revision,
            given=0,
            complete_at=max(self.complete_at, at),
            began_at=self.began_at if revision < self.began_at else 0,
        )
