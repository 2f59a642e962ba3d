"""The settings of a deployed resource beside what they should be, and what differs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

Properties = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """One setting that is not what it should be.

    Attributes
    ----------
    where : str
        The resource, as a person knows it: ``function project``, ``table todo-ledger-dev-events``.
    name : str
        The setting, as CloudFormation names it.
    wanted, found
        None: not set, or absent.
    """

    where: str
    name: str
    wanted: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.where}: {self.name} is {_show(self.found)}, and should be {_show(self.wanted)}"


@dataclass(frozen=True)
class Settings:
    """The settings of one deployed resource.

    Attributes
    ----------
    where : str
        As in `Difference`.
    wanted : dict
        What the repository says, by CloudFormation's names.
    found : dict
        What is deployed. Only the names in `wanted` are compared.
    put : callable, optional
        Sets the given differences on AWS. Without it, only a deployment or a person can.
    fixed : sequence of str
        Settings that `put` cannot set: only a deployment can.
    """

    where: str
    wanted: Properties
    found: Properties
    put: Callable[[list[Difference]], None] | None = None
    fixed: Sequence[str] = ()

    def differences(self) -> list[Difference]:
        """The settings that differ."""
        return list(compare(self.where, self.wanted, self.found))

    def settle(self) -> list[Difference]:
        """Set what differs and can be set.

        Returns
        -------
        list of Difference
            What was set.

        Raises
        ------
        StackError
        """
        if self.put is None:
            return []
        settable = [one for one in self.differences() if one.name not in self.fixed]
        if settable:
            self.put(settable)
        return settable


# Lists whose order has no meaning: AWS returns them in any order.
SETS: Final = (
    "AttributeDefinitions", "Dimensions", "FunctionResponseTypes", "GlobalSecondaryIndexes", "LocalSecondaryIndexes",
    "Policies",
)  # fmt: skip


def compare(where: str, wanted: Properties, found: Properties) -> Iterator[Difference]:
    """The wanted settings that differ from those found; others that are found do not matter."""
    for name, value in wanted.items():
        if _comparable(name, found.get(name)) != _comparable(name, value):
            yield Difference(where, name, value, found.get(name))


def _comparable(name: str, value: Any) -> Any:
    if name in SETS and isinstance(value, list):
        return sorted(json.dumps(one, sort_keys=True) for one in value)
    return value


def _show(value: Any) -> str:
    return "missing" if value is None else textwrap.shorten(str(value), 200)
