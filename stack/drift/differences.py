"""A setting of what is deployed, beside what it should be."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final


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


# Sets, which AWS tells in any order.
SETS: Final = ("AttributeDefinitions", "Dimensions", "FunctionResponseTypes", "LocalSecondaryIndexes", "Policies")


def compare(where: str, wanted: dict[str, Any], found: dict[str, Any]) -> Iterator[Difference]:
    """What differs of the settings that are wanted; what else is found does not matter."""
    for name, value in wanted.items():
        if _comparable(name, found.get(name)) != _comparable(name, value):
            yield Difference(where, name, value, found.get(name))


def _comparable(name: str, value: Any) -> Any:
    if name in SETS and isinstance(value, list):
        return sorted(json.dumps(one, sort_keys=True) for one in value)
    return value


def _say(value: Any) -> str:
    return "missing" if value is None else textwrap.shorten(str(value), 200)
