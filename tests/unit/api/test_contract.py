"""The contract names what the app serves, and nothing else; what it says of each operation holds together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from chalicelib.api import problem_types
from chalicelib.api.answer_headers import EXPOSED
from chalicelib.api.openapi import problems
from chalicelib.api.openapi.document import RESOURCES, document
from chalicelib.api.openapi.headers import HEADERS
from chalicelib.api.route import Route
from chalicelib.api.routes import ROUTES
from chalicelib.mcp import routes as mcp_routes

CONTRACT = document("https://api.example.com", ROUTES)
METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")


def documented() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in CONTRACT["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


OPERATIONS = {f"{method} {path}": operation for method, path, operation in documented()}


SERVED = {f"{route.method} {route.path}": route for route in ROUTES}
SERVED_BY_ANY = SERVED | {f"{route.method} {route.path}": route for route in mcp_routes.ROUTES}


@pytest.fixture(scope="module")
def registered() -> dict[str, Any]:
    """What Chalice has of each method of each path."""
    import app

    return {
        f"{method} {path}": route for path, by_method in app.app.routes.items() for method, route in by_method.items()
    }


@pytest.fixture(params=OPERATIONS)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def operation(name: str) -> dict[str, Any]:
    return OPERATIONS[name]


def test_the_contract_describes_every_route_once() -> None:
    assert len(ROUTES) == len(SERVED)
    assert set(OPERATIONS) == set(SERVED)
    described = {path: set(item) for resource in RESOURCES for path, item in resource.PATHS.items()}
    assert sum(map(len, described.values())) == len(ROUTES)


def test_every_method_of_every_path_is_registered(registered: dict[str, Any]) -> None:
    """Also those that only refuse: the gateway would answer them as if the path did not exist."""
    paths = {route.path for route in (*ROUTES, *mcp_routes.ROUTES)}
    assert set(registered) == {f"{method} {path}" for path in paths for method in (*METHODS, "HEAD")}
    for name, route in registered.items():
        served = SERVED_BY_ANY.get(name.replace("HEAD ", "GET "))
        assert (route.authorizer is not None) == (served is not None and served.scope is not None)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_has_a_handler(route: Route) -> None:
    assert callable(route.load())


def test_security_follows_from_the_route(name: str, operation: dict[str, Any]) -> None:
    scope = SERVED[name].scope
    expected = [] if scope is None else [{"bearer": scope.split()}]
    if name == "GET /todos.ics":
        expected = [{"feed": []}]

    assert operation["security"] == expected
    assert ("401" in operation["responses"]) == bool(expected)
    assert ("403" in operation["responses"]) == (scope is not None)
    assert scope in (None, "todos:read") if name.startswith("GET ") else "todos:write" in (scope or "").split()


@pytest.mark.parametrize("name", ["POST /webhooks", "POST /feeds"])
def test_what_makes_a_channel_that_shows_todos_needs_both_scopes(name: str) -> None:
    assert SERVED[name].scope == "todos:read todos:write"
    assert OPERATIONS[name]["security"] == [{"bearer": ["todos:read", "todos:write"]}]


def test_an_answer_comes_in_the_media_types_of_the_route(name: str, operation: dict[str, Any]) -> None:
    offered = {
        media_type
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for media_type in response.get("content", {})
    }

    assert offered in (set(), set(SERVED[name].produces))


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


def test_a_web_page_may_read_every_header_of_every_answer() -> None:
    """Cache-Control is one that it may always read (Fetch standard, CORS-safelisted response-header name)."""
    sent = {HEADERS.get(name, name) for name in CONTRACT["components"]["headers"]}
    assert sent - {"Cache-Control"} <= {*EXPOSED}


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
    assert [server["url"] for server in document("https://one.example/api", ROUTES)["servers"]] == [
        "https://one.example/api"
    ]
    assert [server["url"] for server in document("https://two.example", ROUTES)["servers"]] == ["https://two.example"]


def test_what_a_patch_takes_is_what_accept_patch_says(registered: dict[str, Any]) -> None:
    """Each path for itself (RFC 5789, section 3.1)."""
    for path, item in CONTRACT["paths"].items():
        headers = registered[f"GET {path}"].cors.get_access_control_headers()
        taken = set(item["patch"]["requestBody"]["content"]) if "patch" in item else set()
        assert {*headers.get("Accept-Patch", "").split(", ")} - {""} == taken
