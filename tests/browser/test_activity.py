"""What happened, by whom, and taking it back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from loaders.cli import main as load
from stack.local.local_stack import LocalStack
from tests.browser.visitor import Visitor
from tests.http.conftest import environment, settings_and_connection  # noqa: F401
from tests.support.client import Client
from tests.support.waiting import eventually, shows


def happened(client: Client, *titles: str) -> None:
    """Wait until the activity has the events of these todos."""

    def missing() -> list[str]:
        found = {event["change"].get("title") for event in client.get("/activity").json()["events"]}
        return [title for title in titles if title not in found]

    eventually(lambda: not missing())


def logged(client: Client, kind: str, times: int = 1) -> None:
    """Wait until the activity has so many events of this type."""
    shows(lambda: [event["type"] for event in client.get("/activity").json()["events"]].count(kind), times)


def entries(visitor: Visitor) -> Locator:
    return visitor.page.locator("main .event")


@pytest.fixture
def of_all(
    visitor: Visitor,
    client: Client,
    assistant: Client,
    stack: LocalStack,
    environment: None,  # noqa: F811
    owner: str,
    tmp_path: Path,
) -> Visitor:
    """The owner, whose todos were made by everybody who can."""
    assistant.post("/todos", {"title": "Tidied"})
    Client(stack.url, stack.issuer.token(owner, client="my-helper")).post("/todos", {"title": "Helped"})
    (tmp_path / "todos.jsonl").write_text('{"id": 1, "title": "Loaded"}\n', encoding="utf-8")
    assert load([str(tmp_path / "todos.jsonl"), "--owner", owner]) == 0
    visitor.go("inbox")
    visitor.add("Mine")
    visitor.saved()
    happened(client, "Tidied", "Helped", "Loaded", "Mine")
    return visitor


def test_activity_is_of_everybody_or_of_one(of_all: Visitor) -> None:
    of_all.go("activity")
    filters = of_all.page.get_by_role("list", name="By whom").get_by_role("link")
    expect(filters).to_have_count(5)
    assert sorted(filters.all_inner_texts()) == ["All", "Import", "You", "assistant", "my-helper"]
    for name, title in {"You": "Mine", "Import": "Loaded", "assistant": "Tidied", "my-helper": "Helped"}.items():
        filters.get_by_text(name, exact=True).click()
        expect(entries(of_all)).to_have_count(1)
        expect(entries(of_all)).to_contain_text(title)
        assert of_all.flaws() == []
    of_all.page.go_back()
    expect(entries(of_all)).to_contain_text("Tidied")
    of_all.page.reload()
    expect(entries(of_all)).to_contain_text("Tidied")
    expect(filters).to_have_count(5)


def test_what_one_did_is_one_entry_and_goes_back_unless_it_was_changed_later(
    visitor: Visitor, client: Client, assistant: Client
) -> None:
    titles = ("Write the minutes", "Call the bank")
    visitor.go("inbox")
    for title in titles:
        visitor.add(title)
    shows(lambda: client.stats()["total"], 2)
    # Each is sent by itself.
    for done, title in enumerate(titles, start=1):
        visitor.row(title).get_by_role("checkbox").click()
        shows(lambda: client.stats()["completed"], done)
    later = next(todo["id"] for todo in client.get("/todos").json() if todo["title"] == "Call the bank")
    assistant.seen.patch(f"/todos/{later}", {"completed": False})
    expect(visitor.row("Call the bank").get_by_role("checkbox")).not_to_be_checked()
    logged(client, "TodoReopened")

    visitor.go("activity")
    entry = entries(visitor).filter(has_text="You completed 2 todos")
    entry.get_by_role("button", name="Undo…").click()
    expect(entry).to_contain_text("1 goes back.")
    entry.get_by_role("button", name="Undo", exact=True).click()
    visitor.toast("Undone.")
    visitor.go("inbox")
    expect(visitor.row("Write the minutes").get_by_role("checkbox")).not_to_be_checked()
    visitor.page.keyboard.press("z")
    expect(visitor.row("Write the minutes").get_by_role("checkbox")).to_be_checked()
    expect(visitor.row("Call the bank").get_by_role("checkbox")).not_to_be_checked()


def test_of_what_is_longer_than_the_page_looks_the_number_is_said_to_be_more(
    visitor: Visitor, client: Client, assistant: Client
) -> None:
    for batch in range(2):
        commands = [{"op": "create", "body": {"title": f"Row {batch} {n}"}} for n in range(60)]
        assistant.request("POST", "/batch", {"commands": commands}, prefer="wait=10", operation_id="rows")
    shows(lambda: len(client.get("/activity?limit=200").json()["events"]), 120)
    visitor.go("activity")
    expect(entries(visitor)).to_contain_text(["assistant created 100 or more todos"])
    entries(visitor).get_by_role("button", name="Show 100").click()
    expect(entries(visitor).locator("p > a")).to_have_count(100)
    entries(visitor).get_by_role("button", name="Undo…").click()
    expect(entries(visitor)).to_contain_text(["At least"])

    # A whole one is counted.
    commands = [{"op": "create", "body": {"title": f"More {n}"}} for n in range(99)]
    client.request("POST", "/batch", {"commands": commands}, prefer="wait=10", operation_id="more")
    newest = "/activity?limit=100"
    shows(lambda: sum("More" in event["change"]["title"] for event in client.get(newest).json()["events"]), 99)
    visitor.page.reload()
    expect(entries(visitor)).to_contain_text(["created 99 todos", "created 1 or more todos"])


def test_a_change_that_belongs_to_no_operation_is_undone_by_field(
    visitor: Visitor, client: Client, assistant: Client
) -> None:
    todo = client.seen.post("/todos", {"title": "Call the bank", "notes": "Before noon."}).json()
    changed = {"title": "Write to the bank", "notes": "Today.", "priority": "high"}
    assistant.seen.patch(f"/todos/{todo['id']}", changed)
    client.seen.patch(f"/todos/{todo['id']}", {"notes": "Next week."})
    visitor.go("inbox")
    expect(visitor.row("Write to the bank")).to_contain_text("High")
    expect(visitor.open("Write to the bank").get_by_label("Notes")).to_have_value("Next week.")
    logged(client, "TodoEdited", 2)
    visitor.go("activity")
    entry = entries(visitor).filter(has_text="assistant changed the")
    entry.get_by_role("button", name="Undo…").click()
    expect(entry).to_contain_text("1 goes back, of 1 something stays, since it was changed later: Write to the bank.")
    entry.get_by_role("button", name="Undo", exact=True).click()
    visitor.toast("Undone.")
    visitor.saved()
    wanted = {"title": "Call the bank", "notes": "Next week.", "priority": "none"}
    shows(lambda: {name: client.get(f"/todos/{todo['id']}").json()[name] for name in wanted}, wanted)


def test_an_operation_is_undone_from_the_past(visitor: Visitor, client: Client, assistant: Client) -> None:
    kept = client.seen.post("/todos", {"title": "Keep me", "list": "Home"}).json()
    commands: list[dict[str, object]] = [{"op": "create", "body": {"title": f"Tidy {n}"}} for n in range(4)]
    commands.append({"op": "patch", "id": kept["id"], "body": {"title": "Kept no more"}})
    assistant.request("POST", "/batch", {"commands": commands}, prefer="wait=10", operation_id="tidy")
    happened(client, "Kept no more")
    visitor.go("past")
    # A day ago, before it.
    visitor.page.get_by_text(re.compile("^1 operation since then$")).click()
    entry = entries(visitor)
    expect(entry).to_contain_text("assistant changed 5 todos")
    expect(entry.locator("p[dir]")).to_have_count(3)
    entry.get_by_role("button", name="Show all 5").click()
    expect(entry.locator("p[dir]")).to_have_count(5)
    entry.get_by_role("button", name="Undo…").click()
    expect(entry).to_contain_text("5 go back.")
    assert visitor.flaws() == []
    entry.get_by_role("button", name="Undo", exact=True).click()
    visitor.toast("Undone.")
    shows(lambda: [todo["title"] for todo in client.get("/todos").json()], ["Keep me"])


def test_what_one_click_does_offline_to_many_is_one_operation(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    for title in ("One", "Two"):
        visitor.add(title)
    visitor.saved()
    visitor.context.set_offline(True)
    visitor.page.get_by_role("button", name="Complete all 2").click()
    visitor.add("Meanwhile")
    expect(visitor.row("Two")).to_contain_text("waiting to be sent")
    visitor.context.set_offline(False)
    visitor.saved()
    visitor.page.get_by_role("button", name="Clear 2").click()
    visitor.saved()
    logged(client, "TodoDeleted", times=2)
    events = [event for event in client.get("/activity").json()["events"] if event["type"] != "TodoCreated"]
    operations = {(event["type"], event["operation"]) for event in events}
    assert len(operations) == len({operation for _, operation in operations}) == 2
    assert not any(operation.startswith("~") for _, operation in operations)

    visitor.go("activity")
    for words in ("You deleted 2 todos", "You completed 2 todos"):
        entry = entries(visitor).filter(has_text=words)
        entry.get_by_role("button", name="Undo…").click()
        expect(entry).to_contain_text("2 go back.")
        entry.get_by_role("button", name="Undo", exact=True).click()
        visitor.toast("Undone.")
        expect(entry.get_by_role("button", name="Undo…")).to_be_visible()
    visitor.go("inbox")
    expect(visitor.page.get_by_role("button", name="Complete all 3")).to_be_visible()
    shows(lambda: client.get("/stats").json(), {"total": 3, "open": 3, "completed": 0})
