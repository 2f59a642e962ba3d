"""The properties of a component: name, parameters and value (RFC 5545, sections 3.1 and 3.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

# The part before the colon; a colon in quotes is part of a parameter's value.
_NAME_AND_PARAMETERS: Final = re.compile(r'([A-Za-z0-9-]+)((?:;[^":;]*(?:"[^"]*"[^":;]*)*)*):', re.ASCII)
_PARAMETER: Final = re.compile(r';([^=";]*)=?((?:"[^"]*"|[^";])*)')
_ESCAPED: Final = re.compile(r"\\([\\;,Nn])")
_SPECIAL: Final = re.compile(r"[\\;,]")
_LIST_ITEM: Final = re.compile(r"(?:[^,\\]|\\.)+", re.DOTALL)
# RFC 6868.
_CIRCUMFLEX: Final = re.compile(r"\^([n'^])")
_CIRCUMFLEX_MEANS: Final = {"n": "\n", "'": '"', "^": "^"}


class Property(NamedTuple):
    """A property.

    Attributes
    ----------
    name : str
        In upper case.
    parameters : str
        As they are written, each with the semicolon before it.
    value : str
        As it is written, escapes included.
    """

    name: str
    parameters: str
    value: str

    @property
    def key(self) -> str:
        """The part before the colon."""
        return self.name + self.parameters

    def parameter(self, name: str) -> str | None:
        """The value of a parameter without its quotes, or None."""
        if not self.parameters:
            return None
        for found, value in _PARAMETER.findall(self.parameters):
            if found.upper() == name:
                return _CIRCUMFLEX.sub(lambda sign: _CIRCUMFLEX_MEANS[sign[1]], value.replace('"', ""))
        return None

    def text(self) -> str:
        """The value without its escapes."""
        return unescape(self.value)


class NotAProperty(ValueError):
    """A line that is not ``NAME:VALUE``."""


def parse(line: str) -> Property:
    """The property that a line states.

    Raises
    ------
    NotAProperty
    """
    found = _NAME_AND_PARAMETERS.match(line)
    if found is None:
        raise NotAProperty(f"expected a property, NAME:VALUE, not {line!r:.80}")
    return Property(found[1].upper(), found[2], line[found.end() :])


@dataclass(slots=True)
class Component:
    """The properties of a to-do, and its alarms with theirs and their texts."""

    properties: list[Property] = field(default_factory=list)
    alarms: list[list[Property]] = field(default_factory=list)
    alarm_texts: list[str] = field(default_factory=list)


def parse_todo(lines: list[str]) -> Component:
    """The properties of a VTODO, from these lines between its BEGIN and its END.

    Raises
    ------
    NotAProperty
    """
    todo = Component()
    nested: list[str] = []
    texts: list[list[str]] = []
    for line in lines:
        found = parse(line)
        if found.name == "BEGIN":
            if not nested:
                todo.alarms.append([])
                texts.append([])
            nested.append(found.value)
        if nested:
            texts[-1].append(line + "\n")
            if len(nested) == 1:
                todo.alarms[-1].append(found)
        else:
            todo.properties.append(found)
        if found.name == "END" and nested:
            nested.pop()
    todo.alarm_texts = ["".join(each) for each in texts]
    return todo


def unescape(value: str) -> str:
    """A TEXT without its escapes (section 3.3.11)."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def escape(text: str) -> str:
    """A TEXT with its escapes."""
    return _SPECIAL.sub(r"\\\g<0>", text).replace("\r\n", "\n").replace("\n", "\\n")


def list_items(value: str) -> list[str]:
    """The items of a list of TEXTs, without their escapes; empty ones are left out."""
    return [item for each in _LIST_ITEM.findall(value) if (item := unescape(each).strip())]
