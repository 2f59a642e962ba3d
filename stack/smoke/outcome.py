"""What became of a check, and the two exceptions by which a check says so."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

PASSED: Final = "passed"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"
STATES: Final = (PASSED, FAILED, SKIPPED)


class CheckFailed(Exception):
    """What was found is not what should be; the message says both."""


class Skipped(Exception):
    """The check cannot be made here; the message says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one check.

    Attributes
    ----------
    area, name : str
        As in `stack.smoke.check.Check`.
    state : str
        One of `STATES`.
    detail : str
        What was measured, found, or the reason; may be empty if it passed.
    seconds : float
        How long it took.
    """

    area: str
    name: str
    state: str
    detail: str
    seconds: float

    def __str__(self) -> str:
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.state:<7} {self.seconds:6.1f} s  {self.area}: {self.name}{detail}"

    def to_json(self) -> dict[str, Any]:
        """The outcome as a JSON object."""
        return asdict(self)


def expect(holds: object, error: str) -> None:
    """Fail the check with this message unless the condition holds.

    Raises
    ------
    CheckFailed
    """
    if not holds:
        raise CheckFailed(error)
