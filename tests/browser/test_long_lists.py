"""A list of hundreds of todos, of which only those around what is seen are drawn."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from stack.local.local_stack import LocalStack
from tests.browser.conftest import CHROMIUM
from tests.browser.visitor import Visitor
from tests.support.client import Client
from tests.support.waiting import shows

COUNT = 400
# Rows that are drawn at least, also if fewer are seen, and at most: window.js.
LEAST = 80
MOST = 160

# Notes what changes in the sheet, other than the add line and what it understood.
WATCH = """() => {
  const all = { subtree: true, childList: true, attributes: true, characterData: true };
  const isElsewhere = ({ target }) => !(target.closest ? target : target.parentElement).closest(".add");
  const note = (records) => window.changed.push(...records.filter(isElsewhere).map(({ target }) => target.textContent));
  window.changed = [];
  new MutationObserver(note).observe(document.querySelector("main"), all);
}"""


@pytest.fixture
def long_list(client: Client, visitor: Visitor) -> Visitor:
    """Somebody who looks at a list of todos that are numbered in their order."""
    for start in range(0, COUNT, 100):
        body = [{"title": f"Todo {number}", "list": "Long", "order": number} for number in range(start, start + 100)]
        client.post("/batch", {"commands": [{"op": "create", "body": each} for each in body]})
    visitor.go("list/Long")
    expect(visitor.page.locator(".head .num")).to_have_text(str(COUNT))
    return visitor


def scroll_to_the_end(visitor: Visitor) -> None:
    """Scroll down until the last row is drawn."""
    last = visitor.page.locator("main .row .title").last
    while (seen := last.text_content() or "") != f"Todo {COUNT - 1}":
        last.scroll_into_view_if_needed()
        expect(last).not_to_have_text(seen)


def test_rows_come_and_go_with_what_is_seen(long_list: Visitor) -> None:
    page = long_list.page
    rows = page.locator("main .row")
    long_list.row("Todo 0").locator(".title").wait_for()
    scroll_to_the_end(long_list)
    expect(long_list.row("Todo 0")).to_have_count(0)
    assert rows.count() <= MOST
    numbers = [int(title.removeprefix("Todo ")) for title in long_list.titles()]
    assert numbers == list(range(numbers[0], COUNT))

    page.evaluate("scrollTo(0, 0)")
    expect(long_list.row("Todo 0")).to_be_in_viewport()
    expect(long_list.row(f"Todo {COUNT - 1}")).to_have_count(0)
    numbers = [int(title.removeprefix("Todo ")) for title in long_list.titles()]
    assert numbers == list(range(len(numbers)))


def test_keys_go_on_from_a_row_that_is_far_away(long_list: Visitor) -> None:
    page = long_list.page
    page.keyboard.press("j")
    expect(long_list.row("Todo 0").locator(".title")).to_be_focused()
    page.locator("#add").focus()
    scroll_to_the_end(long_list)
    expect(long_list.row("Todo 0")).to_have_count(0)
    page.locator("#add").evaluate("field => field.blur()")
    page.keyboard.press("j")
    expect(long_list.row("Todo 1").locator(".title")).to_be_focused()
    expect(long_list.row("Todo 1")).to_be_in_viewport()


def test_a_row_with_the_focus_stays(long_list: Visitor) -> None:
    page = long_list.page
    long_list.row("Todo 3").locator(".title").focus()
    scroll_to_the_end(long_list)
    expect(long_list.row("Todo 3").locator(".title")).to_be_focused()
    page.keyboard.press("x")
    expect(long_list.row("Todo 3").get_by_role("checkbox")).to_be_checked()


def test_typing_changes_the_add_line_alone(long_list: Visitor) -> None:
    page = long_list.page
    scroll_to_the_end(long_list)
    page.evaluate("scrollTo(0, 0)")
    # Until then the rows of the end are there; after it those of the beginning come, some at a time.
    expect(page.locator("#before")).to_have_count(0)
    shows(lambda: page.locator("main .row").count() >= LEAST, True)
    long_list.saved()
    page.evaluate(WATCH)
    page.locator("#add").press_sequentially("Order seeds tomorrow #garden !high")
    expect(page.locator(".add .part")).to_have_count(3)
    assert page.evaluate("window.changed") == []


def test_the_search_of_the_browser_finds_what_is_drawn_and_not_seen(long_list: Visitor) -> None:
    page = long_list.page
    shows(lambda: page.locator("main .row").count() >= LEAST, True)
    title = long_list.titles()[-1]
    expect(long_list.row(title)).not_to_be_in_viewport()
    shows(lambda: page.evaluate("title => window.find(title)", title), True)
    expect(long_list.row(title)).to_be_in_viewport()


@pytest.mark.usefixtures("long_list")
def test_a_screen_reader_has_what_is_drawn_and_not_seen(browser: Browser, stack: LocalStack, owner: str) -> None:
    arguments = ["--no-sandbox", "--force-renderer-accessibility"]
    with browser.browser_type.launch(executable_path=CHROMIUM, args=arguments) as reading:
        visitor = Visitor(reading, stack, owner, {})
        visitor.go("list/Long")
        shows(lambda: visitor.page.locator("main .row").count() >= LEAST, True)
        accessibility = visitor.context.new_cdp_session(visitor.page)
        accessibility.send("Accessibility.enable")

        def read() -> set[str]:
            nodes = accessibility.send("Accessibility.getFullAXTree")["nodes"]
            named = [node for node in nodes if "name" in node and node["role"]["value"] == "link"]
            return {node["name"]["value"] for node in named}

        shows(lambda: read() >= set(visitor.titles()), True)


def test_a_search_shows_what_matches_wherever_it_is(long_list: Visitor) -> None:
    page = long_list.page
    page.locator("#search").press_sequentially("todo 39")
    page.locator("#search").press("Enter")
    shows(long_list.titles, [f"Todo {number}" for number in range(COUNT) if "39" in str(number)])
    page.locator("#search").press("Escape")
    expect(page.locator(".head .num")).to_have_text(str(COUNT))
    expect(long_list.row("Todo 0")).to_be_in_viewport()


def test_the_past_of_a_long_list_goes_on_where_what_is_drawn_ends(long_list: Visitor) -> None:
    page = long_list.page
    long_list.go("past")
    page.get_by_role("slider", name="Day").press("End")
    page.get_by_role("slider", name="Time").press("End")
    expect(page.locator("main .group .num")).to_have_text(str(COUNT))
    assert page.locator("main .row").count() < COUNT
    scroll_to_the_end(long_list)


def test_a_jump_from_far_away_leaves_no_gap_before_a_row_with_the_focus(long_list: Visitor) -> None:
    page = long_list.page
    scroll_to_the_end(long_list)
    # That it has the focus keeps it drawn, and all between.
    last = long_list.row(f"Todo {COUNT - 1}").locator(".title")
    last.focus()
    page.evaluate("scrollTo(0, 0)")
    expect(long_list.row("Todo 0")).to_be_in_viewport()
    expect(last).to_be_focused()
    shows(long_list.titles, [f"Todo {number}" for number in range(COUNT)])
