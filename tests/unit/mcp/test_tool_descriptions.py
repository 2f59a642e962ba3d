"""What clients demand of a tool's description, and hosts of its schemas."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest

from chalicelib.api.scopes import READ, READ_AND_WRITE
from chalicelib.mcp import tools

DESCRIBED = tools.described(READ_AND_WRITE)


@pytest.fixture(params=DESCRIBED, ids=lambda tool: tool["name"])
def tool(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_there_are_at_most_twelve() -> None:
    assert len(DESCRIBED) <= 12


def test_names_are_those_that_every_host_takes(tool: dict[str, Any]) -> None:
    assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", tool["name"])


@pytest.mark.parametrize("schema", ["inputSchema", "outputSchema"])
def test_schemas_are_objects_without_references_or_alternatives_at_the_top(tool: dict[str, Any], schema: str) -> None:
    assert tool[schema]["type"] == "object"
    assert not {"oneOf", "anyOf", "allOf"} & tool[schema].keys()
    assert "$ref" not in json.dumps(tool[schema])
    jsonschema_rs.meta.validate(tool[schema] | {"$schema": "https://json-schema.org/draft/2020-12/schema"})


def test_every_choice_and_argument_has_a_type(tool: dict[str, Any]) -> None:
    def check(schema: dict[str, Any]) -> None:
        assert "type" in schema
        for member in schema.get("properties", {}).values():
            check(member)
        if "items" in schema:
            check(schema["items"])

    check(tool["inputSchema"])


def test_every_argument_is_described(tool: dict[str, Any]) -> None:
    assert all(schema.get("description") for schema in tool["inputSchema"]["properties"].values())


@pytest.mark.parametrize(
    ("names", "destructive", "idempotent"),
    [
        (["add"], False, False),
        (["change", "complete", "undo"], True, False),
        (["delete"], True, True),
        (["restore"], False, True),
    ],
)
def test_hints_say_what_a_call_may_destroy(names: list[str], *, destructive: bool, idempotent: bool) -> None:
    for name in names:
        (hints,) = [tool["annotations"] for tool in DESCRIBED if tool["name"] == name]
        assert (hints["destructiveHint"], hints["idempotentHint"]) == (destructive, idempotent)


def test_no_tool_leaves_the_service(tool: dict[str, Any]) -> None:
    assert tool["annotations"]["openWorldHint"] is False


def test_all_descriptions_together_take_little_of_a_context() -> None:
    assert len(json.dumps(DESCRIBED)) < 20_000


def test_a_token_that_only_reads_sees_only_what_reads() -> None:
    assert all(tool["annotations"]["readOnlyHint"] for tool in tools.described(READ))
    assert not tools.described("")
