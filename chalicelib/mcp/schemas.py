"""JSON schemas of arguments, as assistants' clients take them: no references, and no alternatives at the top."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

Schema = dict[str, Any]


def schema_of(struct: type[msgspec.Struct]) -> Schema:
    """The schema of an object with the struct's fields; a field that may be null is one that may be left out."""
    types_of = get_type_hints(struct, localns={"list": list}, include_extras=True)
    fields = msgspec.structs.fields(struct)
    return {
        "type": "object",
        "properties": {field.encode_name: _of(types_of[field.name]) for field in fields},
        "required": [field.encode_name for field in fields if field.required],
        "additionalProperties": False,
    }


def fields_of_items(struct: type[msgspec.Struct]) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """The fields that are lists of structs, with what these are."""
    for name, kind in get_type_hints(struct, localns={"list": list}).items():
        # A list, or one that may be left out.
        for each in (kind, *get_args(kind)):
            item = next(iter(get_args(each)), None)
            if get_origin(each) is list and isinstance(item, type) and issubclass(item, msgspec.Struct):
                yield name, item


def _of(kind: Any) -> Schema:
    stated = [each for each in get_args(kind) if each is not types.NoneType]
    if get_origin(kind) in (Union, types.UnionType) and len(stated) == 1:
        return _of(stated[0])
    inner, *described = get_args(kind) if get_origin(kind) is Annotated else (kind,)
    item = next(iter(get_args(inner)), None)
    if get_origin(inner) is list and isinstance(item, type) and issubclass(item, msgspec.Struct):
        bounds = msgspec.json.schema(Annotated[list[Any], *described]) if described else {"type": "array"}
        return {**bounds, "items": schema_of(item)}
    if get_origin(inner) is list:
        return {**msgspec.json.schema(kind), "items": _of(item)}
    found: Schema = msgspec.json.schema(kind)
    # Some clients take neither a choice nor alternatives without a type: ours are of texts, and of numbers.
    alternatives = found.pop("anyOf", None)
    # Patterns forbid characters that nobody sends, and models know the standards that examples are of. Both together
    # would be a quarter of what a model has to read.
    for name in ("pattern", "examples"):
        found.pop(name, None)
    return {"type": "string" if alternatives is None else "number", **found}
