"""A header in several lines, and a parameter given twice, as API Gateway hands them over: nothing is dropped."""

from __future__ import annotations

import pytest

from chalicelib.api.routing import _headers as read_headers
from chalicelib.api.routing import _query as read_query
from tests.unit.api.requests_given import Refused


def event(**lines: list[str]) -> dict[str, object]:
    """The gateway's event: it has all lines in one member, and only the last of them in the other."""
    named = {name.replace("_", "-"): values for name, values in lines.items()}
    return {"headers": {name: values[-1] for name, values in named.items()}, "multiValueHeaders": named}


def test_the_lines_of_a_list_are_one_list() -> None:
    headers = read_headers(event(Accept=["text/html", "application/json"], If_None_Match=['"1"', '"2"'], Host=["a"]))

    assert headers == {"accept": "text/html, application/json", "if-none-match": '"1", "2"', "host": "a"}


def test_lines_whose_names_differ_in_case_are_of_one_header() -> None:
    several = {"Accept": ["text/html"], "ACCEPT": ["application/json"]}

    assert read_headers({"multiValueHeaders": several}) == {"accept": "text/html, application/json"}


@pytest.mark.parametrize("several", [{}, {"multiValueHeaders": None}, {"multiValueHeaders": {}}])
def test_a_gateway_without_lines_has_headers(several: dict[str, object]) -> None:
    assert read_headers({"headers": {"Prefer": "wait=1"}, **several}) == {"prefer": "wait=1"}
    assert read_headers({"headers": None, **several}) == {}


@pytest.mark.parametrize("name", ["Authorization", "content-type", "Content-Length", "Idempotency-Key", "X-REQUEST-ID"])
@pytest.mark.parametrize("second", ["application/json", "b"])
def test_a_header_that_has_one_value_is_refused_twice(name: str, second: str) -> None:
    with Refused() as refused:
        read_headers({"headers": {name: "b"}, "multiValueHeaders": {name: ["application/json", second]}})

    assert refused.status == 400
    assert name.lower() in refused.problem.detail.lower()


def test_a_media_type_twice_in_one_line_is_refused_too() -> None:
    with Refused() as refused:
        read_headers(event(content_type=["application/json, application/merge-patch+json"]))

    assert refused.status == 400


def test_a_comma_in_a_parameter_of_a_media_type_is_none_between_two() -> None:
    media_type = 'application/json; note="a, b"'

    assert read_headers(event(content_type=[media_type])) == {"content-type": media_type}


def test_every_value_of_a_parameter_counts() -> None:
    both = {"queryStringParameters": {"tag": "b"}, "multiValueQueryStringParameters": {"tag": ["a", "b"]}}

    assert read_query(both) == {"tag": ["a", "b"]}
    assert read_query({"queryStringParameters": {"tag": "b"}}) == {"tag": ["b"]}
    assert read_query({"queryStringParameters": None, "multiValueQueryStringParameters": None}) == {}
