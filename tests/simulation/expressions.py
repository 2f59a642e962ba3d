"""DynamoDB's expressions, as much of them as this service sends; anything else raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

Value = dict[str, Any]
Item = dict[str, Value]
Names = Mapping[str, str]
Values = Mapping[str, Value]
Condition = Callable[[Item | None, Names, Values], bool]
# (attribute, operator, the placeholders of its operands)
Comparison = tuple[str, str, tuple[str, ...]]

_TOKEN = re.compile(r"\s*(<=|>=|<>|[=<>(),]|[:#]?[A-Za-z0-9_]+)")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


class Unsupported(BaseException):
    """The engine does not know this input: to guess what DynamoDB does with it would prove nothing.

    No Exception, so that no handler of the code's own takes it for one of DynamoDB's answers.
    """


def plain(value: Value) -> Any:
    """What a value compares by: text by its UTF-8 bytes, numbers by their value, lists one by one."""
    ((kind, content),) = value.items()
    if kind == "S":
        return content.encode()
    if kind == "N":
        return int(content) if content.lstrip("-").isdigit() else Decimal(content)
    if kind == "L":
        return [plain(element) for element in content]
    raise Unsupported(f"an attribute of type {kind} in a key or comparison")


@cache
def condition(expression: str) -> Condition:
    """A ConditionExpression: comparisons and attribute functions under AND, OR, NOT and parentheses."""
    return _Parser(expression).whole()


@cache
def key_condition(expression: str) -> tuple[Comparison, ...]:
    """A KeyConditionExpression: its comparisons, all of which must hold."""
    return _Parser(expression).comparisons()


@cache
def projection(expression: str) -> tuple[str, ...]:
    """A ProjectionExpression of top-level attributes."""
    names = tuple(part.strip() for part in expression.split(","))
    if not all(re.fullmatch(r"#?\w+", name) for name in names):
        raise Unsupported(f"projection {expression!r}")
    return names


@cache
def update(expression: str) -> tuple[Comparison, ...]:
    """An UpdateExpression of ``ADD name :value, …``, ``DELETE name :value, …`` and ``SET name = :value, …``."""
    found: list[Comparison] = []
    for clause in re.split(r"\s+(?=ADD\b|DELETE\b|SET\b)", expression.strip()):
        action, _, rest = clause.partition(" ")
        for part in rest.split(","):
            match = re.fullmatch(r"\s*(#?\w+)\s*=?\s*(:\w+)\s*", part)
            if action not in ("ADD", "DELETE", "SET") or match is None or ("=" in part) != (action == "SET"):
                raise Unsupported(f"update {expression!r}")
            found.append((match[1], action, (match[2],)))
    return tuple(found)


def named(name: str, names: Names) -> str:
    return names[name] if name.startswith("#") else name


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens: list[str] = []
        position = 0
        while position < len(expression.rstrip()):
            match = _TOKEN.match(expression, position)
            if match is None:
                raise Unsupported(f"expression {expression!r}")
            self._tokens.append(match[1])
            position = match.end()
        self._tokens.reverse()

    def whole(self) -> Condition:
        found = self._either()
        if self._tokens:
            raise Unsupported(f"expression {self._expression!r}")
        return found

    def comparisons(self) -> tuple[Comparison, ...]:
        found = self._conjunction()
        if self._tokens:
            raise Unsupported(f"expression {self._expression!r}")
        return tuple(found)

    def _conjunction(self) -> list[Comparison]:
        found: list[Comparison] = []
        while True:
            if self._take_if("("):
                found += self._conjunction()
                self._expect(")")
            else:
                found.append(self._comparison())
            if not self._take_if("AND"):
                return found

    def _comparison(self) -> Comparison:
        first = self._take()
        if first == "begins_with":
            self._expect("(")
            name = self._take()
            self._expect(",")
            prefix = self._take()
            self._expect(")")
            return name, "begins_with", (prefix,)
        operator = self._take()
        if operator.upper() == "BETWEEN":
            low = self._take()
            self._expect("AND")
            return first, "BETWEEN", (low, self._take())
        if operator not in _OPERATORS:
            raise Unsupported(f"expression {self._expression!r}")
        return first, operator, (self._take(),)

    def _either(self) -> Condition:
        one = self._both()
        while self._take_if("OR"):
            one = _or(one, self._both())
        return one

    def _both(self) -> Condition:
        one = self._term()
        while self._take_if("AND"):
            one = _and(one, self._term())
        return one

    def _term(self) -> Condition:
        if self._take_if("NOT"):
            inner = self._term()
            return lambda item, names, values: not inner(item, names, values)
        if self._take_if("("):
            inner = self._either()
            self._expect(")")
            return inner
        if self._tokens and self._tokens[-1] in ("attribute_not_exists", "attribute_exists"):
            wanted = self._take() == "attribute_exists"
            self._expect("(")
            name = self._take()
            self._expect(")")
            return lambda item, names, _: (item is not None and named(name, names) in item) is wanted
        return _compared(*self._comparison())

    def _take(self) -> str:
        if not self._tokens:
            raise Unsupported(f"expression {self._expression!r}")
        return self._tokens.pop()

    def _take_if(self, token: str) -> bool:
        if self._tokens and self._tokens[-1].upper() == token:
            self._tokens.pop()
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take_if(token):
            raise Unsupported(f"expression {self._expression!r}")


def _compared(name: str, operator: str, operands: tuple[str, ...]) -> Condition:
    def holds(item: Item | None, names: Names, values: Values) -> bool:
        had = (item or {}).get(named(name, names))
        return had is not None and compare(had, operator, [values[operand] for operand in operands])

    return holds


def compare(had: Value, operator: str, operands: list[Value]) -> bool:
    """Whether a comparison holds; values of different types are equal to, and ordered beside, nothing."""
    if any(operand.keys() != had.keys() for operand in operands):
        return operator == "<>"
    if "L" in had and operator not in ("=", "<>"):
        raise Unsupported("lists in an order")
    value, limits = plain(had), [plain(operand) for operand in operands]
    if operator == "BETWEEN":
        return bool(limits[0] <= value <= limits[1])
    if operator == "begins_with":
        return bool(value.startswith(limits[0]))
    return _OPERATORS[operator](value, limits[0])


def _and(one: Condition, other: Condition) -> Condition:
    return lambda item, names, values: one(item, names, values) and other(item, names, values)


def _or(one: Condition, other: Condition) -> Condition:
    return lambda item, names, values: one(item, names, values) or other(item, names, values)
