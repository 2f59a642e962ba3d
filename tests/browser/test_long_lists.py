"""A list of hundreds of todos, of which only those around what is seen are drawn."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.support.client import Client

COUNT = 400
# Rows that are drawn at once at most: window.js.
MOST = 160


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
    while (seen := last.inner_text()) != f"Todo {COUNT - 1}":
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
