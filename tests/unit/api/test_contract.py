"""The contract names what the app serves, and nothing else; what it says of each operation holds together."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from chalicelib.api import problem_types
from chalicelib.api.openapi import problems
from chalicelib.api.openapi.document import document

CONTRACT = document("https://api.example.com")
METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")


def documented() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in CONTRACT["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


OPERATIONS = {f"{method} {path}": operation for method, path, operation in documented()}


@pytest.fixture(scope="module")
def served() -> dict[str, Any]:
    """The routes of the app by method and path, without those that only refuse a method."""
    import app

    return {
        f"{method} {path}": route
        for path, by_method in app.app.routes.items()
        for method, route in by_method.items()
        if _stated(route).handler is not None
    }


def _stated(route: Any) -> Any:
    """What the route was registered with."""
    return inspect.getclosurevars(route.view_function).nonlocals["route"]


@pytest.fixture(params=OPERATIONS)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def operation(name: str) -> dict[str, Any]:
    return OPERATIONS[name]


def test_the_contract_has_the_operations_that_the_app_serves(served: dict[str, Any]) -> None:
    assert set(OPERATIONS) == {name for name in served if not name.startswith("HEAD ")}


def test_head_is_served_wherever_the_contract_has_get(served: dict[str, Any]) -> None:
    gets = {name.removeprefix("GET ") for name in OPERATIONS if name.startswith("GET ")}

    assert {name.removeprefix("HEAD ") for name in served if name.startswith("HEAD ")} == gets


def test_who_needs_a_token_is_told_so(name: str, operation: dict[str, Any], served: dict[str, Any]) -> None:
    scope = "todos:read" if name.startswith("GET ") else "todos:write"
    expected = [] if served[name].authorizer is None else [{"bearer": [scope]}]
    if name == "GET /todos.ics":
        expected = [{"feed": []}]

    assert operation["security"] == expected
    assert ("401" in operation["responses"]) == bool(expected)
    assert ("403" in operation["responses"]) == (served[name].authorizer is not None)


def test_an_answer_comes_in_the_media_types_that_the_route_has(
    name: str, operation: dict[str, Any], served: dict[str, Any]
) -> None:
    offered = {
        media_type
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for media_type in response.get("content", {})
    }

    assert offered in (set(), set(_stated(served[name]).produces))


def test_every_parameter_of_the_path_is_stated(name: str, operation: dict[str, Any]) -> None:
    in_path = {part[1:-1] for part in name.split("/") if part.startswith("{")}

    assert {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"} == in_path


def test_links_lead_to_operations_and_their_parameters(operation: dict[str, Any]) -> None:
    parameters = {
        each["operationId"]: {parameter["name"] for parameter in each.get("parameters", ())}
        for each in OPERATIONS.values()
    }
    links = [link for response in operation["responses"].values() for link in response.get("links", {}).values()]

    for link in links:
        assert set(link["parameters"]) <= parameters[link["operationId"]]


def test_examples_are_what_their_schemas_say(operation: dict[str, Any]) -> None:
    contents = [response.get("content", {}) for response in _resolved(operation["responses"].values())]
    contents.append(operation.get("requestBody", {}).get("content", {}))
    for content in contents:
        for media_type in content.values():
            shown = [each["value"] for each in media_type.get("examples", {}).values()]
            shown += [media_type["example"]] if "example" in media_type else []
            schema = {**media_type["schema"], "components": CONTRACT["components"]}
            for example in shown:
                jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(example)


def _resolved(responses: Any) -> Iterator[dict[str, Any]]:
    for response in responses:
        name = response.get("$ref", "").rpartition("/")[2]
        yield CONTRACT["components"]["responses"][name] if name else response


@pytest.mark.parametrize("component", CONTRACT["components"]["responses"])
def test_a_problem_type_has_one_status_and_one_address(component: str) -> None:
    schema = CONTRACT["components"]["schemas"][component]["properties"]
    kind = problem_types.TYPES[schema["type"]["pattern"].removeprefix("/problems/").removesuffix("$")]

    assert component == problems.component_of(kind)
    assert (schema["title"]["const"], schema["status"]["const"]) == (kind.title, kind.status)


def test_the_document_names_the_address_that_it_was_asked_at() -> None:
    assert [server["url"] for server in document("https://one.example/api")["servers"]] == ["https://one.example/api"]
    assert [server["url"] for server in document("https://two.example")["servers"]] == ["https://two.example"]
