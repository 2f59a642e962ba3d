"""The progress of a rebuild: its steps, and the state that its record in the settings table keeps."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from chalicelib.views.pointer import REMEMBERED_SECONDS, Record

# Timeouts in .chalice/config.json, which a Lambda cannot see: of `project`, and the longest of all that use views.
PROJECT_TIMEOUT_SECONDS: Final = 60.0
LONGEST_TIMEOUT_SECONDS: Final = 60.0

MAKE: Final = "make"
SETTLE: Final = "settle"
FILL: Final = "fill"
AUDIT: Final = "audit"
SWITCH: Final = "switch"
DRAIN: Final = "drain"
DROP: Final = "drop"
DONE: Final = "done"
ABANDON: Final = "abandon"
ABANDONED: Final = "abandoned"


class Busy(Exception):
    """Another run holds the lease of the rebuild, or was killed a moment ago.

    Attributes
    ----------
    record : Record
        The record that names the other run.
    seconds : float
        When its lease ends.
    """

    def __init__(self, record: Record, seconds: float) -> None:
        super().__init__(f"another run is working on it, or was killed; its lease ends in {seconds:.0f} s")
        self.record = record
        self.seconds = seconds


class NothingToAbandon(Exception):
    """There is no rebuild under way, or its table is in use already."""


@dataclass
class State:
    """How far a rebuild is.

    Attributes
    ----------
    table : str
        The new views table.
    before : list of str
        The tables that the pointer named, to be dropped in the end.
    request : str
        The name of the request for it; asking again under the same name gives the same rebuild.
    resume_at : float
        Until when (seconds since 1970) `settle` and `drain` wait.
    remembered_seconds : float
        For how long processes remember the pointer before the one that they wait for.
    problem : str
        Why the audit did not pass.
    """

    table: str
    request: str = ""
    step: str = MAKE
    before: list[str] = field(default_factory=list)
    settle_seconds: float = PROJECT_TIMEOUT_SECONDS
    drain_seconds: float = LONGEST_TIMEOUT_SECONDS
    resume_at: float = 0.0
    remembered_seconds: float = REMEMBERED_SECONDS
    problem: str = ""
    filling: dict[str, Any] | None = None
    audit: dict[str, Any] | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is done or was abandoned, so that another may begin."""
        return self.step in (DONE, ABANDONED)

    def to_json(self) -> str:
        """The text that `from_json` reads, also that of version 0.1.0, which refuses members that it does not know."""
        stated = asdict(self)
        if self.remembered_seconds == REMEMBERED_SECONDS:
            del stated["remembered_seconds"]
        return json.dumps(stated)

    @classmethod
    def from_json(cls, text: str) -> State:
        """The state that `to_json` wrote."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is after a slice; for `wait_seconds` nothing can be done."""

    table: str
    step: str
    wait_seconds: float = 0.0
    problem: str = ""
    counts: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it is done or was abandoned, so that another may begin."""
        return self.step in (DONE, ABANDONED)
