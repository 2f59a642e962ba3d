"""The page behind the path of a stage, as API Gateway serves it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from stack.local.local_stack import LocalStack
from tests.browser.staged_api import STAGE, StagedApi
from tests.browser.visitor import EXPECTED
from tests.http.conftest import environment, settings_and_connection  # noqa: F401
from tests.support.client import Client
from tests.support.waiting import shows


@pytest.fixture
def staged(stack: LocalStack, environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedApi]:  # noqa: F811
    monkeypatch.setenv("PUBLIC_URL", "")
    api = StagedApi(stack)
    with api.server:
        yield api


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(60_000)
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
