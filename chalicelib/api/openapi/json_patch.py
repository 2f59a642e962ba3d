"""The schema of a JSON Patch of a todo."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api.openapi.schemas import FIELDS, TodoContent, reference, schema_of
from chalicelib.todos.events import CONTENT_FIELDS, READ_ONLY_FIELDS
from chalicelib.todos.fields import Tag
from chalicelib.todos.json_patch import MAX_OPERATIONS, OPERATIONS

NAME: Final = "JsonPatch"


def schema() -> dict[str, Any]:
    """The operations that a todo may take, each with what it writes there."""
    fields = {name: schema_of(hint) for name, hint in FIELDS.items()}
    any_field = "|".join(sorted({*CONTENT_FIELDS, *READ_ONLY_FIELDS}))
    of_tags = {"type": "string", "pattern": "^/tags/(0|[1-9][0-9]{0,8})$"}
    of_metadata = {"type": "string", "pattern": "^/metadata(/([^~/\\u0000]|~[01])*)+$"}
    read_only = {"enum": [f"/{name}" for name in sorted(READ_ONLY_FIELDS)]}
    whole = reference(TodoContent)
    writes = {"enum": ["add", "replace"]}

    def operation(title: str, op: dict[str, Any], path: dict[str, Any], *value: dict[str, Any]) -> dict[str, Any]:
        properties = {"op": op, "path": path, **({"value": value[0]} if value else {})}
        return {"title": title, "properties": properties, "required": list(properties)}

    return {
        "type": "array",
        "title": NAME,
        "description": "A JSON Patch (RFC 6902) of the todo as it is answered, without `move` and `copy`. It takes "
        "effect as a whole or not at all. What it leaves out of the todo is unset, and read-only fields are ignored, "
        "as by PUT; to `add` to tags or metadata that are null begins them.",
        "maxItems": MAX_OPERATIONS,
        "items": {
            "type": "object",
            "properties": {
                "op": {"type": "string", "enum": list(OPERATIONS)},
                "path": {
                    "type": "string",
                    "description": "A JSON Pointer (RFC 6901) into the todo.",
                    "examples": ["/due"],
                },
                "value": {"description": "For all but `remove`."},
            },
            "required": ["op", "path"],
            "anyOf": [
                operation("tests", {"const": "test"}, {"pattern": f"^/({any_field})$"}, {}),
                operation("removes", {"const": "remove"}, {"enum": [f"/{name}" for name in CONTENT_FIELDS[1:]]}),
                *(operation(f"writes {name}", writes, {"const": f"/{name}"}, fields[name]) for name in CONTENT_FIELDS),
                operation("writes a tag", {"enum": ["test", "add", "replace"]}, of_tags, schema_of(Tag)),
                operation("appends a tag", {"const": "add"}, {"const": "/tags/-"}, schema_of(Tag)),
                operation("removes a tag", {"const": "remove"}, of_tags),
                operation("writes in metadata", {"enum": ["test", "add", "replace"]}, of_metadata, {}),
                operation("removes from metadata", {"const": "remove"}, of_metadata),
                operation("takes the whole todo", {"enum": ["test", "add", "replace"]}, {"const": ""}, whole),
                operation("writes what is ignored", writes, read_only, {}),
                operation("removes what is ignored", {"const": "remove"}, read_only),
            ],
        },
    }
