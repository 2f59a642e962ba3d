"""Several tabs of one browser share one connection, whichever of them goes away."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.visitor import Visitor
from tests.support.client import Client
from tests.support.waiting import eventually, shows

Sent = list[tuple[Page, str]]


@pytest.fixture
def sent(visitor: Visitor) -> Sent:
    """Which tab sent which idempotency key, in order."""
    found: Sent = []

    def see(request: Request) -> None:
        if request.url.endswith("/batch"):
            page = request.frame.page
            found.extend((page, command["key"]) for command in json.loads(request.post_data or "")["commands"])

    visitor.context.on("request", see)
    return found


@pytest.fixture
def second(visitor: Visitor, sent: Sent) -> Page:
    """A second tab, while the first speaks to the server."""
    visitor.go("inbox")
    visitor.saved()
    page = visitor.new_page()
    page.goto(f"{visitor.url}/#/inbox")
    all_saved(page)
    return page


def all_saved(page: Page) -> None:
    expect(page.locator(".app > nav").get_by_role("status")).to_have_text(re.compile("^All saved"))


def add(page: Page, title: str) -> None:
    page.locator("#add").fill(title)
    page.locator("#add").press("Enter")
    expect(page.get_by_role("link", name=title, exact=True)).to_be_visible()


def hide(page: Page, *, hidden: bool) -> None:
    """Let a tab think that another is in front of it, or that it came back."""
    page.evaluate(
        """hidden => {
             Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
             document.dispatchEvent(new Event("visibilitychange"));
           }""",
        hidden,
    )


def leads_alone(page: Page) -> None:
    """Wait until one tab leads, and no other waits to do so."""
    eventually(
        lambda: page.evaluate(
            """async () => {
                 const { held, pending } = await navigator.locks.query();
                 const [{ name }] = await indexedDB.databases();
                 const of = (locks) => locks.filter((lock) => lock.name === name).length;
                 return of(held) === 1 && of(pending) === 0;
               }"""
        )
    )


def titles(client: Client) -> list[str]:
    return sorted(todo["title"] for todo in client.rows("/todos"))


def test_one_tab_sends_for_all_and_each_shows_it(visitor: Visitor, second: Page, sent: Sent, client: Client) -> None:
    add(second, "From the second")
    add(visitor.page, "From the first")
    for page in (visitor.page, second):
        expect(page.locator("main .row .title")).to_have_text(["From the second", "From the first"])
        all_saved(page)
    shows(lambda: titles(client), ["From the first", "From the second"])
    assert {page for page, _ in sent} == {visitor.page}
    assert [count for count in Counter(key for _, key in sent).values() if count > 1] == []


def test_the_leading_tab_is_closed_before_its_answer_and_the_other_takes_over(
    visitor: Visitor, second: Page, sent: Sent, client: Client
) -> None:
    def hold(route: Route) -> None:
        route.fetch()

    visitor.page.route("**/batch", hold)
    add(second, "Sent by both")
    shows(lambda: titles(client), ["Sent by both"])
    visitor.page.close()
    all_saved(second)
    assert [page for page, _ in sent] == [visitor.page, second]
    assert len({key for _, key in sent}) == 1
    [todo] = client.rows("/todos")
    assert [event["type"] for event in client.events(todo["id"])] == ["TodoCreated"]


def test_a_hidden_tab_lets_the_other_lead_and_gets_it_back(
    visitor: Visitor, second: Page, sent: Sent, client: Client
) -> None:
    for hidden, leading in ((visitor.page, second), (second, visitor.page)):
        hide(leading, hidden=False)
        hide(hidden, hidden=True)
        leads_alone(leading)
        sent.clear()
        add(leading, f"When {len(titles(client))} are there")
        all_saved(leading)
        assert {page for page, _ in sent} == {leading}
        assert len(sent) == 1
        shows(lambda: len(titles(client)), len(leading.locator("main .row").all()))


def test_a_hidden_tab_still_sends_what_waits(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    visitor.saved()
    visitor.context.set_offline(True)
    visitor.add("Waits")
    hide(visitor.page, hidden=True)
    visitor.context.set_offline(False)
    shows(lambda: titles(client), ["Waits"])


def test_signing_in_in_another_tab_sends_what_waits_in_this_one(
    visitor: Visitor, client: Client, link: Callable[[], str]
) -> None:
    visitor.go("inbox")
    visitor.add_signed_out("Waits for me")
    second = visitor.new_page()
    second.goto(link())
    second.get_by_role("button", name="Sign in").click()
    shows(lambda: titles(client), ["Waits for me"])
    all_saved(second)
    visitor.saved()
    expect(visitor.page.locator(".banner")).to_have_count(0)


def test_signing_out_in_one_tab_signs_out_the_other(visitor: Visitor, second: Page) -> None:
    add(second, "Mine")
    visitor.saved()
    visitor.sign_out()
    expect(second.get_by_role("heading", level=1, name="todo-ledger")).to_be_visible()
    assert visitor.page.evaluate("indexedDB.databases()") == []


def test_while_the_database_is_deleted_nothing_is_asked_of_it(visitor: Visitor) -> None:
    visitor.page.evaluate(
        """async () => {
          const [{ name }] = await indexedDB.databases();
          const opening = indexedDB.open(name);
          await new Promise((resolve) => (opening.onsuccess = resolve));
          opening.result.onversionchange = () => (globalThis.held = opening.result);
        }"""
    )
    visitor.page.get_by_role("button", name="Sign out").click()
    visitor.page.wait_for_function("globalThis.held")
    # Another tab says that the preferences have changed. What is wrong then is in the console.
    visitor.page.evaluate("new BroadcastChannel(`${held.name} later`).postMessage('')")
    with visitor.page.expect_navigation():
        visitor.page.evaluate("held.close()")
    expect(visitor.page.get_by_role("heading", level=1, name="todo-ledger")).to_be_visible()


def test_an_edit_that_began_before_the_todo_was_sent_is_not_laid_over_another(
    visitor: Visitor, second: Page, client: Client
) -> None:
    visitor.context.route("**/batch", lambda route: route.abort())
    add(visitor.page, "Mend the hose")
    second.locator("main .row .title").dblclick()
    second.locator("#edit-title").fill("Mend the green hose")
    visitor.context.unroute("**/batch")
    visitor.saved()
    visitor.page.locator("main .row .title").dblclick()
    visitor.page.locator("#edit-title").fill("Mend the long hose")
    visitor.page.keyboard.press("Enter")
    expect(second.locator("#p-title")).to_have_value("Mend the long hose")
    shows(lambda: [todo["title"] for todo in client.get("/todos").json()], ["Mend the long hose"])
    second.locator("#edit-title").press("Enter")
    expect(second.locator("main .note")).to_contain_text("Two edits.")
    second.get_by_role("button", name="Choose").click()
    second.get_by_role("radio", name=re.compile("^Yours")).check()
    second.get_by_role("button", name="Keep these").click()
    shows(lambda: [todo["title"] for todo in client.get("/todos").json()], ["Mend the green hose"])
