"""Request bodies: strict JSON of an accepted media type and size."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from chalicelib.api.bodies import MAX_BODY_BYTES, read_json
from chalicelib.api.media_types import MERGE_PATCH
from tests.unit.api.requests_given import Refused, a_request


def read(body: bytes, content_type: str | None = "application/json", *accepted: str) -> Any:
    headers = {} if content_type is None else {"content-type": content_type}
    return read_json(a_request(headers=headers, body=body), *accepted)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' {"a": [1, 1.5, true, null, "x"]}\r\n', {"a": [1, 1.5, True, None, "x"]}),
        ('{"é": "€😀"}'.encode(), {"é": "€😀"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a": {"x": 1}, "b": {"x": 2}}', {"a": {"x": 1}, "b": {"x": 2}}),
        (b"1e308", 1e308),
        (b"1e-400", 0.0),
        (b"9007199254740993", 9007199254740993),
        (b"null", None),
        (b'"text"', "text"),
    ],
)
def test_json_is_read(body: bytes, value: Any) -> None:
    assert read(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"{} {}",
        b'{"a": NaN}',
        b"Infinity",
        b'{"a": [-Infinity]}',
        b'{"a": 1e400}',
        b"-1e400",
        b'"\x01"',
        b"\xff",
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"[" * 60_000,
        b"[" * 60_000 + b"]" * 60_000,
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        b"1" + b"0" * 5_000,
    ],
    ids=lambda body: ascii(body)[:24],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with Refused() as refused:
        read(body)
    assert refused.status == 400


@pytest.mark.parametrize("digits", [310, 4_000])
def test_an_integer_that_no_double_can_hold_is_refused_like_a_fraction(digits: int) -> None:
    with Refused() as refused:
        read(b'{"metadata": {"a": 1' + b"0" * digits + b"}}")
    assert refused.status == 400


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"title": 1, "title": 1}', "title"),
        (b'{"title": 1, "notes": 2, "title": 3}', "title"),
        (b'{"title": 1, "\\u0074itle": 2}', "title"),
        (b'{"metadata": {"x": 1, "x": 1}}', "x"),
        (b'{"a": [1, {"b": {"x": 1, "x": 2}}]}', "x"),
        (b'[{"x": 1, "x": 2}]', "x"),
    ],
)
def test_a_name_given_twice_is_refused_at_any_depth(body: bytes, name: str) -> None:
    with Refused() as refused:
        read(body)
    assert refused.status == 400
    assert [error["detail"] for error in refused.errors] == [f"the member {name!r} is given twice"]


def test_the_name_given_twice_is_named() -> None:
    with Refused() as refused:
        read(b'{"title": 1, "notes": 2, "notes": 3}')
    assert refused.errors[0]["pointer"] == "#/notes"


def test_no_pointer_leads_to_another_field_than_the_one_given_twice() -> None:
    with Refused() as refused:
        read(b'{"title": "fine", "metadata": {"title": 1, "title": 2}}')
    assert refused.errors[0]["pointer"] != "#/title"


@pytest.mark.parametrize("content_type", [None, "application/json", "Application/JSON; charset=utf-8", MERGE_PATCH])
def test_these_types_are_read_as_a_patch(content_type: str | None) -> None:
    assert read(b"{}", content_type, MERGE_PATCH) == {}


@pytest.mark.parametrize(
    "content_type",
    ["", ";", "text/plain", "text/json", "application/jsonx", "application/x-www-form-urlencoded", "*/*"],
)
def test_other_types_are_not_read(content_type: str) -> None:
    with Refused() as refused:
        read(b"{}", content_type, MERGE_PATCH)
    assert refused.status == 415


def test_a_patch_type_is_read_only_where_it_is_accepted() -> None:
    with Refused() as refused:
        read(b"{}", MERGE_PATCH)
    assert refused.status == 415


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY_BYTES, None), (MAX_BODY_BYTES + 1, 413)])
def test_a_body_has_at_most_128_kilobytes(size: int, status: int | None) -> None:
    body = b'"' + b"x" * (size - 2) + b'"'
    if status is None:
        assert len(read(body)) == size - 2
        return
    with Refused() as refused:
        read(body)
    assert refused.status == status


def test_a_byte_order_mark_is_named() -> None:
    with Refused() as refused:
        read(b"\xef\xbb\xbf{}")
    assert refused.status == 400
    assert "byte order mark" in refused.problem.detail


PACKED = gzip.compress(b"{}", mtime=0)


@pytest.mark.parametrize("body", [PACKED, PACKED.decode(errors="replace").encode()], ids=["as sent", "as handed on"])
def test_a_packed_body_is_another_media_type_unless_the_gateway_has_unpacked_it(body: bytes) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip", "content-length": "22"}
    with Refused() as refused:
        read_json(a_request(headers=headers, body=body))
    assert (refused.status, refused.problem.headers) == (415, {"Accept-Encoding": "identity"})
    assert read_json(a_request(headers=headers, body=b'{"a": "b"}')) == {"a": "b"}


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"content-length": "12"}, True),
        ({"content-length": "10"}, False),
        ({"content-length": "12", "content-encoding": "gzip"}, False),
        ({}, False),
    ],
)
def test_a_character_that_a_gateway_may_have_put_is_taken_only_if_the_body_has_its_length(
    headers: dict[str, str], is_taken: bool
) -> None:
    body = '{"a": "\ufffd"}'.encode()
    request = a_request(headers={"content-type": "application/json", **headers}, body=body)
    if is_taken:
        assert read_json(request) == {"a": "\ufffd"}
        return
    with Refused() as refused:
        read_json(request)
    assert refused.status == 400
    assert "write it as \\ufffd" in refused.problem.detail
    escaped = a_request(
        headers={"content-type": "application/json", **headers}, body=body.replace(b"\xef\xbf\xbd", b"\\ufffd")
    )
    assert read_json(escaped) == {"a": "\ufffd"}
