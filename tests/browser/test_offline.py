"""Without a network, and when it ends in the middle of something."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.browser.visitor import Visitor
from tests.support.client import Client
from tests.support.waiting import shows


def titles(client: Client) -> list[str]:
    return sorted(todo["title"] for todo in client.get("/todos").json())


def test_the_page_opens_and_works_offline_and_sends_what_was_done(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    visitor.add("Made online")
    visitor.saved()
    visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    visitor.context.set_offline(True)
    visitor.add("Made offline")
    visitor.row("Made online").get_by_role("checkbox").click()
    visitor.page.reload()
    expect(visitor.page.locator(".banner")).to_contain_text("2 changes wait here and will be sent.")
    expect(visitor.row("Made offline")).to_contain_text("waiting to be sent")
    expect(visitor.row("Made online").get_by_role("checkbox")).to_be_checked()
    visitor.context.set_offline(False)
    visitor.saved()
    shows(lambda: titles(client), ["Made offline", "Made online"])
    shows(lambda: client.get("/stats").json(), {"total": 2, "open": 1, "completed": 1})


def test_a_change_whose_answer_is_lost_is_made_once(visitor: Visitor, client: Client) -> None:
    lost = 0

    def lose(route: Route) -> None:
        nonlocal lost
        lost += 1
        if lost == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    visitor.go("inbox")
    visitor.page.route("**/batch", lose)
    visitor.add("Once")
    visitor.open("Once").get_by_label("Tags").fill("#a")
    visitor.page.keyboard.press("Tab")
    visitor.saved()
    assert lost > 1
    shows(lambda: titles(client), ["Once"])
    todo = client.get("/todos").json()[0]
    events = client.get(f"/todos/{todo['id']}/events").json()
    assert [event["type"] for event in events] == ["TodoCreated", "TodoEdited"]


def test_what_was_typed_is_not_lost_with_the_tab(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    visitor.page.route("**/batch", lambda route: route.abort())
    visitor.add("Typed before the end")
    expect(visitor.row("Typed before the end")).to_be_visible()
    visitor.page.close()
    visitor.page = visitor.new_page()
    visitor.go("inbox")
    expect(visitor.row("Typed before the end")).to_be_visible()
    visitor.saved()
    shows(lambda: titles(client), ["Typed before the end"])


def test_of_two_tabs_one_sends_and_both_show(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    second = visitor.new_page()
    second.goto(f"{visitor.url}/#/inbox")
    second.locator("#add").fill("From the second tab")
    second.locator("#add").press("Enter")
    expect(visitor.row("From the second tab")).to_be_visible()
    visitor.page.close()
    second.locator("#add").fill("When the first is closed")
    second.locator("#add").press("Enter")
    shows(lambda: titles(client), ["From the second tab", "When the first is closed"])


def test_signed_out_the_changes_wait_and_a_new_link_sends_them(
    visitor: Visitor, client: Client, link: Callable[[], str]
) -> None:
    visitor.go("inbox")
    visitor.page.route("**/batch", lambda route: route.fulfill(status=401, json={"status": 401}))
    visitor.add("Waits for me")
    expect(visitor.page.locator(".banner")).to_contain_text("Signed out. 1 change waits here until you sign in again.")
    visitor.page.unroute("**/batch")
    visitor.page.goto(link())
    visitor.page.get_by_role("button", name="Sign in").click()
    visitor.saved()
    shows(lambda: titles(client), ["Waits for me"])


def test_a_link_works_once_and_its_code_is_not_in_the_address(visitor: Visitor, link: Callable[[], str]) -> None:
    address = link()
    page = visitor.page
    for works in (True, False):
        page.goto(address)
        page.get_by_role("button", name="Sign in").click()
        if works:
            expect(page.get_by_role("heading", level=1, name="Today")).to_be_visible()
        else:
            expect(page.get_by_role("alert")).to_contain_text("was used before")
        assert "sign-in" not in page.url
