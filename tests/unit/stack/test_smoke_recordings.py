"""What is recorded is the same in each run, and has nothing that is secret or names an account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stack.errors import StackError
from stack.smoke.client import Exchange
from stack.smoke.recording import Recording, compare, file_name

URL = "https://abcde12345.execute-api.eu-central-1.amazonaws.com/prod"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
FILE = file_name("todos", "a check's name")
EXCHANGE = Exchange(
    "GET",
    "/todos?list=smoke-0123456789ab%20a",
    {"authorization": f"Bearer {TOKEN}", "user-agent": "a"},
    b"",
    200,
    (
        ("Content-Type", "application/json"),
        ("Date", "Mon, 30 Nov 2026 19:09:36 GMT"),
        ("Via", "1.1 0123456789abcdef.cloudfront.net (CloudFront)"),
        ("X-Amz-Cf-Id", "secret=="),
        ("x-amzn-RequestId", "0d0d"),
        ("x-amzn-Remapped-WWW-Authenticate", "Bearer"),
        ("Set-Cookie", "session=secret"),
        ("ETag", 'W/"0123456789abcdef0123456789abcdef"'),
    ),
    (
        f'{{"url":"{URL}/todos/01a22e04-11af-74f4-b935-d38d211e6920","actor":"alice","at":"2026-11-30T19:09:36.123Z",'
        '"secret":"whsec_c2VjcmV0","cursor":"c2VjcmV0","arn":"arn:aws:sns:eu-central-1:123456789012:a",'
        '"account":"123456789012"}'
    ).encode(),
)
TEXT = """\
> GET /todos?list={run}%20a
> authorization: Bearer {token}
< 200
< content-type: application/json
< date: {date}
< etag: W/"{hash}"
< set-cookie: {set-cookie}
< via: {via}
< x-amz-cf-id: {x-amz-cf-id}
< x-amzn-remapped-www-authenticate: Bearer
< x-amzn-requestid: {x-amzn-requestid}
<
< {"url":"{url}/todos/{uuid}","actor":"{owner}","at":"{time}","secret":"{secret}","cursor":"{cursor}","arn":"{arn}",\
"account":"{account}"}
"""


def recorded(*exchanges: Exchange) -> Recording:
    recording = Recording(URL, "smoke-0123456789ab", [TOKEN])
    for exchange in exchanges:
        recording.hear(FILE, exchange)
    return recording


def changed(**parts: Any) -> Exchange:
    return Exchange(**{name: getattr(EXCHANGE, name) for name in Exchange.__dataclass_fields__} | parts)


def test_a_recording_has_no_secrets_and_no_names(tmp_path: Path) -> None:
    recorded(EXCHANGE).write(tmp_path)
    assert (tmp_path / "todos-a-check-s-name.http").read_text() == TEXT


def test_a_file_that_is_read_again_is_the_same(tmp_path: Path) -> None:
    several = recorded(EXCHANGE, changed(body=b"a\n\nb\n\n\nc"), changed(body=b"\xff", answer=b"a" * 10_000))
    several.write(tmp_path)
    assert compare(several, tmp_path) == []
    assert "{10000 bytes}" in (tmp_path / FILE).read_text()


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"status": 201}, "sent now, and not recorded: 201"),
        ({"headers": EXCHANGE.headers[1:]}, "recorded, and not sent now: content-type: application/json"),
        ({"headers": (*EXCHANGE.headers, ("Allow", "GET"))}, "sent now, and not recorded: allow: GET"),
        ({"target": "/lists"}, "sent now, and not recorded: GET /lists"),
    ],
)
def test_what_differs_is_said(parts: dict[str, Any], says: str, tmp_path: Path) -> None:
    recorded(EXCHANGE).write(tmp_path)
    assert any(says in line for line in compare(recorded(changed(**parts)), tmp_path))


def test_what_depends_on_the_place_does_not_differ(tmp_path: Path) -> None:
    recorded(EXCHANGE).write(tmp_path)
    left = ("Via", "X-Amz-Cf-Id", "x-amzn-RequestId", "Set-Cookie")
    elsewhere = tuple(header for header in EXCHANGE.headers if header[0] not in left)
    assert compare(recorded(changed(headers=elsewhere)), tmp_path) == []


def test_what_an_error_says_counts(tmp_path: Path) -> None:
    recorded(changed(answer=b'{"type": "a", "detail": "b"}')).write(tmp_path)
    assert compare(recorded(changed(answer=b'{"detail":"b","type":"a","todo":{}}')), tmp_path) == []
    (says, instead) = compare(recorded(changed(answer=b'{"type":"a","detail":"c"}')), tmp_path)
    assert (says[-9:], instead[-9:]) == ("detail: b", "detail: c")
    recorded(EXCHANGE).write(tmp_path)
    assert compare(recorded(changed(answer=b"{}")), tmp_path) == [], "what a success has is the service's own"


def test_another_number_of_exchanges_differs(tmp_path: Path) -> None:
    recorded(EXCHANGE).write(tmp_path)
    assert compare(recorded(EXCHANGE, EXCHANGE), tmp_path) == [f"{FILE}: 2 exchanges, and 1 recorded"]


def test_a_directory_without_a_recording_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="has no recording"):
        compare(recorded(EXCHANGE), tmp_path)
