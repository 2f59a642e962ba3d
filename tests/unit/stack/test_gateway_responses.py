"""What API Gateway answers itself, as the compute template has it: no cache keeps it, and a web page can read it."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
import yaml

from chalicelib.api.answer_headers import EXPOSED
from chalicelib.api.scopes import READ_AND_WRITE
from stack.deploy.rest_api import GATEWAY_RESPONSES, definition_in, with_metadata_address
from stack.settings import REPOSITORY

PREFIX: Final = "gatewayresponse.header."
# Fetch standard, CORS-safelisted response-header names.
READABLE: Final = {"Cache-Control", "Content-Type"}

TEMPLATE: Final = yaml.safe_load((REPOSITORY / ".chalice" / "compute.yaml").read_text())
RESPONSES: Final[dict[str, Any]] = definition_in(TEMPLATE)[GATEWAY_RESPONSES]


@pytest.fixture(params=RESPONSES)
def headers(request: pytest.FixtureRequest) -> dict[str, str]:
    """The headers of one response, their values as the mapping states them."""
    parameters = RESPONSES[request.param]["responseParameters"]
    return {name.removeprefix(PREFIX): value for name, value in parameters.items()}


def test_every_response_exposes_the_same_headers_as_the_app(headers: dict[str, str]) -> None:
    assert headers["Access-Control-Allow-Origin"] == "'*'"
    assert headers["Access-Control-Expose-Headers"] == f"'{','.join(EXPOSED)}'"


def test_statuses_are_texts_as_api_gateway_takes_them() -> None:
    stated = [response["statusCode"] for response in RESPONSES.values() if "statusCode" in response]
    assert len(stated) == len(RESPONSES) - 2, "the two defaults keep the status of the error"
    assert all(isinstance(status, str) and re.fullmatch("[45][0-9]{2}", status) for status in stated)


def test_an_unknown_path_is_answered_alike_with_and_without_a_token() -> None:
    without, with_token = RESPONSES["MISSING_AUTHENTICATION_TOKEN"], RESPONSES["INVALID_SIGNATURE"]
    assert without["statusCode"] == "404"
    assert with_token == without


def test_no_response_is_stored(headers: dict[str, str]) -> None:
    assert headers["Cache-Control"] == "'no-store'"


def test_every_header_of_a_response_is_exposed(headers: dict[str, str]) -> None:
    sent = {name for name in headers if not name.startswith("Access-Control-")}

    assert sent - READABLE <= set(EXPOSED)


def test_refused_tokens_are_told_why() -> None:
    """RFC 6750, section 3.1: the app's own challenges would come out renamed."""
    challenges = {
        kind: (str(response["statusCode"]), response["responseParameters"][f"{PREFIX}WWW-Authenticate"])
        for kind, response in RESPONSES.items()
        if f"{PREFIX}WWW-Authenticate" in response["responseParameters"]
    }

    assert challenges == {
        "UNAUTHORIZED": ("401", f'\'Bearer error="invalid_token", scope="{READ_AND_WRITE}"\''),
        "EXPIRED_TOKEN": ("401", f'\'Bearer error="invalid_token", scope="{READ_AND_WRITE}"\''),
        "ACCESS_DENIED": ("403", f'\'Bearer error="insufficient_scope", scope="{READ_AND_WRITE}"\''),
    }


def test_challenges_name_where_the_metadata_of_the_server_for_assistants_is() -> None:
    """RFC 9728, section 5.1."""
    told = with_metadata_address(RESPONSES, "https://api.example/prod")
    challenged = {
        kind: response["responseParameters"][f"{PREFIX}WWW-Authenticate"]
        for kind, response in told.items()
        if f"{PREFIX}WWW-Authenticate" in response["responseParameters"]
    }

    assert set(challenged) == {"UNAUTHORIZED", "EXPIRED_TOKEN", "ACCESS_DENIED"}
    for challenge in challenged.values():
        parameters = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        metadata = "https://api.example/prod/.well-known/oauth-protected-resource/mcp"
        assert parameters["resource_metadata"] == metadata
        assert parameters["scope"] == READ_AND_WRITE
        assert re.fullmatch("'Bearer [^']*'", challenge), "one text, as the mapping takes it"
    assert {kind: response for kind, response in told.items() if kind not in challenged} == {
        kind: response for kind, response in RESPONSES.items() if kind not in challenged
    }
