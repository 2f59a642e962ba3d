"""`/` and its files: what browsers may keep and for how long, the page's policy, and what it is told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.api import web
from chalicelib.api.web import front
from tests.support.client import Client, problem
from tests.support.gateway import api_event
from tests.support.in_process import InProcess

FOR_EVER = "public, max-age=31536000, immutable"
SCRIPT = "addEventListener('load', () => {}); // é"


@pytest.fixture
def built(here: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcess]:
    """The API with a page that was built."""
    (tmp_path / "assets").mkdir()
    for name, text in {
        "index.html": '<link href="{base}/x"><script type="application/json">{configuration}</script>',
        "sw.js": "// the worker\n",
        "manifest.webmanifest": "{}",
        "assets/app-0A1B2C3D.js": SCRIPT,
        "assets/app-0A1B2C3D.css": "a{}",
        "assets/icon-0A1B2C3D.svg": "<svg/>",
        "assets/app-0A1B2C3D.js.map": "{}",
        "assets/.hidden.js": "x",
        "secret.js": "x",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(front, "BUILT", tmp_path)
    front._assets.cache_clear()
    yield here
    front._assets.cache_clear()


def configuration(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found is not None
    stated: dict[str, Any] = json.loads(found[1])
    return stated


def built_url(page: Any) -> str:
    """The address that the page was made for."""
    found = re.search(r'href="([^"]+)/x"', page.text)
    assert found is not None
    return found[1]


def policy(page: Any) -> dict[str, str]:
    return dict(each.split(" ", 1) for each in page.headers["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize(
    ("path", "media_type", "caching"),
    [
        ("/", "text/html", "no-cache"),
        ("/sw.js", "text/javascript", "no-cache"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache"),
        (f"/assets/{front.asset_name('page.css')}", "text/css", FOR_EVER),
    ],
)
def test_each_is_kept_as_long_as_its_name_stays_true(client: Client, path: str, media_type: str, caching: str) -> None:
    anyone = Client(client.url, None)
    # Browsers send a first entry that is binary, an SVG's image among others.
    answer = anyone.get(path, accept="image/avif,image/webp,*/*;q=0.8")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == f"{media_type}; charset=utf-8"
    assert answer.headers["Cache-Control"] == caching
    assert answer.headers.get("Vary") != "Accept"
    again = anyone.get(path, if_none_match=answer.headers["ETag"])
    assert (again.status_code, again.text) == (304, "")
    head = anyone.head(path)
    assert (head.status_code, head.text, head.headers["ETag"]) == (200, "", answer.headers["ETag"])
    assert again.headers["Cache-Control"] == head.headers["Cache-Control"] == caching


@pytest.mark.parametrize(
    ("path", "media_type", "text"),
    [
        ("/manifest.webmanifest", "application/manifest+json", "{}"),
        ("/assets/app-0A1B2C3D.js", "text/javascript", SCRIPT),
        ("/assets/app-0A1B2C3D.css", "text/css", "a{}"),
        ("/assets/icon-0A1B2C3D.svg", "image/svg+xml", "<svg/>"),
    ],
)
def test_what_was_built_is_served(built: InProcess, path: str, media_type: str, text: str) -> None:
    answer = built.get(path)

    assert (answer.status_code, answer.text) == (200, text)
    assert answer.headers["Content-Type"] == f"{media_type}; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == (FOR_EVER if "assets" in path else "no-cache")


def test_with_another_configuration_the_worker_is_another(built: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_ISSUER", "https://issuer.example")
    before = built.get("/sw.js").text
    assert before.startswith("// the worker\n")
    assert built.get("/sw.js").text == before

    monkeypatch.setenv("PAGE_CLIENT_ID", "another")
    configured = built.get("/sw.js").text
    assert configured != before
    monkeypatch.setenv("PAGE_ORIGINS", "https://tokens.example")
    assert built.get("/sw.js").text != configured


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js", "app-0A1B2C3D.js.map", ".hidden.js", "..%2Fsecret.js", "..%2F..%2Fauth.py", "%00", "page.css",
        "%2Fetc%2Fpasswd", "app-0A1B2C3D.JS", "APP-0A1B2C3D.js", "assets",
    ],
)  # fmt: skip
def test_nothing_else_is(built: InProcess, name: str) -> None:
    missing = built.get(f"/assets/{name}")

    problem(missing, 404)
    assert missing.headers["Cache-Control"] == "no-store"


def test_the_page_is_told_how_to_sign_in_and_may_ask_the_issuer_alone(
    built: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGE_CLIENT_ID", "</script><script>&")
    monkeypatch.setenv("TOKEN_ISSUER", "https://issuer.example:8443/tenant/")
    monkeypatch.setenv("PAGE_ORIGINS", "https://tokens.example/oauth2 https://issuer.example:8443 javascript:x *")
    monkeypatch.setenv("PAGE_WAITS", "")
    monkeypatch.setenv("PAGE_CODES", "")

    page = built.get("/")

    assert configuration(page.text) == {
        "issuer": "https://issuer.example:8443/tenant/",
        "client_id": "</script><script>&",
        "audience": "todo-ledger",
        "scopes": "openid todos:read todos:write",
        "codes": False,
        "waits": False,
    }
    itself, own, *others = policy(page)["connect-src"].split()
    assert others == ["https://issuer.example:8443", "https://tokens.example"]
    for name in ("script-src", "style-src", "worker-src", "manifest-src"):
        assert policy(page)[name].split() == [itself, own] == ["'self'", built_url(page)]
    assert policy(page)["default-src"] == "'none'"
    assert policy(page)["require-trusted-types-for"] == "'script'"


def test_on_the_local_stack_one_signs_in_by_a_code_and_the_page_waits(client: Client) -> None:
    page = Client(client.url, None).get("/")

    stated = configuration(page.text)
    assert (stated["issuer"], stated["client_id"], stated["codes"], stated["waits"]) == (None, None, True, True)
    assert policy(page)["connect-src"] == f"'self' {client.url}"


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example; script-src *", "https://a.example 'unsafe-inline'", "https://a.example,b", "ftp://a.example",
        "https://", "https://a.example\n", "'self'", "https://user@a.example",
    ],
)  # fmt: skip
def test_nothing_but_an_origin_gets_into_the_policy(url: str) -> None:
    assert all(re.fullmatch(r"https://[a-z.]+", origin) for origin in front.origins_of([url]))


def test_each_file_of_the_plain_page_has_its_contents_hash_in_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = front.asset_name("page.css")
    changed = tmp_path / "page.css"
    changed.write_text("a{}")
    monkeypatch.setattr(web, "own", lambda name: changed)

    assert re.fullmatch(r"page-[0-9A-F]{8}\.css", before)
    assert front.asset_name("page.css") != before


@pytest.mark.parametrize("path", ["/prod", "/prod/", "/"])
@pytest.mark.parametrize("public_url", ["", "https://todo.example/base"])
@pytest.mark.parametrize(
    ("query", "sent_on"),
    [("", ""), ("?code=a%26b&state=c%20d&state=e", "?code=a%26b&state=c+d&state=e")],
)
def test_a_stage_without_its_slash_leads_to_the_page_with_it(
    environment: None, monkeypatch: pytest.MonkeyPatch, path: str, public_url: str, query: str, sent_on: str
) -> None:
    import app

    monkeypatch.setenv("PUBLIC_URL", public_url)
    for method in ("GET", "HEAD"):
        event = api_event(method, f"/{query}", headers={"accept": "text/html"}, owner="")
        # As API Gateway states them: `path` is the same at both addresses.
        event["requestContext"] |= {"path": path, "stage": "prod", "domainName": "abc.example"}
        answer = app.app(event, None)

        if path.endswith("/"):
            assert answer["statusCode"] == 200
            continue
        base_url = public_url or "https://abc.example/prod"
        assert (answer["statusCode"], answer["headers"]["Location"]) == (308, f"{base_url}/{sent_on}")
        assert answer["headers"]["Cache-Control"] == "no-store"
        assert answer["body"] == ""
