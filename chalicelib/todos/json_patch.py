"""JSON Patch (RFC 6902) of a todo: its operations `test`, `add`, `remove` and `replace`, on the todo as it is answered.

`move` and `copy` are left out: a copy of a copy doubles with each operation, and a todo has nothing to move. What an
operation costs is bounded by its own text, but for the elements of an array that it shifts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.todos.content import FieldError, InvalidContent, compose_member, pointer
from chalicelib.todos.events import CONTENT_FIELDS, READ_ONLY_FIELDS

MAX_OPERATIONS: Final = 100
OPERATIONS: Final = ("test", "add", "remove", "replace")

# RFC 6901, sections 3 and 4.
POINTER: Final = "(?:/(?:[^~/]|~[01])*)*"
_INDEX: Final = re.compile("0|[1-9][0-9]{0,8}", re.ASCII)

# What an unset field is to an operation that adds to it: otherwise the first tag needed another patch than the second.
EMPTY: Final[Mapping[str, Callable[[], Any]]] = {"tags": list, "metadata": dict}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `path` has the pointer's tokens, unescaped."""

    op: str
    path: tuple[str, ...]
    value: Any = None


class DoesNotApply(Exception):
    """An operation does not fit the document: a test failed, or what it names is not there.

    Attributes
    ----------
    position : int
        The operation's, from 0.
    detail : str
    """

    def __init__(self, position: int, detail: str) -> None:
        super().__init__(f"operation {position}: {detail}")
        self.position = position
        self.detail = detail


def parse(patch: object) -> tuple[Operation, ...]:
    """The operations of a patch of a todo.

    Raises
    ------
    InvalidContent
        With an error for each operation that no todo could take: it is malformed, or names a place that none has.
    """
    if not isinstance(patch, list):
        raise InvalidContent([FieldError("#", "expected an array of operations (RFC 6902)")])
    if len(patch) > MAX_OPERATIONS:
        raise InvalidContent([FieldError("#", f"{len(patch)} operations where {MAX_OPERATIONS} are allowed")])
    errors: list[FieldError] = []
    operations = [_operation(position, stated, errors) for position, stated in enumerate(patch)]
    if errors:
        raise InvalidContent(errors)
    return tuple(operation for operation in operations if operation is not None)


def apply(document: object, operations: Sequence[Operation], empty: Mapping[str, Callable[[], Any]] = EMPTY) -> Any:
    """The document after the operations, one after the other (RFC 6902, section 4); it is not changed itself.

    Parameters
    ----------
    empty : mapping
        Members of the document that are null where unset, and what stands for null when something is added to them.

    Raises
    ------
    DoesNotApply
        At the first operation that does not fit.
    """
    # With a root above it, the whole document is a member like any other.
    root = {"": _copied(document)}
    for position, operation in enumerate(operations):
        try:
            _carry_out(root, operation, empty)
        except _NoSuchPlace as error:
            raise DoesNotApply(position, str(error)) from None
    return root.get("")


def last_writers(operations: Sequence[Operation]) -> dict[str, int]:
    """The position of the last operation that writes each field of the document, or in it; "" is the whole document."""
    return {each.path[0] if each.path else "": at for at, each in enumerate(operations) if each.op != "test"}


class _NoSuchPlace(Exception):
    pass


def _operation(position: int, stated: object, errors: list[FieldError]) -> Operation | None:
    """One operation of a patch, or None with its errors added; members that it does not need are ignored."""
    if not isinstance(stated, dict):
        errors.append(FieldError(pointer(position), "expected an object"))
        return None
    op, path, before = stated.get("op"), stated.get("path"), len(errors)
    if op in ("move", "copy"):
        errors.append(FieldError(pointer(position, "op"), f"{op} is not supported here; remove and add instead"))
    elif op not in OPERATIONS:
        errors.append(FieldError(pointer(position, "op"), f"expected one of {', '.join(OPERATIONS)}"))
    if not isinstance(path, str) or re.fullmatch(POINTER, path) is None:
        errors.append(FieldError(pointer(position, "path"), 'expected a JSON pointer, such as "/tags/-" (RFC 6901)'))
    if op not in ("remove", "move", "copy") and "value" not in stated:
        errors.append(FieldError(pointer(position, "value"), "required"))
    if len(errors) > before or not isinstance(path, str) or not isinstance(op, str):
        return None
    tokens = tuple(token.replace("~1", "/").replace("~0", "~") for token in path.split("/")[1:])
    error = _place_error(op, tokens)
    if error:
        errors.append(FieldError(pointer(position, "path"), error))
    value = stated.get("value")
    if tokens and tokens[0] != "metadata":
        # Texts are kept in NFC; metadata is the caller's own.
        value, wrong = compose_member(tokens[0], value)
        errors += [FieldError(pointer(position, "value"), each.detail) for each in wrong]
    return Operation(op, tokens, value)


def _place_error(op: str, path: tuple[str, ...]) -> str | None:
    """What keeps a path from naming a place that a todo may have, or None."""
    if not path:
        return "a todo is removed with DELETE" if op == "remove" else None
    field = path[0]
    if field not in CONTENT_FIELDS and field not in READ_ONLY_FIELDS:
        return "unknown field"
    if len(path) == 1 or field == "metadata":
        return None
    if field != "tags" or len(path) > 2:
        return f"there is nothing below /{'tags/{index}' if field == 'tags' else field}"
    if _INDEX.fullmatch(path[1]) or (path[1] == "-" and op == "add"):
        return None
    return "expected an index of the tags, without leading zeros; or - to add one behind them"


def _carry_out(root: dict[str, Any], operation: Operation, empty: Mapping[str, Callable[[], Any]]) -> None:
    document = root.get("")
    if operation.op == "add" and len(operation.path) > 1 and isinstance(document, dict):
        field = operation.path[0]
        if field in empty and document.get(field, False) is None:
            document[field] = empty[field]()
    *way, last = ("", *operation.path)
    container: Any = root
    for token in way:
        container = container[_place(container, token)]
    if operation.op == "add":
        _add(container, last, _copied(operation.value))
        return
    place = _place(container, last)
    if operation.op == "remove":
        del container[place]
    elif operation.op == "replace":
        container[place] = _copied(operation.value)
    elif not _equal(container[place], operation.value):
        raise _NoSuchPlace("the test failed: the todo has another value there")


def _place(container: Any, token: str) -> Any:
    """The key or index of an existing member (RFC 6901, section 4)."""
    if isinstance(container, dict) and token in container:
        return token
    if isinstance(container, list) and _INDEX.fullmatch(token) and int(token) < len(container):
        return int(token)
    raise _NoSuchPlace("the todo has no such place")


def _add(container: Any, token: str, value: Any) -> None:
    if isinstance(container, dict):
        container[token] = value
    elif isinstance(container, list) and token == "-":  # noqa: S105 - a token of the pointer's grammar
        container.append(value)
    elif isinstance(container, list) and _INDEX.fullmatch(token) and int(token) <= len(container):
        container.insert(int(token), value)
    else:
        raise _NoSuchPlace("the todo has no such place to add to")


def _copied(value: Any) -> Any:
    """A value that shares nothing that can change; JSON values nest no deeper than a body may."""
    if isinstance(value, dict):
        return {name: _copied(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value


def _equal(one: Any, other: Any) -> bool:
    """Equality of RFC 6902, section 4.6: numbers by their value, and to Python 1 == True. As deep as `other` is."""
    if isinstance(other, dict):
        return isinstance(one, dict) and one.keys() == other.keys() and all(_equal(one[k], other[k]) for k in other)
    if isinstance(other, list):
        return isinstance(one, list) and len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)
