"""Two devices on one todo: nobody's edit is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.support.client import Client
from tests.support.waiting import shows


@pytest.fixture
def todo(client: Client) -> dict[str, Any]:
    made: dict[str, Any] = client.seen.post("/todos", {"title": "Write to the landlord", "tags": ["home"]}).json()
    return made


@pytest.fixture
def offline(visitor: Visitor, todo: dict[str, Any]) -> Visitor:
    """The owner, who has the todo before them and no network any more."""
    visitor.go("inbox")
    expect(visitor.row(todo["title"])).to_be_visible()
    visitor.saved()
    visitor.context.set_offline(True)
    # It moves the rows: what is clicked next must rest.
    expect(visitor.page.locator(".banner")).to_be_visible()
    return visitor


def online(visitor: Visitor) -> None:
    """Give them the network back, and wait until nothing on the page moves any more."""
    visitor.context.set_offline(False)
    expect(visitor.page.locator(".banner")).to_have_count(0)


def edit(visitor: Visitor, title: str, label: str, value: str) -> None:
    visitor.open(title).get_by_label(label).fill(value)
    visitor.page.keyboard.press("Tab")


def now(client: Client, todo: dict[str, Any], *fields: str) -> list[Any]:
    found = client.get(f"/todos/{todo['id']}").json()
    return [found.get(field) for field in fields]


def changes(client: Client, todo: dict[str, Any], field: str) -> list[Any]:
    events = client.get(f"/todos/{todo['id']}/events").json()
    return [event["change"][field] for event in events if field in event["change"]]


def test_a_change_shows_on_the_other_device(visit: Callable[..., Visitor], owner: str) -> None:
    one, other = visit(owner), visit(owner)
    for device in (one, other):
        device.go("inbox")
    one.add("Seen there")
    expect(other.row("Seen there")).to_be_visible()
    other.row("Seen there").get_by_role("checkbox").click()
    expect(one.row("Seen there").get_by_role("checkbox")).to_be_checked()


@pytest.mark.parametrize("change", [{"order": 5000}, {"list": "Home"}], ids=["its place", "its group"])
def test_a_row_that_another_device_moves_keeps_the_focus(
    visitor: Visitor, client: Client, change: dict[str, Any]
) -> None:
    visitor.go("everything")
    for title in ("One @Garden", "Two @Garden", "Three @Garden"):
        visitor.add(title)
    visitor.saved()
    focused = visitor.row("One").locator(".title")
    focused.focus()
    todo = next(todo for todo in client.get("/todos").json() if todo["title"] == "One")
    assert client.patch(f"/todos/{todo['id']}", change).status_code == 200
    expect(visitor.page.locator("main .row .title")).to_have_text(["Two", "Three", "One"])
    expect(focused).to_be_focused()
    visitor.page.keyboard.press("k")
    expect(visitor.row("Three").locator(".title")).to_be_focused()


def test_edits_of_different_fields_both_stay_and_tags_merge(
    offline: Visitor, client: Client, todo: dict[str, Any]
) -> None:
    edit(offline, todo["title"], "Notes", "Mine")
    edit(offline, todo["title"], "Tags", "#home #mine")
    client.patch(f"/todos/{todo['id']}", {"title": "Call the landlord", "tags": ["home", "theirs"]})
    online(offline)
    expect(offline.row("Call the landlord")).to_be_visible()
    offline.saved()
    shows(lambda: now(client, todo, "title", "notes"), ["Call the landlord", "Mine"])
    assert sorted(now(client, todo, "tags")[0]) == ["home", "mine", "theirs"]


@pytest.mark.parametrize(("chosen", "title"), [("Yours", "Write about the gate"), ("assistant", "Call the landlord")])
def test_of_two_titles_a_person_chooses_and_the_history_has_both(
    offline: Visitor, client: Client, assistant: Client, todo: dict[str, Any], chosen: str, title: str
) -> None:
    edit(offline, todo["title"], "Title", "Write about the gate")
    assistant.patch(f"/todos/{todo['id']}", {"title": "Call the landlord"})
    online(offline)
    offline.page.get_by_role("link", name="Close details").click()
    offline.page.get_by_role("button", name="Choose").click()
    dialog = offline.page.get_by_role("dialog", name="Two edits of the same todo")
    expect(dialog).to_contain_text("Before: Write to the landlord")
    assert offline.flaws() == []
    dialog.get_by_role("radio", name=chosen).check()
    dialog.get_by_role("button", name="Keep these").click()
    offline.saved()
    shows(lambda: now(client, todo, "title"), [title])
    wanted = ["Write to the landlord", "Call the landlord", "Write about the gate", "Call the landlord"]
    assert changes(client, todo, "title") == (wanted if title == wanted[-1] else wanted[:-1])


@pytest.mark.parametrize("chosen", ["Bring it back", "Leave it deleted"])
def test_an_edit_of_what_was_deleted_is_never_lost(
    offline: Visitor, client: Client, todo: dict[str, Any], chosen: str
) -> None:
    edit(offline, todo["title"], "Title", "Write about the gate")
    client.delete(f"/todos/{todo['id']}")
    online(offline)
    offline.page.get_by_role("link", name="Close details").click()
    offline.page.get_by_role("button", name="Choose").click()
    dialog = offline.page.get_by_role("dialog", name="Edited here, deleted there")
    dialog.get_by_role("radio", name=chosen).check()
    dialog.get_by_role("button", name="Keep these").click()
    offline.saved()
    status = 200 if chosen == "Bring it back" else 410
    shows(lambda: client.get(f"/todos/{todo['id']}").status_code, status)
    assert changes(client, todo, "title")[-1] == "Write about the gate"


def test_a_choice_is_shown_also_where_the_todo_was_deleted_afterwards(
    offline: Visitor, client: Client, todo: dict[str, Any]
) -> None:
    edit(offline, todo["title"], "Title", "Write about the gate")
    offline.row("Write about the gate").locator(".title").focus()
    offline.page.keyboard.press("Delete")
    expect(offline.page.locator("main .row")).to_have_count(0)
    client.patch(f"/todos/{todo['id']}", {"title": "Call the landlord"})
    online(offline)
    offline.page.get_by_role("button", name="Choose").click()
    dialog = offline.page.get_by_role("dialog", name="Two edits of the same todo")
    dialog.get_by_role("radio", name="Yours").check()
    dialog.get_by_role("button", name="Keep these").click()
    offline.saved()
    shows(lambda: client.get(f"/todos/{todo['id']}").status_code, 410)
    assert changes(client, todo, "title") == ["Write to the landlord", "Call the landlord", "Write about the gate"]


def test_what_comes_from_elsewhere_never_changes_what_is_being_typed(
    visitor: Visitor, client: Client, todo: dict[str, Any]
) -> None:
    visitor.go("inbox")
    panel = visitor.open(todo["title"])
    panel.get_by_label("Notes").focus()
    visitor.page.keyboard.type("Half a sent")
    client.patch(f"/todos/{todo['id']}", {"notes": "Theirs", "priority": "high"})
    expect(visitor.row(todo["title"])).to_contain_text("High")
    expect(panel.get_by_label("Notes")).to_have_value("Half a sent")
    visitor.page.keyboard.type("ence")
    visitor.page.keyboard.press("Tab")
    # Both edited the note: neither is dropped.
    expect(visitor.page.get_by_role("button", name="Choose")).to_be_visible()
