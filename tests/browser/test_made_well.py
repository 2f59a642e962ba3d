"""Safe, accessible, and at home on any screen."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from stack.deploy import page as built
from tests.browser.visitor import Visitor
from tests.support.client import Client

INJECTIONS = (
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "javascript:alert(1)", "{{1+1}}${1+1}", "</a><b>bold",
    "\u202egnp.exe", "'\"><svg onload=alert(1)>",
)  # fmt: skip
MAX_KILOBYTES = 40


@pytest.fixture
def filled(client: Client) -> dict[str, Any]:
    """A list with something of everything; the todo that has most of it."""
    fields = {"notes": "A note.", "tags": ["home"], "priority": "high", "due": "2020-01-01", "repeat": "FREQ=WEEKLY"}
    todo: dict[str, Any] = client.post("/todos", {"title": "Everything at once", **fields}).json()
    client.post("/todos", {"title": "A part of it", "parent": todo["id"]})
    client.post("/todos", {"title": "In a list", "list": "Garden"})
    client.seen.post("/todos", {"title": "Done", "completed": True})
    return todo


def test_what_people_typed_is_text_and_nothing_else(visitor: Visitor, client: Client) -> None:
    visitor.page.on("dialog", lambda dialog: visitor.complaints.append(dialog.message))
    for text in INJECTIONS:
        client.seen.post("/todos", {"title": text, "notes": text, "tags": [text], "list": text, "source": text})
    visitor.go("everything")
    expect(visitor.page.locator("main .row")).to_have_count(len(INJECTIONS))
    assert sorted(visitor.titles()) == sorted(INJECTIONS)
    for text in INJECTIONS:
        panel = visitor.open(text)
        expect(panel.get_by_label("Notes")).to_have_value(text)
        expect(panel.locator(".event")).to_have_count(1)
    visitor.go("activity")
    expect(visitor.page.locator(".event").first).to_be_visible()
    assert visitor.page.locator("main img, main script, main b b, main svg[onload]").count() == 0


def test_the_page_asks_nobody_else(visitor: Visitor, filled: dict[str, Any]) -> None:
    visitor.go("everything")
    visitor.open(filled["title"])
    assert {address for address in visitor.requested if not address.startswith(f"{visitor.url}/")} == set()


def test_it_is_small() -> None:
    assets = [path for path in (built.BUILT / "assets").iterdir() if path.suffix in (".js", ".css")]
    assert len(assets) == 2
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in assets) <= MAX_KILOBYTES * 1000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_view(
    visit: Callable[..., Visitor], owner: str, filled: dict[str, Any], scheme: str
) -> None:
    visitor = visit(owner, color_scheme=scheme)
    found = {}
    for view in ("today", "inbox", "upcoming", "everything", "list/Garden", "list/Nothing", "activity"):
        visitor.go(view)
        expect(visitor.page.locator("main .row, main .event, main .empty").first).to_be_visible()
        found[view] = visitor.flaws()
    visitor.go(f"inbox?todo={filled['id']}")
    expect(visitor.page.locator("aside .event").first).to_be_visible()
    found["panel"] = visitor.flaws()
    visitor.page.locator("#add").fill("Repot it tomorrow #home")
    found["add line"] = visitor.flaws()
    visitor.page.keyboard.press("Escape")
    visitor.page.keyboard.press("?")
    expect(visitor.page.get_by_role("dialog")).to_be_visible()
    found["keys"] = visitor.flaws()
    assert {place: flaws for place, flaws in found.items() if flaws} == {}


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_needs_scrolling_sideways(
    visit: Callable[..., Visitor], owner: str, filled: dict[str, Any], client: Client, width: int
) -> None:
    client.seen.post("/todos", {"title": "Donaudampfschifffahrtsgesellschaftskapitänswitwe" * 3, "tags": ["long" * 16]})
    visitor = visit(owner, viewport={"width": width, "height": 800})
    for view in ("inbox", "everything", "activity", f"inbox?todo={filled['id']}"):
        visitor.go(view)
        expect(visitor.page.locator("main .row, main .event").first).to_be_visible()
        sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert visitor.page.evaluate(sideways) == 0, view


def test_on_a_narrow_screen_the_views_are_in_a_drawer(
    visit: Callable[..., Visitor], owner: str, filled: dict[str, Any]
) -> None:
    visitor = visit(owner, viewport={"width": 320, "height": 700}, has_touch=True)
    visitor.page.get_by_role("button", name="Views").click()
    visitor.page.get_by_role("dialog", name="Views").get_by_role("link", name="Garden").click()
    expect(visitor.page.get_by_role("heading", level=1, name="Garden")).to_be_visible()
    expect(visitor.row("In a list")).to_be_visible()
    assert visitor.flaws() == []
