"""Query parameters: each must be known, given once and valid; the answer names every one that is not."""

from __future__ import annotations

import pytest

from chalicelib.api import filters, pages
from chalicelib.api.request import parameters
from chalicelib.api.resources.todos import _version
from tests.unit.api.requests_given import Refused, a_request


def test_what_is_not_given_is_none() -> None:
    assert parameters(a_request(), limit=pages.parse_limit, q=filters.parse_text(500)) == {"limit": None, "q": None}


def test_what_is_given_is_read() -> None:
    query = {"limit": ["7"], "completed": ["true"], "q": ["cafe\u0301"], "due_before": ["2026-12-01"]}
    found = parameters(
        a_request(query=query),
        limit=pages.parse_limit,
        completed=filters.parse_boolean,
        q=filters.parse_text(500),
        due_before=filters.parse_instant,
    )
    assert found == {"limit": 7, "completed": True, "q": "caf\u00e9", "due_before": "2026-12-01T00:00:00.000000Z"}


def test_everything_wrong_is_reported_together() -> None:
    query = {"limit": ["0"], "color": ["red"], "q": ["a", "a"], "completed": ["yes"], "due_before": ["soon"]}
    with Refused() as refused:
        parameters(
            a_request(query=query),
            limit=pages.parse_limit,
            completed=filters.parse_boolean,
            q=filters.parse_text(500),
            due_before=filters.parse_instant,
        )
    assert refused.status == 400
    assert {error["parameter"] for error in refused.errors} == set(query)


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("50", 50), ("200", 200), ("007", 7)])
def test_a_limit_is_a_whole_number_up_to_200(text: str, value: int) -> None:
    assert pages.parse_limit(text) == value


@pytest.mark.parametrize("text", ["", "0", "201", "1000", "-1", "+1", "1.0", "x", " 1", "\u0661", "9" * 5000, "\u00b2"])
def test_and_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match="from 1 to 200"):
        pages.parse_limit(text)


@pytest.mark.parametrize("text", ["", "True", "1", "yes", "FALSE"])
def test_a_boolean_is_true_or_false(text: str) -> None:
    assert (filters.parse_boolean("true"), filters.parse_boolean("false")) == (True, False)
    with pytest.raises(ValueError, match="true or false"):
        filters.parse_boolean(text)


@pytest.mark.parametrize("text", ["0", "000", "-1", "", "x", "1.0", "\u0661", "9" * 16])
def test_a_version_is_a_whole_number_from_1(text: str) -> None:
    assert (_version("1"), _version("999999999999999")) == (1, 999_999_999_999_999)
    with pytest.raises(ValueError, match="from 1"):
        _version(text)


@pytest.mark.parametrize("text", ["Order", "", "title"])
def test_a_choice_is_one_of_those_named(text: str) -> None:
    assert filters.parse_choice("order", "due")("due") == "due"
    with pytest.raises(ValueError, match="order, due"):
        filters.parse_choice("order", "due")(text)
