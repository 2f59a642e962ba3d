"""A setting of what is deployed, beside what it should be."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """One setting that is not what it should be.

    Attributes
    ----------
    where : str
        What it is a setting of, as a person knows it: ``function project``, ``table todo-ledger-dev-events``.
    name : str
        As CloudFormation has it.
    wanted, found
    """

    where: str
    name: str
    wanted: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.where}: {self.name} is {_say(self.found)}, and should be {_say(self.wanted)}"


def compare(where: str, wanted: dict[str, Any], found: dict[str, Any]) -> Iterator[Difference]:
    """What differs of the settings that are wanted; what else is found does not matter."""
    for name, value in wanted.items():
        if found.get(name) != value:
            yield Difference(where, name, value, found.get(name))


def _say(value: Any) -> str:
    return "missing" if value is None else textwrap.shorten(str(value), 200)
