"""DynamoDB's expressions in a source, found without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.support.dynamodb_rules import EXPRESSIONS

# Stands for what only the run knows.
HOLE: Final = "\0"

# What a text that is an expression, or a part of one, consists of (nothing is tried twice), and what tells it from
# another text.
_CONSISTS_OF: Final = re.compile(rf"(?:\s++|[#:]?[\w{HOLE}]++|[=<>(),.])++")
_TELLS: Final = re.compile(
    rf"(?:[=<>]|\b(?:BETWEEN|AND|IN)\b)\s*:[\w{HOLE}]"
    r"|\b(?:attribute_exists|attribute_not_exists|attribute_type|begins_with|contains|size)\s*\("
    rf"|\b(?:ADD|DELETE)\s+[#\w{HOLE}]+\s+:"
    rf"|\b(?:SET|REMOVE)\s+[#\w{HOLE}]+\s*(?:[,=]|$)"
)
_BARE_HOLE: Final = re.compile(rf"(?<![\w#:{HOLE}])\w*{HOLE}")


@dataclass(frozen=True, slots=True)
class Found:
    """An expression, or a part of one, with `HOLE` for each part that only the run knows."""

    line: int
    text: str

    @property
    def has_unknown_name(self) -> bool:
        """Whether a name or a part of it, not behind ``#`` or ``:``, is only known to the run."""
        return _BARE_HOLE.search(self.text) is not None


def expressions_in(source: str) -> list[Found]:
    """Every text that is an expression of DynamoDB or a part of one: it has the form, or a parameter is set to it."""
    tree = ast.parse(source)
    constants = _constants_of(tree)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = {
        Found(node.lineno, text)
        for node in _walk(tree)
        if id(node) not in documentation and (text := _text(node, constants)) is not None and _is_expression(text)
    }
    for value in _set_to(tree):
        for node in _walk(value):
            if (text := _text(node, constants)) is not None:
                found.add(Found(node.lineno, text))
    return sorted(found, key=lambda each: (each.line, each.text))


def unknown_projections(source: str) -> list[int]:
    """The lines where a ProjectionExpression is composed elsewhere: names alone have no form that tells them."""
    return [
        value.lineno
        for value in _set_to(ast.parse(source), ("ProjectionExpression",))
        if not any(isinstance(node, ast.Constant | ast.JoinedStr) for node in _walk(value))
    ]


def _is_expression(text: str) -> bool:
    return _CONSISTS_OF.fullmatch(text) is not None and _TELLS.search(text) is not None


def _walk(tree: ast.AST) -> Iterator[ast.expr]:
    """Every expression of the source (in Python's sense); an f-string as a whole, without its parts."""
    if isinstance(tree, ast.expr):
        yield tree
    if isinstance(tree, ast.JoinedStr):
        for part in tree.values:
            if isinstance(part, ast.FormattedValue):
                yield from _walk(part.value)
        return
    for node in ast.iter_child_nodes(tree):
        yield from _walk(node)


def _text(node: ast.expr, constants: Mapping[str, str]) -> str | None:
    """The text of a string or an f-string, with the module's own constants in their places."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, constants) or HOLE for part in parts)
        case ast.FormattedValue(value=ast.Name(id=name)):
            return constants.get(name)
    return None


def _set_to(tree: ast.AST, parameters: tuple[str, ...] = EXPRESSIONS) -> Iterator[ast.expr]:
    """What the parameters are set to: as keyword arguments, in a dict display, and by subscription."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg=str(name), value=value) if name in parameters:
                yield value
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and key.value in parameters:
                        yield value
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str(name)))], value=value):
                if name in parameters:
                    yield value


def _constants_of(tree: ast.Module) -> dict[str, str]:
    """The module's constants that are texts."""
    found = {}
    for node in tree.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text))):
                found[name] = text
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                found[name] = text
    return found
