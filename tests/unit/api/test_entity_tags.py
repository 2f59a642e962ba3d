"""Entity tags: If-Match compares strongly, If-None-Match weakly (RFC 9110, sections 8.8.3 and 13.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.api.headers import etag, if_match, if_none_match, unless_at
from chalicelib.todos.decide import IfMatch, IfNoneMatch
from tests.unit.api.requests_given import Refused, a_request


def accepted(header: str) -> IfMatch | None:
    return if_match(a_request(headers={"if-match": header}))


def known(header: str, version: int) -> bool:
    test = if_none_match(a_request(headers={"if-none-match": header}))
    assert test is not None
    return test(etag(version))


def test_a_version_is_a_strong_tag() -> None:
    assert etag(12) == '"12"'


def test_without_the_header_nothing_is_asked() -> None:
    assert if_match(a_request()) is None
    assert if_none_match(a_request()) is None
    assert unless_at(a_request()) is None


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
    assert accepted(header) == IfMatch(frozenset(versions))


@pytest.mark.parametrize("header", ["*", " * "])
def test_star_accepts_any(header: str) -> None:
    assert accepted(header) == IfMatch(None)


@pytest.mark.parametrize("header", ['"03"', '"0003"'])
def test_a_tag_that_was_never_given_out_matches_nothing(header: str) -> None:
    assert accepted(header) == IfMatch(frozenset())


@pytest.mark.parametrize("header", ['"a,b", "3"', '"a,b"', '"3",, "4"', '"3",'])
def test_a_comma_may_stand_in_a_tag_and_a_list_may_have_empty_elements(header: str) -> None:
    found = accepted(header)
    assert found is not None
    assert found.accepts(3) == ('"3"' in header)


READERS: dict[str, list[Callable[[Any], Any]]] = {"if-match": [if_match], "if-none-match": [if_none_match, unless_at]}


@pytest.mark.parametrize(("name", "read"), [(name, read) for name, readers in READERS.items() for read in readers])
@pytest.mark.parametrize("header", ["3", "", '"3', "'3'", '*, "3"', 'w/"3"', '"3" "4"', '"\u0663"x', '"a b"'])
def test_what_is_no_tag_is_refused(name: str, read: Callable[[Any], Any], header: str) -> None:
    with Refused() as refused:
        read(a_request(headers={name: header}))
    assert refused.status == 400


@pytest.mark.parametrize("header", ['"3"', 'W/"3"', '"2", W/"3"', "*", '"abc", "3"'])
def test_if_none_match_knows_a_version_by_either_kind_of_tag(header: str) -> None:
    assert known(header, 3)


@pytest.mark.parametrize("header", ['"2"', '"03"', '"abc"', 'W/"33"', '""'])
def test_if_none_match_knows_no_other(header: str) -> None:
    assert not known(header, 3)


@pytest.mark.parametrize(
    ("header", "versions"),
    [("*", None), ('"3"', {3}), ('W/"3"', {3}), ('"2", W/"3"', {2, 3}), ('"abc"', set()), ('"03"', set())],
)
def test_a_write_leaves_alone_what_either_kind_of_tag_names(header: str, versions: set[int] | None) -> None:
    expected = IfNoneMatch(None if versions is None else frozenset(versions))
    assert unless_at(a_request(headers={"if-none-match": header})) == expected
