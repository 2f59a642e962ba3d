"""The page behind the path of a stage, as API Gateway serves it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from stack.local.local_stack import LocalStack
from tests.browser.visitor import EXPECTED
from tests.http.conftest import environment, settings_and_connection  # noqa: F401
from tests.support.client import Client
from tests.support.gateway import api_event
from tests.support.server import Received, Reply, Server
from tests.support.waiting import shows

STAGE = "/dev"
# What belongs to one connection alone (RFC 9110, section 7.6.1), or no longer holds.
LEFT_OUT = ("connection", "transfer-encoding", "content-length", "content-encoding", "host", "accept-encoding")


class StagedApi:
    """The local stack, below the path of a stage."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self.asked: list[str] = []
        self.server = Server(self._answer)

    @property
    def url(self) -> str:
        return f"{self.server.url}{STAGE}"

    def _answer(self, received: Received) -> Reply:
        self.asked.append(received.target)
        path, _, query = received.target.partition("?")
        if path == STAGE:
            return self._without_its_slash(query)
        if not path.startswith(f"{STAGE}/"):
            return Reply(403, b'{"message":"Forbidden"}')
        headers = {name: value for name, value in received.headers.items() if name.lower() not in LEFT_OUT}
        headers = {name: value.replace(self.server.url, self._stack.url) for name, value in headers.items()}
        address = f"{self._stack.url}{received.target.removeprefix(STAGE)}"
        answer = requests.request(
            received.method, address, data=received.content, headers=headers, allow_redirects=False, timeout=60
        )
        return Reply(answer.status_code, self._as_own(answer.text).encode(), self._headers(answer.headers))

    def _without_its_slash(self, query: str) -> Reply:
        """What the API answers where the gateway's path has no slash at its end; the local one always has it."""
        import app

        event = api_event("GET", f"/?{query}", headers={"accept": "text/html"}, owner="")
        event["requestContext"] |= {"path": STAGE, "stage": STAGE.strip("/")}
        answer = app.app(event, None)
        location = answer["headers"]["Location"].replace(f"https://localhost{STAGE}", self.url)
        return Reply(answer["statusCode"], b"", {**answer["headers"], "Location": location})

    def _headers(self, headers: requests.structures.CaseInsensitiveDict[str]) -> dict[str, str]:
        kept = {name: value for name, value in headers.items() if name.lower() not in LEFT_OUT}
        policy = kept.pop("Content-Security-Policy", None)
        found = {name: self._as_own(value) for name, value in kept.items()}
        # A policy names origins, which have no path.
        own = {} if policy is None else {"Content-Security-Policy": policy.replace(self._stack.url, self.server.url)}
        return {**found, **own}

    def _as_own(self, text: str) -> str:
        return text.replace(self._stack.url, self.url)


@pytest.fixture
def staged(stack: LocalStack, environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedApi]:  # noqa: F811
    monkeypatch.setenv("PUBLIC_URL", "")
    api = StagedApi(stack)
    with api.server:
        yield api


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(20_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [text for text in complaints if not EXPECTED.match(text)] == []


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_page_works_below_a_stage_with_and_without_the_slash(
    page: Page, staged: StagedApi, stack: LocalStack, owner: str, client: Client, slash: str
) -> None:
    code = stack.sign_in_link(owner).partition("#")[2]
    page.goto(f"{staged.url}{slash}#{code}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Today")).to_be_visible()
    assert page.url == f"{staged.url}/"
    page.locator("#add").fill("Below a stage")
    page.locator("#add").press("Enter")
    expect(page.locator(".app > nav").get_by_role("status")).to_have_text(re.compile("^All saved"))
    shows(lambda: [todo["title"] for todo in client.get("/todos").json()], ["Below a stage"])

    scope = page.evaluate("navigator.serviceWorker.ready.then(({scope}) => scope)")
    assert scope == f"{staged.url}/"
    manifest = page.evaluate("document.querySelector('link[rel=manifest]').href")
    icon, start = page.evaluate(
        """async (url) => {
             const {icons, start_url} = await (await fetch(url)).json();
             const icon = new URL(icons[0].src, url);
             return [(await fetch(icon)).status, new URL(start_url, url).href];
           }""",
        manifest,
    )
    assert (icon, start) == (200, f"{staged.url}/")
    # What the worker keeps is the page with this path, also without a network.
    page.context.set_offline(True)
    page.goto(f"{staged.url}/#/inbox")
    page.reload()
    expect(page.locator("main .row .title")).to_have_text(["Below a stage"])
    assert [target for target in staged.asked if not target.startswith(STAGE)] == []
