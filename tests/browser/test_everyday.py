"""What people do all day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.visitor import Visitor
from tests.support.client import Client
from tests.support.waiting import shows

TOMORROW = (datetime.now().astimezone() + timedelta(days=1)).date().isoformat()


def by_title(client: Client) -> dict[str, dict[str, Any]]:
    return {todo["title"]: todo for todo in client.get("/todos").json()}


def has(client: Client, title: str, **fields: object) -> None:
    """Wait until the lists have a todo of that title with these fields."""
    shows(lambda: {name: by_title(client).get(title, {}).get(name) for name in fields}, fields)


def test_one_line_says_everything_and_shows_what_it_understood(visitor: Visitor, client: Client) -> None:
    visitor.page.locator("#add").fill("Repot the lemon tree tomorrow #indoors !high *weekly @Garden")
    expect(visitor.page.locator(".part")).to_have_text(["Tomorrow", "#indoors", "High", "Every week", "Garden"])
    visitor.page.locator("#add").press("Enter")
    visitor.saved()
    visitor.go("list/Garden")
    expect(visitor.row("Repot the lemon tree")).to_contain_text("#indoors")
    wanted = {"list": "Garden", "tags": ["indoors"], "priority": "high", "due": TOMORROW, "repeat": "FREQ=WEEKLY"}
    has(client, "Repot the lemon tree", **wanted)


def test_a_part_can_be_told_to_stay_text(visitor: Visitor, client: Client) -> None:
    visitor.page.locator("#add").fill("Watch tomorrow never dies")
    visitor.page.get_by_role("button", name="Keep “tomorrow” as text").click()
    visitor.page.keyboard.press("Enter")
    visitor.saved()
    shows(lambda: list(by_title(client)), ["Watch tomorrow never dies"])


def test_completing_editing_and_deleting_can_be_undone(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    visitor.add("Mend the hose")
    row = visitor.row("Mend the hose")
    row.get_by_role("checkbox").click()
    visitor.toast("Completed").get_by_role("button", name="Undo").click()
    expect(row.get_by_role("checkbox")).not_to_be_checked()

    row.locator(".title").dblclick()
    visitor.page.get_by_role("textbox", name="Title").first.fill("Mend the garden hose")
    visitor.page.keyboard.press("Enter")
    row = visitor.row("Mend the garden hose")
    expect(row).to_be_visible()

    row.locator(".title").focus()
    visitor.page.keyboard.press("Delete")
    expect(row).to_have_count(0)
    visitor.toast("Deleted “Mend the garden hose”").get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    visitor.saved()
    has(client, "Mend the garden hose", completed=False, version=6)
    todo = by_title(client)["Mend the garden hose"]
    types = [event["type"] for event in client.get(f"/todos/{todo['id']}/events").json()]
    assert types == ["TodoCreated", "TodoCompleted", "TodoReopened", "TodoEdited", "TodoDeleted", "TodoRestored"]


def test_all_fields_are_edited_beside_the_list(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    visitor.add("Sort the seeds")
    panel = visitor.open("Sort the seeds")
    panel.get_by_label("Due", exact=True).fill(TOMORROW)
    panel.get_by_label("Remind").fill(f"{TOMORROW}T08:30")
    panel.get_by_label("Priority").select_option("low")
    panel.get_by_label("Tags").fill("#seeds #spring")
    panel.get_by_label("Notes").fill("By the date on the packet.")
    panel.get_by_label("Repeat").select_option(label="every month")
    panel.get_by_label("Add a subtask").fill("Buy envelopes")
    panel.get_by_label("Add a subtask").press("Enter")
    expect(panel.get_by_role("checkbox", name="Buy envelopes")).to_be_visible()
    panel.get_by_label("List").fill("Garden")
    panel.get_by_label("List").press("Tab")
    visitor.saved()
    wanted = {
        "due": TOMORROW, "priority": "low", "tags": ["seeds", "spring"], "notes": "By the date on the packet.",
        "repeat": "FREQ=MONTHLY", "list": "Garden",
    }  # fmt: skip
    has(client, "Sort the seeds", **wanted)
    assert by_title(client)["Sort the seeds"]["remind_at"].startswith(f"{TOMORROW}T08:30:00")
    has(client, "Buy envelopes", parent=by_title(client)["Sort the seeds"]["id"])


def test_a_tag_with_a_space_stays_whole_when_others_are_added(visitor: Visitor, client: Client) -> None:
    client.seen.post("/todos", {"title": "Write the talk", "tags": ["deep work"]})
    visitor.go("inbox")
    tags = visitor.open("Write the talk").get_by_label("Tags")
    tags.fill("#deep work #talk")
    tags.press("Tab")
    visitor.saved()
    has(client, "Write the talk", tags=["deep work", "talk"])


def test_filters_have_addresses_and_back_works(visitor: Visitor) -> None:
    visitor.go("inbox")
    visitor.add("Open one")
    visitor.add("Done one")
    visitor.row("Done one").get_by_role("checkbox").click()
    visitor.page.get_by_role("link", name="Active").click()
    expect(visitor.page.locator("main .row .title")).to_have_text(["Open one"])
    visitor.page.get_by_role("link", name="Completed").click()
    expect(visitor.page.locator("main .row .title")).to_have_text(["Done one"])
    visitor.page.go_back()
    expect(visitor.page.locator("main .row .title")).to_have_text(["Open one"])
    visitor.go("active")
    expect(visitor.page.locator("main .row .title")).to_have_text(["Open one"])


def test_a_search_finds_words_in_any_field(visitor: Visitor) -> None:
    visitor.go("everything")
    visitor.add("Water the ferns #green @Home")
    visitor.add("Pay the bill @Home")
    visitor.page.get_by_role("searchbox").fill("green home")
    expect(visitor.page.locator("main .row .title")).to_have_text(["Water the ferns"])
    visitor.page.get_by_role("searchbox").press("Escape")
    expect(visitor.page.locator("main .row")).to_have_count(2)


def test_the_views_count_what_is_open(visitor: Visitor) -> None:
    for line in ("One today", "Two tomorrow", "Three @Home", "Four @Home today"):
        visitor.add(line)
    links = visitor.page.locator(".app > nav li a")
    # What is added in Today is due today.
    expect(links).to_have_text(
        ["Inbox2 open", "Today3 open", "Upcoming1 open", "Everything4 open", "Home2 open", "Activity", "As it was"]
    )


def test_a_version_of_the_history_comes_back(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    visitor.add("Order trays")
    visitor.open("Order trays").get_by_label("Title").fill("Order seed trays for spring")
    visitor.page.keyboard.press("Enter")
    panel = visitor.page.get_by_role("complementary")
    expect(panel.locator(".event").first).to_contain_text("You changed the title")
    expect(panel.locator(".event").first.locator("ins")).to_have_text("seed trays for spring")
    panel.get_by_role("button", name="Restore version 1").click()
    expect(visitor.row("Order trays")).to_be_visible()
    visitor.saved()
    has(client, "Order trays", version=3)


def test_a_list_is_put_in_order_by_keys_and_by_buttons(visitor: Visitor, client: Client) -> None:
    visitor.go("list/Garden")
    for title in ("First", "Second", "Third"):
        visitor.add(title)
    visitor.row("Third").locator(".title").focus()
    visitor.page.keyboard.press("Alt+ArrowUp")
    visitor.toast("“Third” is now 2 of 3 in Garden.")
    expect(visitor.row("Third").locator(".title")).to_be_focused()
    visitor.open("First").get_by_role("button", name="Move down").click()
    expect(visitor.page.locator("main .row .title")).to_have_text(["Third", "First", "Second"])
    visitor.saved()
    wanted = ["Third", "First", "Second"]
    shows(lambda: [todo["title"] for todo in client.get("/lists/Garden/todos").json()], wanted)


def test_everything_works_by_keys_alone(visitor: Visitor) -> None:
    keyboard, page = visitor.page.keyboard, visitor.page
    keyboard.press("g")
    keyboard.press("i")
    expect(page.get_by_role("heading", level=1, name="Inbox")).to_be_visible()
    for title in ("One", "Two"):
        keyboard.press("n")
        keyboard.type(title)
        keyboard.press("Enter")
        expect(visitor.row(title)).to_be_visible()
        keyboard.press("Escape")
    keyboard.press("j")
    expect(visitor.row("One").locator(".title")).to_be_focused()
    keyboard.press("j")
    expect(visitor.row("Two").locator(".title")).to_be_focused()
    keyboard.press("e")
    keyboard.press("Control+a")
    keyboard.type("Two and a half")
    keyboard.press("Enter")
    expect(visitor.row("Two and a half").locator(".title")).to_be_focused()
    keyboard.press("x")
    expect(visitor.row("Two and a half").get_by_role("checkbox")).to_be_checked()
    keyboard.press("z")
    expect(visitor.row("Two and a half").get_by_role("checkbox")).not_to_be_checked()
    keyboard.press("?")
    expect(page.get_by_role("dialog", name="Every key")).to_be_visible()
    keyboard.press("Escape")
    keyboard.press("t")
    expect(page.get_by_label("Due", exact=True)).to_be_focused()


def test_single_letters_can_be_switched_off(visitor: Visitor) -> None:
    keyboard, page = visitor.page.keyboard, visitor.page
    visitor.go("inbox")
    visitor.add("One")
    visitor.row("One").locator(".title").focus()
    keyboard.press("?")
    page.get_by_label("Single letters act outside of fields").uncheck()
    assert visitor.flaws() == []
    keyboard.press("Escape")
    page.reload()
    visitor.row("One").locator(".title").focus()
    for letter in "xne/zg?":
        keyboard.press(letter)
    expect(visitor.row("One").locator(".title")).to_be_focused()
    expect(visitor.row("One").get_by_role("checkbox")).not_to_be_checked()
    expect(page.get_by_role("dialog")).to_have_count(0)
    # Keys that are not letters still act.
    keyboard.press("Space")
    expect(visitor.row("One").get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="shows every key").click()
    page.get_by_label("Single letters act outside of fields").check()
    keyboard.press("Escape")
    visitor.row("One").locator(".title").focus()
    keyboard.press("x")
    expect(visitor.row("One").get_by_role("checkbox")).not_to_be_checked()


def test_a_key_right_after_a_dialog_was_closed_acts_on_the_page(visitor: Visitor) -> None:
    visitor.go("inbox")
    visitor.add("One")
    visitor.row("One").locator(".title").focus()
    visitor.page.keyboard.press("?")
    expect(visitor.page.get_by_role("dialog")).to_be_visible()
    # Before the browser has told the page of the closing.
    visitor.page.evaluate(
        """() => {
             document.querySelector("dialog").close();
             document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "t", bubbles: true}));
           }"""
    )
    expect(visitor.page.get_by_label("Due", exact=True)).to_be_focused()
    expect(visitor.page.get_by_role("dialog")).to_have_count(0)


def test_back_closes_a_dialog(visitor: Visitor) -> None:
    visitor.go("inbox")
    visitor.add("Water the ferns *weekly")
    visitor.open("Water the ferns").get_by_role("button", name="Other…").click()
    expect(visitor.page.get_by_role("dialog", name="Repeat")).to_be_visible()
    visitor.page.go_back()
    expect(visitor.page.get_by_role("complementary")).to_have_count(0)
    expect(visitor.page.locator("dialog")).to_have_count(0)


def test_a_list_is_renamed_with_all_its_todos(visitor: Visitor, client: Client) -> None:
    visitor.go("list/Gardn")
    visitor.add("Sweep the yard")
    visitor.add("Mend the hose")
    visitor.saved()
    shows(lambda: [row["total"] for row in client.get("/lists").json()], [2])
    visitor.page.get_by_role("button", name="Rename").click()
    visitor.page.get_by_label("New name").fill("Garden")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("heading", level=1, name="Garden")).to_be_visible()
    expect(visitor.page.locator("main .row .title")).to_have_text(["Sweep the yard", "Mend the hose"])
    shows(lambda: [row["list"] for row in client.get("/lists").json()], ["Garden"])


def lists_of(visitor: Visitor) -> Locator:
    return visitor.page.locator(".app > nav [data-list]")


def test_a_list_that_is_kept_without_todos_is_among_the_others(
    visit: Callable[..., Visitor], owner: str, client: Client
) -> None:
    client.put("/lists/Empty")
    client.seen.post("/todos", {"title": "Sweep the yard", "list": "Yard"})
    client.put("/preferences", {"lists": ["Yard", "Empty"]}, if_none_match="*")
    visitor = visit(owner)
    expect(lists_of(visitor)).to_have_text(["Yard1 open", "Empty0 open"])
    lists_of(visitor).get_by_role("link", name="Empty").click()
    visitor.add("Not any more")
    expect(lists_of(visitor)).to_have_text(["Yard1 open", "Empty1 open"])
    expect(visitor.page.get_by_role("button", name="Remove")).to_have_count(0)


# The API takes 100 characters, and 300 bytes of UTF-8.
LONG = ("x" * 101, "🌱" * 80)


def test_a_name_that_no_list_can_have_is_said_where_it_is_typed(visitor: Visitor, client: Client) -> None:
    def why(field: Locator) -> str:
        said: str = field.evaluate("field => field.validationMessage")
        return said

    visitor.go("list/Garden")
    visitor.add("Sweep the yard")
    visitor.saved()
    asked = len(visitor.requested)
    page, too_long = visitor.page, "This is too long for the name of a list."
    for button in ("Rename", "New list"):
        page.locator("main, nav").get_by_role("button", name=button).first.click()
        name = page.get_by_label("New name")
        for wrong in LONG:
            name.fill(wrong)
            name.press("Enter")
            assert why(name) == too_long
        name.fill("..")
        name.press("Enter")
        assert why(name) == "A list cannot have this name."
        name.fill("x" * 100)
        assert why(name) == ""
        page.get_by_role("button", name="Leave it").click()
    panel_list = visitor.open("Sweep the yard").get_by_label("List", exact=True)
    panel_list.fill(LONG[0])
    panel_list.press("Enter")
    assert why(panel_list) == too_long
    panel_list.fill("garden")
    panel_list.press("Enter")
    assert why(panel_list) == ""
    has(client, "Sweep the yard", list="garden")
    line = page.locator("#add")
    line.fill(f'Water it @"{LONG[1]}"')
    line.press("Enter")
    assert why(line) == too_long
    expect(line).to_have_value(f'Water it @"{LONG[1]}"')
    line.fill("Water it")
    line.press("Enter")
    expect(line).to_have_value("")
    expect(visitor.row("Water it")).to_be_visible()
    assert not [address for address in visitor.requested[asked:] if "/lists/" in address]


def test_whoever_writes_inbox_means_the_inbox(visitor: Visitor) -> None:
    visitor.add("Sort the post @Inbox")
    visitor.page.get_by_role("button", name="New list").click()
    visitor.page.get_by_label("New name").fill("INBOX")
    visitor.page.keyboard.press("Enter")
    expect(visitor.row("Sort the post")).to_be_visible()
    expect(visitor.page.get_by_role("heading", level=1, name="Inbox")).to_be_visible()
    expect(lists_of(visitor)).to_have_count(0)


def paste(visitor: Visitor, text: str) -> None:
    visitor.page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    visitor.page.locator("#add").focus()
    visitor.page.keyboard.press("Control+V")


def test_lines_that_are_pasted_are_a_todo_each_and_one_operation(
    visit: Callable[..., Visitor], owner: str, client: Client
) -> None:
    visitor = visit(owner, permissions=["clipboard-read", "clipboard-write"])
    visitor.go("list/Trip")
    titles = visitor.page.locator("main .row .title")
    visitor.page.locator("#add").fill("Half a th")
    paste(visitor, "Passports\r\n\n  - Tickets tomorrow #paper\n* Charger !high\n#camera\n1. Hat @Attic\n")
    visitor.toast("Added 5 todos.")
    expect(titles).to_have_text(["Passports", "Tickets", "Charger", "#camera"])
    expect(visitor.page.locator("#add")).to_have_value("Half a th")
    visitor.saved()
    has(client, "Tickets", due=TOMORROW, tags=["paper"], list="Trip")
    has(client, "1. Hat", list="Attic")
    made = client.get("/activity?type=TodoCreated").json()["events"]
    assert len({event["operation"] for event in made}) == 1
    assert visitor.flaws() == []
    visitor.toast("Added 5 todos.").get_by_role("button", name="Undo").click()
    expect(titles).to_have_count(0)
    shows(lambda: client.get("/stats").json()["total"], 0)

    # One line is text, and what is too much is nothing.
    visitor.page.locator("#add").fill("Half a ")
    paste(visitor, "thought")
    expect(visitor.page.locator("#add")).to_have_value("Half a thought")
    for text, why in (
        ("One\n" * 1001, "At most 1,000 lines can be added at once."),
        ("One\n" + "x" * 501, "A title has at most 500 characters."),
    ):
        paste(visitor, text)
        assert visitor.page.locator("#add").evaluate("field => field.validationMessage") == why
        expect(visitor.page.locator("#add")).to_have_value("Half a thought")
    expect(titles).to_have_count(0)


def test_what_is_done_is_cleared_and_comes_back(visitor: Visitor) -> None:
    visitor.go("inbox")
    for title in ("One", "Two", "Three"):
        visitor.add(title)
    for title in ("One", "Two"):
        visitor.row(title).get_by_role("checkbox").click()
    visitor.page.get_by_role("button", name="Clear 2").click()
    expect(visitor.page.locator("main .row .title")).to_have_text(["Three"])
    visitor.toast("Deleted 2 todos.").get_by_role("button", name="Undo").click()
    expect(visitor.page.locator("main .row")).to_have_count(3)


def test_an_operation_of_somebody_else_is_undone_after_a_look(
    visitor: Visitor, client: Client, assistant: Client
) -> None:
    commands = [{"op": "create", "body": {"title": title}} for title in ("Tidy up", "Tidy down")]
    assistant.request("POST", "/batch", {"commands": commands}, prefer="wait=10", operation_id="tidy")
    visitor.go("activity")
    entry = visitor.page.locator(".event").filter(has_text="assistant created 2 todos")
    entry.get_by_role("button", name="Undo…").click()
    expect(entry).to_contain_text("2 go back.")
    entry.get_by_role("button", name="Undo", exact=True).click()
    visitor.toast("Undone.")
    visitor.go("inbox")
    expect(visitor.page.locator("main .empty")).to_be_visible()
    shows(lambda: client.get("/stats").json()["total"], 0)


def test_lists_are_put_in_order_by_keys_and_by_buttons_on_all_devices(
    visitor: Visitor, visit: Callable[..., Visitor], owner: str, client: Client
) -> None:
    for name in ("Attic", "Home", "Work"):
        visitor.add(f"One @{name}")
    visitor.saved()
    views = visitor.page.locator(".app > nav")
    lists = views.locator("[data-list] .name")
    expect(lists).to_have_text(["Attic", "Home", "Work"])
    views.get_by_role("link", name="Work").focus()
    visitor.page.keyboard.press("Alt+ArrowUp")
    visitor.toast("“Work” is now 2 of 3 lists.")
    expect(views.get_by_role("link", name="Work")).to_be_focused()
    views.get_by_role("button", name="Order").click()
    views.get_by_role("button", name="Move Work up").click()
    visitor.toast("“Work” is now 1 of 3 lists.")
    # It can go no further: the focus is on its other button.
    expect(views.get_by_role("button", name="Move Work down")).to_be_focused()
    expect(lists).to_have_text(["Work", "Attic", "Home"])
    assert visitor.flaws() == []
    visitor.go("everything")
    expect(visitor.page.locator("main .group span:first-child")).to_have_text(["Work", "Attic", "Home"])
    shows(lambda: client.get("/preferences").json(), {"lists": ["Work", "Attic", "Home"]})
    client.put("/preferences", {"lists": ["Work", "Home", "Attic"], "theme": "other"})
    other = visit(owner)
    expect(other.page.locator(".app > nav [data-list] .name")).to_have_text(["Work", "Home", "Attic"])
    views.get_by_role("button", name="Move Home up").click()
    shows(lambda: client.get("/preferences").json(), {"lists": ["Work", "Home", "Attic"], "theme": "other"})


# Notes each order of the lists that is drawn.
ORDERS = """(() => {
  window.orders = new Set();
  const look = () => {
    const names = [...document.querySelectorAll(".app > nav [data-list] .name")].map(({ textContent }) => textContent);
    if (names.length) window.orders.add(names.join());
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
})()"""


def test_the_lists_have_their_order_from_the_first_draw(visitor: Visitor) -> None:
    visitor.add("One @Attic")
    visitor.add("Another @Home")
    visitor.page.locator(".app > nav").get_by_role("link", name="Home").focus()
    visitor.page.keyboard.press("Alt+ArrowUp")
    visitor.toast("“Home” is now 1 of 2 lists.")
    visitor.saved()
    visitor.page.add_init_script(ORDERS)
    visitor.page.reload()
    visitor.saved()
    assert visitor.page.evaluate("[...window.orders]") == ["Home,Attic"]


def form_of_repeats(visitor: Visitor, title: str, rest: str) -> tuple[Locator, Locator]:
    """Adds a todo, with the rest of its line; its panel, and the form of its repeats."""
    visitor.go("inbox")
    visitor.add(f"{title} {rest}")
    panel = visitor.open(title)
    panel.get_by_role("button", name="Other…").click()
    return panel, visitor.page.get_by_role("dialog", name="Repeat")


def test_a_repeat_is_said_in_words_and_changed_in_a_form(visitor: Visitor, client: Client) -> None:
    panel, form = form_of_repeats(visitor, "Water the ferns", "on friday")
    form.get_by_label("Every").fill("2")
    for day in ("Mon", "Thu"):
        form.get_by_label(day).check()
    form.get_by_role("radio", name="after").last.check()
    form.get_by_label("How many times").fill("8")
    expect(form.get_by_role("status")).to_have_text("every 2 weeks on Mon and Thu, 8 times")
    assert visitor.flaws() == []
    form.get_by_role("button", name="Set").click()
    expect(visitor.row("Water the ferns")).to_contain_text("every 2 weeks on Mon and Thu, 8 times")
    visitor.saved()
    has(client, "Water the ferns", repeat="FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=8")

    panel.get_by_role("button", name="Other…").click()
    form.get_by_label("Unit").select_option("months")
    form.get_by_label("Which").select_option("last")
    form.get_by_label("Weekday").select_option("Friday")
    form.get_by_role("radio", name="the", exact=True).check()
    form.get_by_role("radio", name="never").check()
    form.get_by_role("button", name="Set").click()
    expect(panel.locator(".rule span")).to_have_text("every 2 months on the last Friday")
    visitor.saved()
    has(client, "Water the ferns", repeat="FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR")


def test_what_a_repeat_is_counted_from_is_chosen_and_said(visitor: Visitor, client: Client) -> None:
    panel, form = form_of_repeats(visitor, "Change the filter", "today *monthly")
    expect(form.get_by_label("from the date it is due")).to_be_checked()
    form.get_by_label("from when it is done").check()
    expect(form.get_by_role("status")).to_have_text("every month, from when it is done")
    form.get_by_role("button", name="Set").click()
    expect(visitor.row("Change the filter")).to_contain_text("every month, from when it is done")
    expect(panel.get_by_label("Repeat")).to_have_accessible_description("from when it is done")
    expect(panel.locator(".event").first).to_contain_text("You changed the repeat")
    expect(panel.locator(".event").first.locator("ins").first).to_have_text("when")
    visitor.saved()
    has(client, "Change the filter", repeat="FREQ=MONTHLY", repeat_from="completion", version=2)

    panel.get_by_role("button", name="Other…").click()
    expect(form.get_by_label("from when it is done")).to_be_checked()
    form.get_by_label("from the date it is due").check()
    form.get_by_role("button", name="Set").click()
    visitor.saved()
    has(client, "Change the filter", repeat="FREQ=MONTHLY", repeat_from="due")


def test_a_rule_that_the_form_does_not_show_is_never_lost(visitor: Visitor, client: Client) -> None:
    rule = "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO"
    client.seen.post("/todos", {"title": "Plant out", "repeat": rule, "due": TOMORROW})
    visitor.go("inbox")
    panel = visitor.open("Plant out")
    expect(panel.locator(".rule span")).to_have_text("every year on Mon (BYWEEKNO=20)")
    panel.get_by_label("Notes").fill("Not before the frosts are over.")
    panel.get_by_label("Notes").press("Tab")
    panel.get_by_role("button", name="Other…").click()
    form = visitor.page.get_by_role("dialog", name="Repeat")
    form.get_by_label("Every").fill("3")
    form.get_by_role("button", name="Set").click()
    visitor.saved()
    has(
        client,
        "Plant out",
        notes="Not before the frosts are over.",
        repeat="FREQ=YEARLY;INTERVAL=3;BYWEEKNO=20;BYDAY=MO",
    )
