"""Without a network, and when it ends in the middle of something."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from playwright.sync_api import Route, expect

from tests.browser.visitor import Visitor
from tests.support.client import Client
from tests.support.waiting import eventually, shows


def titles(client: Client) -> list[str]:
    return sorted(todo["title"] for todo in client.get("/todos").json())


def test_the_page_opens_and_works_offline_and_sends_what_was_done(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    visitor.add("Made online")
    visitor.saved()
    visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    visitor.context.set_offline(True)
    visitor.add("Made offline")
    expect(visitor.row("Made offline")).to_be_visible()
    visitor.row("Made online").get_by_role("checkbox").click()
    # What the page shows as done is on the disk.
    expect(visitor.row("Made online").get_by_role("checkbox")).to_be_checked()
    visitor.page.reload()
    expect(visitor.page.locator(".banner")).to_contain_text("2 changes wait here and will be sent.")
    expect(visitor.row("Made offline")).to_contain_text("waiting to be sent")
    expect(visitor.row("Made online").get_by_role("checkbox")).to_be_checked()
    visitor.context.set_offline(False)
    visitor.saved()
    shows(lambda: titles(client), ["Made offline", "Made online"])
    shows(lambda: client.get("/stats").json(), {"total": 2, "open": 1, "completed": 1})


def test_the_browser_opens_the_page_from_its_cache_and_does_not_wait_for_the_worker(visitor: Visitor) -> None:
    visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    visitor.context.set_offline(True)
    visitor.page.reload()
    expect(visitor.page.get_by_role("heading", level=1, name="Today")).to_be_visible()
    # As the browser says: 0 where no worker was started or asked.
    opened = "performance.getEntriesByType('navigation').map(({ workerStart }) => workerStart)"
    assert visitor.page.evaluate(opened) == [0]


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


def test_each_edit_that_waits_is_an_event_of_its_own_in_its_order(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    visitor.add("First words")
    visitor.saved()
    visitor.context.set_offline(True)
    title = visitor.open("First words").get_by_label("Title")
    for words in ("Second words", "Third words"):
        title.fill(words)
        title.press("Enter")
        expect(visitor.row(words)).to_be_visible()
    expect(visitor.page.locator(".banner")).to_contain_text("2 changes wait here and will be sent.")
    visitor.context.set_offline(False)
    visitor.saved()
    [todo] = client.rows("/todos")
    titles = [event["change"]["title"] for event in client.events(todo["id"])]
    assert titles == ["First words", "Second words", "Third words"]


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
    visitor.add_signed_out("Waits for me")
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


def test_a_list_gets_its_name_and_its_place_when_there_is_a_network(visitor: Visitor, client: Client) -> None:
    for line in ("One @Gardn", "Two @Gardn", "Three @Attic"):
        visitor.add(line)
    visitor.saved()
    visitor.go("list/Gardn")
    visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    visitor.context.set_offline(True)
    visitor.page.locator(".app > nav").get_by_role("link", name="Gardn").focus()
    visitor.page.keyboard.press("Alt+ArrowUp")
    visitor.add("Four")
    visitor.page.get_by_role("button", name="Rename").click()
    visitor.page.get_by_label("New name").fill("Garden")
    visitor.page.keyboard.press("Enter")
    waits = visitor.page.locator(".renaming")
    expect(waits).to_contain_text("Becomes “Garden” once the server can be reached.")
    visitor.page.reload()
    expect(waits).to_be_visible()
    expect(visitor.page.locator(".banner")).to_contain_text("3 changes wait here and will be sent.")
    visitor.context.set_offline(False)
    expect(visitor.page.get_by_role("heading", level=1, name="Garden")).to_be_visible()
    expect(visitor.page.locator("main .row .title")).to_have_text(["One", "Two", "Four"])
    visitor.saved()
    shows(lambda: {row["list"]: row["total"] for row in client.get("/lists").json()}, {"Attic": 1, "Garden": 3})
    shows(lambda: client.get("/preferences").json(), {"lists": ["Garden", "Attic"]})
    moved = [event for event in client.get("/activity?type=TodoEdited").json()["events"] if "list" in event["change"]]
    assert len(moved) == 3
    assert len({event["operation"] for event in moved}) == 1


def test_a_list_gets_its_name_when_the_server_lists_what_was_just_added(visitor: Visitor, client: Client) -> None:
    visitor.add("One @Gardn")
    visitor.saved()
    visitor.go("list/Gardn")
    is_behind = True
    asked = 0

    def answer(route: Route) -> None:
        nonlocal asked
        asked += 1
        route.fulfill(status=304) if is_behind else route.continue_()

    visitor.page.route("**/changes?*", answer)
    visitor.context.set_offline(True)
    visitor.add("Two")
    visitor.page.get_by_role("button", name="Rename").click()
    visitor.page.get_by_label("New name").fill("Garden")
    visitor.page.keyboard.press("Enter")
    visitor.context.set_offline(False)
    shows(lambda: len(client.rows("/todos")), 2)
    before = asked
    eventually(lambda: visitor.page.evaluate("true") and asked > before + 2)
    assert not [address for address in visitor.requested if address.endswith("/rename")]
    is_behind = False
    expect(visitor.page.get_by_role("heading", level=1, name="Garden")).to_be_visible()
    expect(visitor.page.locator("main .row .title")).to_have_text(["One", "Two"])


def test_a_list_is_made_and_removed_also_without_a_network(visitor: Visitor, client: Client) -> None:
    def kept() -> list[str]:
        return [row["list"] for row in client.get("/lists").json()]

    views = visitor.page.locator(".app > nav")
    visitor.saved()
    visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    visitor.context.set_offline(True)
    views.get_by_role("button", name="New list").click()
    visitor.page.get_by_label("New name").fill("Trip")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("heading", level=1, name="Trip")).to_be_visible()
    visitor.page.reload()
    expect(visitor.page.locator(".banner")).to_contain_text("1 change waits here and will be sent.")
    expect(views.locator("[data-list]")).to_have_text(["Trip0 open"])
    visitor.context.set_offline(False)
    shows(kept, ["Trip"])
    visitor.saved()
    # It stays also when its only todo goes.
    visitor.add("Passports")
    remove = visitor.page.get_by_role("button", name="Remove")
    expect(remove).to_have_count(0)
    visitor.row("Passports").locator(".title").focus()
    visitor.page.keyboard.press("Delete")
    expect(views.locator("[data-list]")).to_have_text(["Trip0 open"])
    visitor.saved()
    visitor.context.set_offline(True)
    remove.click()
    expect(views.locator("[data-list]")).to_have_count(0)
    expect(visitor.page.get_by_role("heading", level=1, name="Inbox")).to_be_visible()
    visitor.context.set_offline(False)
    eventually(lambda: not kept())
    visitor.saved()


def test_a_list_that_the_server_does_not_keep_is_not_shown(visitor: Visitor) -> None:
    problem = {"status": 409, "title": "No", "detail": "There may be 500 named lists."}
    visitor.page.route("**/lists/Trip", lambda route: route.fulfill(status=400, json=problem))
    visitor.page.get_by_role("button", name="New list").click()
    visitor.page.get_by_label("New name").fill("Trip")
    visitor.page.keyboard.press("Enter")
    visitor.toast("Not made. There may be 500 named lists.")
    expect(visitor.page.locator(".app > nav [data-list]")).to_have_count(0)
    visitor.saved()


def test_a_name_that_the_server_does_not_take_is_not_lost(visitor: Visitor) -> None:
    visitor.add("One @Gardn")
    visitor.saved()
    visitor.go("list/Gardn")
    problem = {"status": 409, "title": "No", "detail": "The list is being renamed."}
    visitor.page.route("**/rename", lambda route: route.fulfill(status=400, json=problem))
    visitor.page.get_by_role("button", name="Rename").click()
    visitor.page.get_by_label("New name").fill("Garden")
    visitor.page.keyboard.press("Enter")
    note = visitor.page.locator(".renaming")
    expect(note).to_contain_text("Not renamed to “Garden”. The list is being renamed.")
    note.get_by_role("button", name="Keep the name").click()
    expect(note).to_have_count(0)
    visitor.saved()


def test_what_the_server_does_not_take_stays_until_a_person_has_decided(
    visit: Callable[..., Visitor], owner: str, client: Client
) -> None:
    visitor = visit(owner, permissions=["clipboard-read", "clipboard-write"])
    visitor.go("inbox")
    visitor.add(f"With too many tags {' '.join(f'#tag{n}' for n in range(33))}")
    row = visitor.row("With too many tags")
    expect(row).to_contain_text("Not saved.")
    expect(visitor.page.locator(".app > nav").get_by_role("status")).to_have_text("1 change waits for you.")
    assert visitor.flaws() == []
    row.get_by_role("button", name="Copy text").click()
    visitor.toast("Copied.")
    assert "With too many tags" in visitor.page.evaluate("navigator.clipboard.readText()")
    # It holds up nothing else, and outlives a reload.
    visitor.go("inbox")
    visitor.add("Meanwhile")
    shows(lambda: titles(client), ["Meanwhile"])
    visitor.go("everything")
    visitor.page.reload()
    row.get_by_role("button", name="Try again").click()
    expect(row).to_contain_text("Not saved.")
    row.get_by_role("button", name="Discard").click()
    expect(row).to_have_count(0)
    visitor.saved()


def test_edits_behind_a_lost_answer_never_undo_what_others_did_meanwhile(
    visitor: Visitor, client: Client, assistant: Client
) -> None:
    todo = client.seen.post("/todos", {"title": "Pack", "tags": ["home"]}).json()
    answered = 0

    def lose(route: Route) -> None:
        nonlocal answered
        answered += 1
        if answered == 1:
            route.fetch()
            assistant.patch(f"/todos/{todo['id']}", {"tags": ["home", "mine", "theirs"]})
            route.abort()
        else:
            route.continue_()

    visitor.go("inbox")
    visitor.page.route("**/batch", lose)
    panel = visitor.open("Pack")
    for tags in ("#home #mine", "#home #mine #more"):
        panel.get_by_label("Tags").fill(tags)
        visitor.page.keyboard.press("Tab")
    visitor.saved()
    assert answered > 1
    shows(lambda: sorted(client.get(f"/todos/{todo['id']}").json()["tags"]), ["home", "mine", "more", "theirs"])


def test_a_server_that_asks_for_a_pause_gets_it(visitor: Visitor, client: Client) -> None:
    pauses = {429: 1, 503: 2}
    asked: list[float] = []

    def refuse(route: Route) -> None:
        asked.append(monotonic())
        if len(asked) > len(pauses):
            route.continue_()
            return
        status, seconds = list(pauses.items())[len(asked) - 1]
        route.fulfill(status=status, json={"status": status}, headers={"Retry-After": str(seconds)})

    visitor.go("inbox")
    visitor.page.route("**/batch", refuse)
    visitor.add("Sent later")
    expect(visitor.page.locator(".banner")).to_contain_text("The server does not answer as it should. 1 change waits")
    # What is done meanwhile is no reason to ask sooner.
    visitor.add("And this")
    visitor.saved()
    expect(visitor.page.locator(".banner")).to_have_count(0)
    assert asked[1] - asked[0] >= pauses[429]
    assert asked[2] - asked[1] >= pauses[503]
    shows(lambda: titles(client), ["And this", "Sent later"])


FULL = """() => {
    const { add } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.add = () => { throw new DOMException("", "QuotaExceededError"); };
    globalThis.free = () => { IDBObjectStore.prototype.add = add; };
}"""


def test_where_there_is_no_room_the_page_says_so_and_what_was_typed_stays(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    visitor.add("Before")
    visitor.saved()
    visitor.page.evaluate(FULL)
    visitor.page.locator("#add").fill("No room for it")
    visitor.page.locator("#add").press("Enter")
    visitor.toast("Not saved. This browser stores nothing more for this page; it may be out of space.")
    expect(visitor.page.locator("#add")).to_have_value("No room for it")
    row = visitor.row("Before")
    row.locator(".title").focus()
    visitor.page.keyboard.press("e")
    editor = visitor.page.locator("#edit-title")
    editor.fill("After")
    editor.press("Enter")
    expect(editor).to_have_value("After")
    visitor.page.evaluate("free()")
    editor.press("Enter")
    visitor.page.locator("#add").press("Enter")
    visitor.saved()
    shows(lambda: titles(client), ["After", "No room for it"])


def test_where_the_browser_stores_nothing_the_page_says_so(visitor: Visitor) -> None:
    page = visitor.new_page()
    page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); };")
    page.goto(f"{visitor.url}/#/inbox")
    expect(page.get_by_role("alert")).to_contain_text("This browser does not let the page store anything")


def test_what_was_typed_is_saved_when_its_field_goes_away(visitor: Visitor, client: Client) -> None:
    visitor.go("inbox")
    visitor.add("One")
    visitor.add("Two")
    visitor.open("One")
    notes = visitor.open("Two").get_by_label("Notes")
    notes.fill("Of the second")
    visitor.page.go_back()
    expect(notes).to_have_value("")
    visitor.row("One").locator(".title").focus()
    visitor.page.keyboard.press("e")
    visitor.page.locator("#edit-title").fill("First")
    visitor.page.evaluate("location.hash = '#/today'")
    expect(visitor.page.get_by_role("heading", level=1, name="Today")).to_be_visible()
    visitor.saved()
    wanted = [("First", None), ("Two", "Of the second")]
    shows(lambda: sorted((todo["title"], todo["notes"]) for todo in client.rows("/todos")), wanted)


def test_what_is_being_typed_is_saved_when_the_page_goes_away_or_is_hidden(visitor: Visitor, client: Client) -> None:
    def note() -> str:
        notes: str = client.get("/todos").json()[0]["notes"]
        return notes

    visitor.go("inbox")
    visitor.add("Plan the beds")
    visitor.saved()
    notes = visitor.open("Plan the beds").get_by_label("Notes")
    notes.press_sequentially("Beans, then")
    visitor.page.reload()
    expect(notes).to_have_value("Beans, then")
    shows(note, "Beans, then")
    notes.press_sequentially(" leeks")
    visitor.page.evaluate(
        """() => {
             Object.defineProperty(document, "hidden", {configurable: true, get: () => true});
             document.dispatchEvent(new Event("visibilitychange"));
           }"""
    )
    shows(note, "Beans, then leeks")
    # Who comes back goes on typing.
    expect(notes).to_be_focused()
