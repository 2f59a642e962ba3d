"""Bodies that are objects with certain fields, other than todos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from chalicelib.api.problems import Problem, bad_request
from chalicelib.todos import content
from chalicelib.todos.content import FieldError, pointer

Loaded = TypeVar("Loaded", bound=msgspec.Struct)


def load_body(
    body: object,
    struct: type[Loaded],
    noun: str,
    *,
    choices: Mapping[str, Sequence[str]] | None = None,
    limits: Mapping[str, int] | None = None,
) -> Loaded:
    """The struct that a body has, its texts in NFC.

    Parameters
    ----------
    noun : str
        What a problem calls it.
    choices : mapping, optional
        The values of enumerated fields, for the message if a field has another.
    limits : mapping, optional
        How long the text of a field may be, as `content.compose_fields` takes them.

    Raises
    ------
    Problem
        400 with a pointer to each field that is missing, unknown, or of the wrong type.
    """
    if not isinstance(body, dict):
        raise invalid(noun, [FieldError("#", "expected an object")])
    composed, errors = content.compose_fields(body, limits or {})
    if errors:
        raise invalid(noun, errors)
    composed = with_integers(composed)
    try:
        return content.convert(composed, struct)
    except msgspec.ValidationError:
        raise invalid(noun, content.struct_errors(composed, struct, choices=choices)) from None


def with_integers(value: Any) -> Any:
    """The value with 3 for 3.0, which is an integer, too (JSON Schema 2020-12, validation, section 6.1.1)."""
    if isinstance(value, dict):
        return {name: with_integers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [with_integers(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def list_errors(lists: Sequence[str] | None) -> list[FieldError]:
    """An error for each name in a field `lists` that no list can have."""
    errors = ((position, content.list_name_error(name)) for position, name in enumerate(lists or ()))
    return [FieldError(pointer("lists", position), error) for position, error in errors if error]


def unique(names: list[str] | None) -> list[str] | None:
    """The names without repetitions, in their order."""
    return None if names is None else list(dict.fromkeys(names))


def invalid(noun: str, errors: list[FieldError]) -> Problem:
    """A 400 that lists what is wrong with a body, by JSON pointers."""
    found = [{"pointer": each.pointer, "detail": each.detail} for each in errors]
    return bad_request(f"The {noun} is not valid.", found)
