"""Entity tags: If-Match compares strongly, If-None-Match weakly (RFC 9110, sections 8.8.3 and 13.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.api.headers import is_not_modified, parse_if_match, parse_if_none_match
from chalicelib.todos.decide import IfMatch, IfNoneMatch
from chalicelib.todos.representation import etag
from tests.unit.api.requests_given import Refused


def test_a_version_is_a_strong_tag() -> None:
    assert etag(12) == '"12"'


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        ('"3"', {3}),
        (' "3" ', {3}),
        ('"3","4" ,\t"12"', {3, 4, 12}),
        ('W/"3"', set()),
        ('W/"3", "4"', {4}),
        ('"abc"', set()),
        ('"abc", "3"', {3}),
        ('""', set()),
        ('"*"', set()),
        ('"-3"', set()),
        ('"+3"', set()),
        ('"3.0"', set()),
        ('"999999999999999"', {999_999_999_999_999}),
        (f'"{"9" * 400}"', set()),
    ],
)
def test_if_match_accepts_the_versions_that_strong_tags_name(header: str, versions: set[int]) -> None:
    assert parse_if_match(header) == IfMatch(frozenset(versions))


@pytest.mark.parametrize("header", ["*", " * "])
def test_star_accepts_any(header: str) -> None:
    assert parse_if_match(header) == IfMatch(None)


@pytest.mark.parametrize("header", ['"03"', '"0003"'])
def test_a_tag_that_was_never_given_out_matches_nothing(header: str) -> None:
    assert parse_if_match(header) == IfMatch(frozenset())


@pytest.mark.parametrize("header", ['"a,b", "3"', '"a,b"', '"3",, "4"', '"3",'])
def test_a_comma_may_stand_in_a_tag_and_a_list_may_have_empty_elements(header: str) -> None:
    assert parse_if_match(header).accepts(3) == ('"3"' in header)


@pytest.mark.parametrize("parse", [parse_if_match, parse_if_none_match, lambda header: is_not_modified(header, '"3"')])
@pytest.mark.parametrize("header", ["3", "", '"3', "'3'", '*, "3"', 'w/"3"', '"3" "4"', '"\u0663"x', '"a b"'])
def test_a_malformed_tag_is_refused(parse: Callable[[str], Any], header: str) -> None:
    with Refused() as refused:
        parse(header)
    assert refused.status == 400


@pytest.mark.parametrize("header", ['"3"', 'W/"3"', '"2", W/"3"', "*", '"abc", "3"'])
def test_if_none_match_knows_a_version_by_either_kind_of_tag(header: str) -> None:
    assert is_not_modified(header, etag(3))


@pytest.mark.parametrize("header", ['"2"', '"03"', '"abc"', 'W/"33"', '""'])
def test_if_none_match_knows_no_other(header: str) -> None:
    assert not is_not_modified(header, etag(3))


@pytest.mark.parametrize(
    ("header", "versions"),
    [("*", None), ('"3"', {3}), ('W/"3"', {3}), ('"2", W/"3"', {2, 3}), ('"abc"', set()), ('"03"', set())],
)
def test_a_write_leaves_alone_what_either_kind_of_tag_names(header: str, versions: set[int] | None) -> None:
    expected = IfNoneMatch(None if versions is None else frozenset(versions))
    assert parse_if_none_match(header) == expected
