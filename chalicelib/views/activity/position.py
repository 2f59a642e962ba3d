"""Where a walk through the events is, as values and as the text that cursors carry."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, replace

from chalicelib.views.sync.position import parse_values


@dataclass(frozen=True, slots=True)
class Position:
    """How far a walk is: all that its cursor says.

    Attributes
    ----------
    generation : str
        The views table's generation; revisions of another one mean nothing here.
    oldest : int
        Milliseconds since 1970: no event that occurred before is given. Fixed when the walk begins.
    revision, place, version : int
        What comes next: of the revision's entry, the change of that place, and of that the event of this version; 0 for
        the change's own. Behind the last change of an entry, the place is the number of its changes.
    """

    generation: str
    oldest: int
    revision: int
    place: int = 0
    version: int = 0

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
        generation, numbers, rest = parse_values(text, 4)
        if rest:
            raise ValueError("no position")
        return cls(generation, *numbers)

    def moved_to(self, revision: int, place: int, version: int = 0) -> Position:
        """The same walk's position there."""
        return replace(self, revision=revision, place=place, version=version)
