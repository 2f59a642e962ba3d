"""The list as it was."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.support.client import Client
from tests.support.waiting import shows


def test_the_slider_shows_the_ledger_and_brings_back_what_was(visitor: Visitor, client: Client) -> None:
    kept = client.post("/todos", {"title": "Order trays", "list": "Garden"}).json()
    gone = client.seen.post("/todos", {"title": "Mend the hose", "list": "Garden"}).json()
    client.patch(f"/todos/{kept['id']}", {"title": "Order seed trays"})
    client.seen.delete(f"/todos/{gone['id']}")
    visitor.go("past")
    expect(visitor.page.get_by_role("heading", level=1, name="As it was")).to_be_visible()
    # A day ago there was nothing. The slider goes by minutes: the moment between is asked for by the page's own code.
    expect(visitor.page.locator("main .empty")).to_have_text("There was nothing then.")
    visitor.page.get_by_role("slider", name="Day").press("End")
    visitor.page.get_by_role("slider", name="Time").press("End")
    row = visitor.page.locator("main .row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Order seed trays")
    assert visitor.flaws() == []


def test_a_changed_todo_is_brought_back_from_its_moment(visitor: Visitor, client: Client) -> None:
    todo = client.seen.post("/todos", {"title": "As it was made"}).json()
    # The page asks for a moment in milliseconds; a slider that rests on now shows what is now.
    visitor.go("past")
    visitor.page.get_by_role("slider", name="Day").press("End")
    visitor.page.get_by_role("slider", name="Time").press("End")
    row = visitor.page.locator("main .row")
    expect(row).to_contain_text("As it was made")
    client.patch(f"/todos/{todo['id']}", {"title": "Changed since"})
    expect(row).to_contain_text("Now: As it was madeChanged since".replace("madeChanged", "made Changed"))
    expect(visitor.page.get_by_role("status").filter(has_text="different")).to_contain_text("1 of them different today")
    row.get_by_role("button", name="Bring “As it was made” back").click()
    expect(row).not_to_contain_text("Now:")
    visitor.saved()
    shows(lambda: client.get(f"/todos/{todo['id']}").json()["title"], "As it was made")
