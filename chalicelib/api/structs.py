"""Bodies that state an object of certain fields, other than a todo: what they state, or everything wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, get_type_hints

import msgspec

from chalicelib.api.problems import Problem, bad_request
from chalicelib.todos import content
from chalicelib.todos.content import FieldError, pointer

Stated = TypeVar("Stated", bound=msgspec.Struct)


def stated(body: object, struct: type[Stated], what: str, choices: Mapping[str, Sequence[str]] | None = None) -> Stated:
    """The object that a body states, its texts in NFC.

    Parameters
    ----------
    what : str
        What a problem calls it.
    choices : mapping, optional
        The values that an enumerated field takes, to be named where it has another.

    Raises
    ------
    Problem
        400 with a pointer to each field that is missing, unknown, or of the wrong type.
    """
    if not isinstance(body, dict):
        raise invalid(what, [FieldError("#", "expected an object")])
    given = {name: content.composed(value) for name, value in body.items()}
    try:
        return msgspec.convert(given, struct)
    except (msgspec.ValidationError, UnicodeEncodeError):
        raise invalid(what, _explain(given, struct, choices or {})) from None


def list_errors(lists: Sequence[str] | None) -> list[FieldError]:
    """What keeps the names in a field `lists` from being lists' names."""
    complaints = ((position, content.list_name_complaint(name)) for position, name in enumerate(lists or ()))
    return [FieldError(pointer("lists", position), complaint) for position, complaint in complaints if complaint]


def once(names: list[str] | None) -> list[str] | None:
    return None if names is None else list(dict.fromkeys(names))


def invalid(what: str, errors: list[FieldError]) -> Problem:
    found = [{"pointer": each.pointer, "detail": each.detail} for each in errors]
    return bad_request(f"The {what} is not valid.", found)


def _explain(
    given: dict[str, Any], struct: type[msgspec.Struct], choices: Mapping[str, Sequence[str]]
) -> list[FieldError]:
    """Everything that keeps `given` from being such a struct; the decoder itself stops at the first."""
    types = get_type_hints(struct, include_extras=True)
    required = (field.name for field in msgspec.structs.fields(struct) if field.required)
    errors = [FieldError(pointer(name), "required") for name in required if name not in given]
    for name, value in given.items():
        if name not in types:
            errors.append(FieldError(pointer(name), "unknown field"))
            continue
        wrong_type = content.type_error(types[name], value, name)
        if wrong_type and name in choices and wrong_type.detail.startswith("Invalid enum value"):
            wrong_type = replace(wrong_type, detail=f"expected one of {', '.join(choices[name])}")
        if wrong_type:
            errors.append(wrong_type)
    return errors
