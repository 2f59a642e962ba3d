"""Codes that sign in to the page of the local stack: each works once, for ten minutes, and wrong ones are bounded."""

from __future__ import annotations

import asyncio
import hashlib
import json
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest

from chalicelib.api.routes import ROUTES
from stack.local import sign_in
from stack.local.issuer import AUDIENCE, ISSUER, Issuer
from stack.local.sign_in import CODE_SECONDS, FAILURES_SECONDS, MAX_FAILURES, SIGN_IN_PATH, SignIn, make_link
from tests.support.waiting import at_once

URL = "http://127.0.0.1:8000"
JSON_BODY = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("issuer") / "issuer.pem")


@pytest.fixture
def codes(tmp_path: Path) -> Path:
    return tmp_path / "sign-in"


@pytest.fixture
def page(codes: Path, issuer: Issuer) -> SignIn:
    return SignIn(codes, issuer, 8000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time go on, from that of the files."""
    now = [time.time()]
    monkeypatch.setattr(sign_in, "time", SimpleNamespace(time=lambda: now[0], monotonic=lambda: now[0]))

    def go_on(seconds: float) -> None:
        now[0] += seconds

    return go_on


def new_code(codes: Path, owner: str = "demo") -> str:
    link = make_link(URL, codes, owner)
    assert link.startswith(f"{URL}/#/sign-in/")
    return link.rpartition("/")[2]


def send(
    page: SignIn, body: bytes | object, headers: Mapping[str, str] = JSON_BODY, method: str = "POST"
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """The status, the JSON and the headers that a request is answered with; its body comes in two parts."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    parts: list[Any] = [
        {"type": "http.request", "body": content[:5], "more_body": True},
        {"type": "http.request", "body": content[5:], "more_body": False},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return parts.pop(0)

    async def answer(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http", "method": method, "path": SIGN_IN_PATH,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    asyncio.run(page(scope, receive, answer))
    start, end = sent
    return start["status"], json.loads(end["body"]), {name.decode(): value.decode() for name, value in start["headers"]}


def test_a_code_is_exchanged_for_a_token_of_its_owner(page: SignIn, codes: Path, issuer: Issuer) -> None:
    status, answer, headers = send(page, {"code": new_code(codes, "ann")})

    assert (status, answer["token_type"], answer["scope"]) == (200, "Bearer", "todos:read todos:write")
    claims = jwt.decode(
        answer["access_token"], issuer.private_key.public_key(), algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER
    )
    assert (claims["sub"], claims["client_id"]) == ("ann", "page")
    assert claims["exp"] - claims["iat"] == answer["expires_in"]
    assert headers["cache-control"] == "no-store"
    assert not [name for name in headers if name.startswith("access-control")]


def test_it_works_once_whoever_tries_at_the_same_time(codes: Path) -> None:
    code = new_code(codes)
    outcomes: list[str] = []

    def take() -> None:
        try:
            outcomes.append(sign_in.exchange(codes, code))
        except sign_in.Refused as refused:
            outcomes.append(str(refused))

    at_once([take] * 8)

    assert outcomes.count("demo") == 1
    assert sum("used before" in outcome for outcome in outcomes) == 7


def test_a_second_use_is_refused_with_what_to_do(page: SignIn, codes: Path) -> None:
    code = new_code(codes)
    send(page, {"code": code})

    status, answer, _ = send(page, {"code": code})

    assert status == 400
    assert answer["detail"] == "The link was used before, and each works once. `make open` makes another."


def test_it_expires(page: SignIn, codes: Path, clock: Callable[[float], None]) -> None:
    early, late = new_code(codes), new_code(codes)
    clock(CODE_SECONDS - 1)
    assert send(page, {"code": early})[0] == 200
    clock(1)

    status, answer, _ = send(page, {"code": late})

    assert (status, "expired" in answer["detail"]) == (400, True)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"{}", b'{"code": 7}', b'{"code": "\\u00e9"}', b"[" * 1000, b'"' + b"x" * 2000,
     b"\xff", {"code": ""}, {"code": "../issuer"}, {"code": "x" * 40}],
)  # fmt: skip
def test_anything_else_is_refused(page: SignIn, codes: Path, body: object) -> None:
    new_code(codes)

    status, answer, _ = send(page, body)

    assert status == 400
    assert "access_token" not in answer


def test_wrong_codes_are_bounded_and_a_minute_later_one_may_try_again(
    page: SignIn, codes: Path, clock: Callable[[float], None]
) -> None:
    code = new_code(codes)
    assert [send(page, {"code": f"wrong-{number}"})[0] for number in range(MAX_FAILURES)] == [400] * MAX_FAILURES

    status, answer, headers = send(page, {"code": code})
    assert (status, headers["retry-after"]) == (429, "60")
    assert "access_token" not in answer
    clock(FAILURES_SECONDS)
    assert send(page, {"code": code})[0] == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"content-type": "text/plain"}, 415),
        ({}, 415),
        ({**JSON_BODY, "origin": "https://evil.example"}, 403),
        ({**JSON_BODY, "origin": "http://evil.example:8000"}, 403),
        ({**JSON_BODY, "origin": "null"}, 403),
        ({**JSON_BODY, "origin": URL}, 200),
        ({**JSON_BODY, "origin": "http://localhost:8000"}, 200),
        ({"content-type": "application/json; charset=utf-8"}, 200),
    ],
)
def test_a_page_of_another_origin_cannot_sign_in(
    page: SignIn, codes: Path, headers: dict[str, str], expected: int
) -> None:
    assert send(page, {"code": new_code(codes)}, headers)[0] == expected


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT"])
def test_only_post_is_answered(page: SignIn, codes: Path, method: str) -> None:
    status, _, headers = send(page, {"code": new_code(codes)}, method=method)

    assert (status, headers["allow"]) == (405, "POST")


def test_only_this_user_can_read_the_codes_and_no_file_has_one(codes: Path) -> None:
    code = new_code(codes)

    (file,) = codes.iterdir()
    assert file.stem == hashlib.sha256(code.encode()).hexdigest()
    assert code not in file.read_text()
    assert stat.S_IMODE(codes.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_old_ones_are_forgotten(codes: Path, clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch) -> None:
    new_code(codes)
    clock(10 * 365 * 24 * 3600)

    code = new_code(codes)

    assert [path.stem for path in codes.iterdir()] == [hashlib.sha256(code.encode()).hexdigest()]


def test_no_deployed_stage_has_the_path() -> None:
    assert SIGN_IN_PATH not in {route.path for route in ROUTES}
