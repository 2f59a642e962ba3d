"""Cursors: opaque, and valid only for the same owner and query."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api import pages
from tests.unit.api.requests_given import Refused, a_request

QUERY = {"completed": True, "tag": None, "limit": 10, "cursor": None}
POSITION = "home#~#0197e1f0-0000-7000-8000-000000000001"


def encoded(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def position_in(cursor: str, query: dict[str, Any] | None = None, **request: Any) -> str | None:
    return pages.position_of(a_request(**request), {**QUERY, **(query or {}), "cursor": cursor})


KEY = b"the deployment's own"


@pytest.fixture(autouse=True)
def of_one_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "cursor_key", lambda: KEY)


@pytest.fixture
def cursor() -> str:
    return pages.cursor_of(a_request(), QUERY, POSITION)


def test_a_cursor_leads_back_to_its_position(cursor: str) -> None:
    assert position_in(cursor) == POSITION


def test_a_query_without_a_cursor_begins_at_the_beginning() -> None:
    assert pages.position_of(a_request(), QUERY) is None


def test_the_size_of_a_page_may_change_on_the_way(cursor: str) -> None:
    assert position_in(cursor, {"limit": 20}) == POSITION


def test_a_cursor_is_fit_for_a_url(cursor: str) -> None:
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize("owner", ["you", "", "ME", "me#", "\ud800"])
def test_another_owners_is_refused(cursor: str, owner: str) -> None:
    with Refused() as refused:
        position_in(cursor, owner=owner)
    assert refused.status == 400


@pytest.mark.parametrize(
    ("query", "request_options"),
    [
        ({"completed": False}, {}),
        ({"completed": None}, {}),
        ({"tag": "x"}, {}),
        ({"tag": "True", "completed": None}, {}),
        ({}, {"route": "/lists"}),
        ({}, {"route": "/lists/{list_name}/todos", "path": {"list_name": "home"}}),
    ],
)
def test_another_querys_is_refused(cursor: str, query: dict[str, Any], request_options: dict[str, Any]) -> None:
    with Refused() as refused:
        position_in(cursor, query, **request_options)
    assert refused.status == 400
    assert [error["parameter"] for error in refused.errors] == ["cursor"]


def test_one_lists_cursor_is_not_anothers() -> None:
    route = "/lists/{list_name}/todos"
    cursor = pages.cursor_of(a_request(route=route, path={"list_name": "home"}), QUERY, POSITION)
    with Refused() as refused:
        position_in(cursor, route=route, path={"list_name": "work"})
    assert refused.status == 400


with pytest.MonkeyPatch.context() as _patch:
    _patch.setattr(pages, "cursor_key", lambda: KEY)
    FINGERPRINT = json.loads(base64.urlsafe_b64decode(pages.cursor_of(a_request(), QUERY, "") + "=="))[0]

GARBLED: list[str] = [
    "", "x", "!", "é", "\ud800", "====", "A" * 5, encoded(b""), encoded(b"\xff"), encoded(b"{"), encoded(None),
    encoded(1), encoded("text"), encoded([]), encoded([FINGERPRINT]), encoded([FINGERPRINT, POSITION, 1]),
    encoded([None, None]), encoded({"a": 1, "b": 2}), encoded(["0" * 16, POSITION]), encoded([FINGERPRINT, 7]),
    encoded([FINGERPRINT, None]), encoded([FINGERPRINT, [POSITION]]), encoded([FINGERPRINT, "a\0b"]),
    encoded([FINGERPRINT, "a\nb"]), encoded([FINGERPRINT, "a\ud800b"]), encoded(["\ud800", POSITION]),
    encoded(["é" * 32, POSITION]), encoded([FINGERPRINT, POSITION * 100]), "A" * 5_000_000,
]  # fmt: skip


@pytest.mark.parametrize("garbled", GARBLED, ids=lambda text: ascii(text)[:30])
def test_a_garbled_one_is_refused(garbled: str) -> None:
    with Refused() as refused:
        position_in(garbled)
    assert refused.status == 400


@pytest.mark.parametrize("depth", [900, 2_000])
def test_one_nested_deeper_than_json_is_read_is_refused_too(depth: int) -> None:
    with Refused() as refused:
        position_in(encoded(b"[" * depth))
    assert refused.status == 400


def test_one_with_characters_slipped_in_is_refused_too(cursor: str) -> None:
    with Refused() as refused:
        position_in(cursor[:4] + "!!!!" + cursor[4:])
    assert refused.status == 400


@given(garbled=st.text(max_size=60) | st.binary(max_size=60).map(encoded))
def test_any_other_text_is_refused(garbled: str) -> None:
    with Refused() as refused:
        position_in(garbled)
    assert refused.status == 400


def test_who_knows_how_they_are_made_cannot_make_one() -> None:
    """The code is public; the key is not."""
    request, position = a_request(), "home#~#x"
    forged = encoded([pages._fingerprint(request, QUERY, position), position])
    with Refused() as refused:
        position_in(forged)
    assert refused.status == 400
    assert pages.was_unsigned(request, {**QUERY, "cursor": forged}), "though one of an older version is recognised"
    assert not pages.was_unsigned(request, {**QUERY, "cursor": encoded(["0" * 16, position])})


def test_another_deployments_is_refused(cursor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "cursor_key", lambda: b"another")
    with Refused() as refused:
        position_in(cursor)
    assert refused.status == 400


def test_the_longest_position_fits() -> None:
    position = f"{'%F0%9F%98%80' * 75}#{'f' * 16}#0197e1f0-0000-7000-8000-000000000001"
    cursor = pages.cursor_of(a_request(), QUERY, position)
    assert len(cursor) <= pages.MAX_CURSOR_LENGTH
    assert position_in(cursor) == position


def test_the_next_page_is_linked_with_the_same_query_and_names_encoded() -> None:
    request = a_request(
        route="/lists/{list_name}/todos",
        path={"list_name": "a/b #é"},
        query={"tag": ["x&y"], "cursor": ["old"], "limit": ["7"]},
    )
    link = pages.next_link(request, "new")["Link"]
    url, _, rel = link.partition("; ")
    parts = urlsplit(url.strip("<>"))
    assert rel == 'rel="next"'
    assert parts.path == "/v1/lists/a%2Fb%20%23%C3%A9/todos"
    assert parse_qs(parts.query) == {"tag": ["x&y"], "limit": ["7"], "cursor": ["new"]}


def test_after_the_last_page_there_is_no_link() -> None:
    assert pages.next_link(a_request(), None) == {}
