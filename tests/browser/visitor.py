"""One person with a browser profile of their own."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from stack.local.local_stack import LocalStack
from tests.browser import audits

# What a browser says of a request that a test cuts off, or that is refused as it should be.
EXPECTED = re.compile(r"Failed to load resource: (net::ERR_|.* status of (400|401|410|412|429|503))")

# A condition that comes is not waited for; one that comes late, on a busy machine, is no fault.
expect.set_options(timeout=60_000)


class Visitor:
    """A browser profile with the page open, signed in as an owner.

    Attributes
    ----------
    complaints : list of str
        What was written to the console, other than about requests that were cut off.
    requested : list of str
        The addresses that were asked for.
    """

    def __init__(self, browser: Browser, stack: LocalStack, owner: str, options: dict[str, Any]) -> None:
        self.url = stack.url
        self.context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options})
        self.context.set_default_timeout(60_000)
        self.complaints: list[str] = []
        self.requested: list[str] = []
        self.context.on("request", lambda request: self.requested.append(request.url))
        self.page = self.new_page()
        self.page.goto(stack.sign_in_link(owner))
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", level=1, name="Today")).to_be_visible()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.match(message.text):
            self.complaints.append(message.text)

    def go(self, view: str) -> None:
        """Open a view by its address, such as ``list/Garden``."""
        self.page.goto(f"{self.url}/#/{view}")

    def add(self, line: str) -> None:
        """Write a line into the add line, and press Enter."""
        self.page.locator("#add").fill(line)
        self.page.locator("#add").press("Enter")
        expect(self.page.locator("#add")).to_have_value("")

    def add_signed_out(self, line: str) -> None:
        """Add a todo when the token has run out, which the page finds out by that."""
        self.page.route("**/batch", lambda route: route.fulfill(status=401, json={"status": 401}))
        self.add(line)
        expect(self.page.locator(".banner")).to_contain_text("Signed out. 1 change waits here until you sign in again.")

    def sign_out(self) -> None:
        """Sign out, and wait until the page has left: where it goes then would replace where a test goes."""
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("heading", level=1, name="todo-ledger")).to_be_visible()

    def row(self, title: str) -> Locator:
        """The row of that title in the sheet."""
        return self.page.locator("main .row").filter(has=self.page.get_by_role("link", name=title, exact=True))

    def titles(self) -> list[str]:
        """The titles of the rows in their order."""
        return self.page.locator("main .row .title").all_text_contents()

    def open(self, title: str) -> Locator:
        """The panel of a todo."""
        self.row(title).locator(".title").click()
        return self.page.get_by_role("complementary")

    def saved(self) -> None:
        """Wait until everything is at the server."""
        expect(self.page.locator(".app > nav").get_by_role("status")).to_have_text(re.compile("^All saved"))

    def toast(self, words: str) -> Locator:
        """What the page says, once it says this."""
        found = self.page.locator(".toast")
        expect(found).to_contain_text(words)
        return found

    def flaws(self) -> list[str]:
        """What axe finds (`audits.violations`)."""
        return audits.violations(self.page)
