"""Another version of the page is deployed while it is open."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from stack.deploy import page as built
from stack.local.local_stack import LocalStack
from tests.browser.staged_api import STAGE, StagedApi
from tests.browser.test_stage import page  # noqa: F401
from tests.http.conftest import environment, settings_and_connection  # noqa: F401
from tests.support.server import Received, Reply

BRAND = '<p class="brand">todo-ledger</p>'
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class RedeployedApi(StagedApi):
    """A stage, of which the page can become another build."""

    build = built.BUILT

    def _answer(self, received: Received) -> Reply:
        path = received.target.partition("?")[0].removeprefix(f"{STAGE}/")
        if path == "":
            received.headers.pop("If-None-Match", None)
        reply = super()._answer(received)
        file = self.build / path
        if path == "":
            text = reply.content.decode().replace(script_of(built.BUILT), script_of(self.build))
            headers = {name: value for name, value in reply.headers.items() if name != "ETag"}
            return Reply(reply.status, text.encode(), headers)
        if path != "sw.js" and not path.startswith("assets/"):
            return reply
        # The files of a build before are not served any more.
        return Reply(200, file.read_bytes(), {"Content-Type": TYPES[file.suffix]}) if file.exists() else Reply(404)


def script_of(build: Path) -> str:
    return next(build.glob("assets/app-*.js")).name


@pytest.fixture
def api(stack: LocalStack, environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedeployedApi]:  # noqa: F811
    monkeypatch.setenv("PUBLIC_URL", "")
    made = RedeployedApi(stack)
    with made.server:
        yield made


@pytest.fixture
def next_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page built from sources that say something else."""
    source = tmp_path / "source"
    shutil.copytree(built.SOURCE, source, ignore=shutil.ignore_patterns("node_modules"))
    nav = source / "src" / "views" / "nav.js"
    assert BRAND in nav.read_text()
    nav.write_text(nav.read_text().replace(BRAND, BRAND.replace("todo-ledger", "another todo-ledger")))
    monkeypatch.setattr(built, "SOURCE", source)
    assert built.build(tmp_path / "built") == 0
    return tmp_path / "built"


def test_an_update_never_comes_under_an_open_edit(
    page: Page,  # noqa: F811
    api: RedeployedApi,
    stack: LocalStack,
    owner: str,
    next_build: Path,
) -> None:
    page.goto(f"{api.url}/#{stack.sign_in_link(owner).partition('#')[2]}")
    page.get_by_role("button", name="Sign in").click()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(f"{api.url}/#/inbox")
    page.reload()
    brand, row, editor = page.locator(".brand").first, page.locator("main .row .title"), page.locator("#edit-title")
    page.locator("#add").fill("Mend the hose")
    page.locator("#add").press("Enter")
    row.dblclick()
    editor.fill("Mend the green hose")
    page.evaluate("window.opened = 'before'")

    api.build = next_build
    page.evaluate(
        """async () => {
             const taken = new Promise((resolve) => (navigator.serviceWorker.oncontrollerchange = resolve));
             await (await navigator.serviceWorker.getRegistration()).update();
             await taken;
           }"""
    )
    # The page is what it was, with what is typed: it was not even loaded again.
    expect(editor).to_be_focused()
    expect(editor).to_have_value("Mend the green hose")
    expect(brand).to_have_text("todo-ledger")
    assert page.evaluate("window.opened") == "before"
    editor.press("Enter")
    expect(row).to_have_text(["Mend the green hose"])
    expect(page.locator(".app > nav").get_by_role("status")).to_have_text(re.compile("^All saved"))

    # Whoever loads it again has the new one, also without a network.
    for is_offline in (False, True):
        page.context.set_offline(is_offline)
        page.reload()
        expect(brand).to_have_text("another todo-ledger")
        expect(row).to_have_text(["Mend the green hose"])
    page.context.set_offline(False)


def test_of_the_versions_before_the_last_one_alone_is_kept(
    page: Page,  # noqa: F811
    api: RedeployedApi,
    next_build: Path,
) -> None:
    page.goto(f"{api.url}/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    # Of another stage at the same address, nothing goes.
    page.evaluate(
        "Promise.all(['todo-ledger elsewhere 1', 'todo-ledger elsewhere 2'].map((name) => caches.open(name)))"
    )
    page.reload()
    own = f"todo-ledger {api.url} "
    kept = [page.evaluate("caches.keys()")[0]]
    for build in (next_build, built.BUILT, next_build):
        api.build = build
        page.evaluate(
            """async () => {
                 const taken = new Promise((resolve) => (navigator.serviceWorker.oncontrollerchange = resolve));
                 await (await navigator.serviceWorker.getRegistration()).update();
                 await taken;
                 await new Promise((resolve) => {
                   const { controller } = navigator.serviceWorker;
                   const look = () => controller.state === "activated" && resolve();
                   controller.onstatechange = look;
                   look();
                 });
               }"""
        )
        found = [name for name in page.evaluate("caches.keys()") if name.startswith(own)]
        assert len(found) == 2
        assert found[0] == kept[-1]
        kept.append(found[1])
    assert kept[:2] == kept[2:]
    assert "todo-ledger elsewhere 1" in page.evaluate("caches.keys()")
