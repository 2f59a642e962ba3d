"""The behaviours of TodoMVC's specification (https://github.com/tastejs/todomvc/blob/master/app-spec.md).

Four of them the page has in another form, or not at all:

- The field for a new todo has no focus at first: screen readers would begin in the middle of the page, and the single
  keys of the whole page would be text. `n` goes there.
- "Mark all as complete" is a button that says what it does to how many, in each list: years of todos in Everything are
  not completed by one click.
- There is no button on hover that deletes: what only a pointer can find is not accessible. The Delete key and the panel
  do it, with Undo.
- The counter is the number of open todos beside the title, of each view and list, without "items left".
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from stack.local.local_stack import LocalStack
from tests.browser.visitor import Visitor


@pytest.fixture(scope="module")
def anybody(browser: Browser, stack: LocalStack) -> Iterator[Visitor]:
    """One browser for all of these tests: each has a list of its own."""
    visitor = Visitor(browser, stack, f"owner-{uuid.uuid4()}", {})
    yield visitor
    visitor.context.close()
    assert visitor.complaints == []


@pytest.fixture
def visitor(anybody: Visitor) -> Visitor:
    """A person before an empty list."""
    anybody.go(f"list/{uuid.uuid4()}")
    expect(anybody.page.locator("main .empty")).to_be_visible()
    return anybody


@pytest.fixture
def three(visitor: Visitor) -> Visitor:
    """A person before three todos, the second of them completed."""
    for title in ("one", "two", "three"):
        visitor.add(title)
    visitor.row("two").get_by_role("checkbox").click()
    expect(titles(visitor)).to_have_text(["one", "three", "two"])
    return visitor


def titles(visitor: Visitor) -> Locator:
    return visitor.page.locator("main .row .title")


def edit(visitor: Visitor, title: str) -> Locator:
    """The field that opens by a double click on a title."""
    visitor.row(title).locator(".title").dblclick()
    editor = visitor.page.locator("#edit-title")
    expect(editor).to_be_focused()
    return editor


def test_without_todos_there_is_nothing_to_clear(visitor: Visitor) -> None:
    expect(visitor.page.locator("main section")).to_have_count(0)
    expect(visitor.page.get_by_role("button", name=re.compile("^Clear"))).to_have_count(0)


def test_a_new_todo_comes_last_and_empties_the_field(visitor: Visitor) -> None:
    for title in ("first", "second"):
        visitor.page.locator("#add").fill(title)
        visitor.page.locator("#add").press("Enter")
        expect(visitor.page.locator("#add")).to_have_value("")
    expect(titles(visitor)).to_have_text(["first", "second"])


def test_a_new_title_is_trimmed(visitor: Visitor) -> None:
    visitor.add("   with spaces around   ")
    assert titles(visitor).evaluate("link => link.textContent") == "with spaces around"


def test_of_spaces_alone_nothing_is_made(visitor: Visitor) -> None:
    visitor.page.locator("#add").fill("   ")
    visitor.page.locator("#add").press("Enter")
    visitor.add("made after it")
    expect(titles(visitor)).to_have_text(["made after it"])


def test_a_click_on_its_box_completes_and_reopens(three: Visitor) -> None:
    box = three.row("one").get_by_role("checkbox")
    box.click()
    expect(three.row("one")).to_have_class(re.compile(r"\bdone\b"))
    expect(box).to_be_checked()
    box.click()
    expect(three.row("one")).not_to_have_class(re.compile(r"\bdone\b"))
    expect(box).not_to_be_checked()


def test_a_double_click_edits_the_title_in_its_place(three: Visitor) -> None:
    editor = edit(three, "one")
    expect(editor).to_have_value("one")
    expect(three.row("one")).to_have_count(0)
    editor.press("Escape")


def test_the_first_click_of_two_moves_nothing(three: Visitor) -> None:
    title = three.row("one").locator(".title")
    place = title.bounding_box()
    title.click()
    expect(three.page.get_by_role("complementary")).to_be_visible()
    assert title.bounding_box() == place


def test_enter_saves_the_trimmed_title(three: Visitor) -> None:
    editor = edit(three, "one")
    editor.fill("  uno  ")
    editor.press("Enter")
    expect(editor).to_have_count(0)
    expect(titles(three)).to_have_text(["uno", "three", "two"])


def test_leaving_the_field_saves_the_title(three: Visitor) -> None:
    editor = edit(three, "one")
    editor.fill("uno")
    editor.blur()
    expect(editor).to_have_count(0)
    expect(titles(three)).to_have_text(["uno", "three", "two"])


def test_escape_leaves_the_title_as_it_was(three: Visitor) -> None:
    editor = edit(three, "one")
    editor.fill("uno")
    editor.press("Escape")
    expect(editor).to_have_count(0)
    expect(titles(three)).to_have_text(["one", "three", "two"])


def test_an_emptied_title_deletes(three: Visitor) -> None:
    editor = edit(three, "one")
    editor.fill("  ")
    editor.press("Enter")
    expect(titles(three)).to_have_text(["three", "two"])


def test_the_delete_key_deletes(three: Visitor) -> None:
    three.row("one").locator(".title").focus()
    three.page.keyboard.press("Delete")
    expect(titles(three)).to_have_text(["three", "two"])


def test_the_counter_counts_what_is_open(three: Visitor) -> None:
    counter = three.page.locator("main .head .num")
    expect(counter).to_have_text("2")
    three.row("one").get_by_role("checkbox").click()
    expect(counter).to_have_text("1")
    three.row("one").get_by_role("checkbox").click()
    expect(counter).to_have_text("2")


def test_all_that_are_open_are_completed_at_once_and_all_reopened_where_none_is(three: Visitor) -> None:
    complete = three.page.get_by_role("button", name="Complete all 2")
    complete.focus()
    three.page.keyboard.press("Enter")
    expect(three.page.locator("main .row.done")).to_have_count(3)
    reopen = three.page.get_by_role("button", name="Reopen all 3")
    # The same button: the focus is where it was.
    expect(reopen).to_be_focused()
    three.toast("Completed 2 todos.").get_by_role("button", name="Undo").click()
    expect(three.page.locator("main .row.done")).to_have_count(1)
    complete.click()
    reopen.click()
    expect(three.page.locator("main .row.done")).to_have_count(0)
    expect(three.page.get_by_role("button", name="Complete all 3")).to_be_visible()


def test_all_are_those_that_are_shown(three: Visitor) -> None:
    three.page.get_by_role("searchbox").fill("one")
    three.page.get_by_role("button", name="Complete all 1").click()
    three.page.get_by_role("searchbox").press("Escape")
    expect(three.row("one")).to_have_class(re.compile(r"\bdone\b"))
    expect(three.row("three")).not_to_have_class(re.compile(r"\bdone\b"))


def test_without_todos_there_is_nothing_to_complete(visitor: Visitor) -> None:
    expect(visitor.page.get_by_role("button", name=re.compile("all"))).to_have_count(0)


def test_clear_deletes_what_is_completed_and_is_there_only_then(three: Visitor) -> None:
    clear = three.page.get_by_role("button", name="Clear 1")
    clear.click()
    expect(titles(three)).to_have_text(["one", "three"])
    expect(clear).to_have_count(0)


def test_a_reload_keeps_the_todos_and_not_the_editing(three: Visitor) -> None:
    edit(three, "one")
    three.page.reload()
    expect(titles(three)).to_have_text(["one", "three", "two"])
    expect(three.row("two").get_by_role("checkbox")).to_be_checked()
    expect(three.page.locator("#edit-title")).to_have_count(0)


def test_a_filter_is_in_the_address_and_outlives_a_reload(three: Visitor) -> None:
    for name, shown in (("Active", ["one", "three"]), ("Completed", ["two"]), ("All", ["one", "three", "two"])):
        link = three.page.get_by_role("link", name=name, exact=True)
        link.click()
        for _ in range(2):
            expect(titles(three)).to_have_text(shown)
            expect(link).to_have_attribute("aria-current", "true")
            three.page.reload()


def test_back_goes_through_the_filters(three: Visitor) -> None:
    three.page.get_by_role("link", name="Active", exact=True).click()
    expect(titles(three)).to_have_text(["one", "three"])
    three.page.get_by_role("link", name="Completed", exact=True).click()
    expect(titles(three)).to_have_text(["two"])
    three.page.go_back()
    expect(titles(three)).to_have_text(["one", "three"])
    three.page.go_back()
    expect(titles(three)).to_have_text(["one", "three", "two"])


def test_what_is_completed_leaves_the_filter_of_the_active_ones(three: Visitor) -> None:
    three.page.get_by_role("link", name="Active", exact=True).click()
    three.row("one").get_by_role("checkbox").click()
    expect(titles(three)).to_have_text(["three"])
