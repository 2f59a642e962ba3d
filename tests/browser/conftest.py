"""Debian's Chromium, and people with a browser each: nothing that they keep is shared."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from stack.deploy import page as built
from stack.local.local_stack import LocalStack
from tests.browser.visitor import Visitor
from tests.http.conftest import client, client_of, owner  # noqa: F401
from tests.support.client import Client

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, ended before tests of other folders run: what drives it would leave them an event loop that runs."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here; on Debian: apt-get install chromium")
    assert (built.BUILT / "index.html").exists(), "the page is not built: make page"
    with sync_playwright() as playwright:
        # A container's root has no sandbox.
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser, stack: LocalStack) -> Iterator[Callable[..., Visitor]]:
    """Opens the page in a browser profile of its own, signed in: ``visit("sam", color_scheme="dark")``.

    At the end nothing may be in any console.
    """
    visitors: list[Visitor] = []

    def make(who: str, **options: object) -> Visitor:
        visitors.append(Visitor(browser, stack, who, options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()
    assert [message for visitor in visitors for message in visitor.complaints] == []


@pytest.fixture
def visitor(visit: Callable[..., Visitor], owner: str) -> Visitor:  # noqa: F811
    """The owner of this test, signed in."""
    return visit(owner)


@pytest.fixture
def link(stack: LocalStack, owner: str) -> Callable[[], str]:  # noqa: F811
    """Makes a link that signs the owner in, once."""
    return lambda: stack.sign_in_link(owner)


@pytest.fixture
def assistant(stack: LocalStack, owner: str) -> Client:  # noqa: F811
    """A client of somebody who acts for the owner."""
    return Client(stack.url, stack.issuer.token(owner, actor="assistant"))
