"""Safe, accessible, and at home on any screen."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from stack.deploy import page as built
from stack.local.local_stack import LocalStack
from tests.browser import audits
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
    # Its tag is right below its title.
    client.post("/todos", {"title": "In a list", "list": "Garden", "tags": ["below"]})
    client.seen.post("/todos", {"title": "Done", "completed": True})
    return todo


def test_what_people_typed_is_text_and_nothing_else(
    visitor: Visitor, client: Client, stack: LocalStack, owner: str
) -> None:
    visitor.page.on("dialog", lambda dialog: visitor.complaints.append(dialog.message))
    for text in INJECTIONS:
        # Who acts for an owner, and with what, are names that somebody else has chosen, too.
        somebody = Client(stack.url, stack.issuer.token(owner, actor=f"{text} actor", client=f"{text} client"))
        fields = {"notes": text, "tags": [text], "list": text, "source": text, "metadata": {text: text}}
        todo = somebody.seen.post("/todos", {"title": text, **fields}).json()
        client.seen.post("/todos", {"title": f"{text} part", "parent": todo["id"], "list": text})
    visitor.go("everything")
    expect(visitor.page.locator("main .row")).to_have_count(2 * len(INJECTIONS))
    assert sorted(visitor.titles()) == sorted([*INJECTIONS, *(f"{text} part" for text in INJECTIONS)])
    lists = visitor.page.locator(".app > nav [data-list] .name")
    assert sorted(lists.all_inner_texts()) == sorted(INJECTIONS)
    assert sorted(visitor.page.locator("main .group span:first-child").all_inner_texts()) == sorted(INJECTIONS)
    for text in INJECTIONS:
        panel = visitor.open(text)
        expect(panel.get_by_label("Title")).to_have_value(text)
        expect(panel.get_by_label("Notes")).to_have_value(text)
        expect(panel.get_by_label("List")).to_have_value(text)
        expect(panel.get_by_label("Tags")).to_have_value(f"#{text}")
        expect(panel.locator(".row .title")).to_have_text([f"{text} part"])
        expect(panel.locator(".event")).to_have_count(1)
        expect(panel.locator(".event b")).to_have_text([f"{text} actor"])
        expect(panel.locator(".event .soft")).to_contain_text(f"{text} client")
    visitor.page.locator(".app > nav").get_by_role("link", name=INJECTIONS[0]).click()
    visitor.page.get_by_role("button", name="Rename").click()
    expect(visitor.page.get_by_label("New name")).to_have_value(INJECTIONS[0])
    visitor.page.keyboard.press("Escape")
    visitor.go("activity")
    expect(visitor.page.locator(".event").first).to_be_visible()
    filters = visitor.page.get_by_role("list", name="By whom").get_by_role("link")
    assert set(filters.all_inner_texts()) >= {f"{text} actor" for text in INJECTIONS}
    visitor.go("past")
    for slider in ("Day", "Time"):
        visitor.page.get_by_role("slider", name=slider).press("End")
    expect(visitor.page.locator("main .row")).to_have_count(2 * len(INJECTIONS))
    injected = (
        "main img, main script, nav img, nav script, aside img, aside script, b b, svg[onload], [href^=javascript]"
    )
    assert visitor.page.locator(injected).count() == 0


def test_a_line_with_an_injection_is_text(visitor: Visitor) -> None:
    visitor.page.on("dialog", lambda dialog: visitor.complaints.append(dialog.message))
    visitor.go("everything")
    for text in INJECTIONS:
        visitor.page.locator("#add").fill(f'{text} #{text} @"{text}" !high')
        visitor.page.locator("#add").press("Enter")
        expect(visitor.page.locator("#add")).to_have_value("")
        visitor.page.get_by_role("searchbox").fill(text)
        visitor.page.get_by_role("searchbox").press("Escape")
    assert visitor.page.locator("main img, main script, main svg[onload], .toast img").count() == 0


def test_the_page_asks_nobody_else(visitor: Visitor, filled: dict[str, Any]) -> None:
    visitor.go("everything")
    visitor.open(filled["title"])
    assert {address for address in visitor.requested if not address.startswith(f"{visitor.url}/")} == set()


def test_it_can_be_installed(visitor: Visitor) -> None:
    visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    errors = visitor.context.new_cdp_session(visitor.page).send("Page.getInstallabilityErrors")["installabilityErrors"]
    # Each test has a profile that keeps nothing.
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []


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
    for view in ("today", "inbox", "upcoming", "everything", "list/Garden", "list/Nothing", "activity", "past"):
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


def test_all_that_lighthouse_looks_at_is_looked_at(visitor: Visitor) -> None:
    assert audits.unknown_rules(visitor.page) == set()


SCREENS: dict[str, dict[str, Any]] = {
    "zoomed to 200 %": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
    "zoomed to 400 %": {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4},
    "from the right": {"locale": "he-IL", "viewport": {"width": 320, "height": 700}},
    "forced colours": {"forced_colors": "active"},
    "more contrast and no motion": {"contrast": "more", "reduced_motion": "reduce"},
}


@pytest.mark.parametrize("screen", SCREENS)
def test_whatever_the_screen_nothing_is_cut_off_and_the_focus_is_seen(
    visit: Callable[..., Visitor], owner: str, filled: dict[str, Any], screen: str
) -> None:
    visitor = visit(owner, **SCREENS[screen])
    found: dict[str, Any] = {}
    views = {
        "today": "main .row", "list/Garden": "main .row", "activity": "main .event", "past": "main .slider",
        f"inbox?todo={filled['id']}": "aside .event",
    }  # fmt: skip
    for view, sign in views.items():
        visitor.go(view)
        expect(visitor.page.locator(sign).first).to_be_visible()
        found[view] = [*audits.cut_off(visitor.page), *audits.unseen_focus(visitor.page, stops=12)]
    found["panel"] = visitor.flaws()
    visitor.page.get_by_role("button", name="Other…").click()
    expect(visitor.page.get_by_role("dialog")).to_be_visible()
    found["repeat"] = [*audits.cut_off(visitor.page), *visitor.flaws()]
    assert {place: flaws for place, flaws in found.items() if flaws} == {}


def test_it_is_written_from_the_right_where_the_language_is(visit: Callable[..., Visitor], owner: str) -> None:
    visitor = visit(owner, locale="ar-EG")
    views, sheet = (visitor.page.locator(place).bounding_box() for place in (".app > nav", "main"))
    assert views is not None
    assert sheet is not None
    assert views["x"] > sheet["x"]


def test_what_a_person_asks_of_the_screen_is_done(
    visit: Callable[..., Visitor], owner: str, filled: dict[str, Any]
) -> None:
    def look(visitor: Visitor) -> dict[str, str]:
        visitor.go("inbox")
        expect(visitor.page.locator("main .row").first).to_be_visible()
        found: dict[str, str] = visitor.page.evaluate(
            """() => {
                 const of = (selector) => getComputedStyle(document.querySelector(selector));
                 return {soft: of(".soft").color, ink: of("body").color, motion: of(".row").transitionDuration};
               }"""
        )
        return found

    usual = look(visit(owner))
    assert usual["soft"] != usual["ink"]
    assert usual["motion"] != "0s"
    contrasted = look(visit(owner, contrast="more"))
    assert contrasted["soft"] == contrasted["ink"]
    assert look(visit(owner, reduced_motion="reduce"))["motion"] == "0s"


def test_what_is_open_looks_open_in_forced_colours(
    visit: Callable[..., Visitor], owner: str, filled: dict[str, Any]
) -> None:
    visitor = visit(owner, forced_colors="active")
    visitor.go("inbox")
    # There, no colour is transparent.
    expect(visitor.row("Done").locator(".box .icon")).to_be_visible()
    expect(visitor.row("Everything at once").locator(".box .icon")).to_be_hidden()
