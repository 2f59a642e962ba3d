"""The first sync, while todos are loaded and others are changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from playwright.sync_api import APIResponse, Route, expect

from tests.browser.visitor import Visitor
from tests.support.client import Client
from tests.support.waiting import eventually, shows

DEVICE = Path(__file__).with_name("device.js").read_text(encoding="utf-8")
PAGE = 20
PAGES = 5


def load(client: Client, part: int) -> None:
    commands = [{"op": "create", "body": {"title": f"{part}-{number}"}} for number in range(PAGE)]
    assert client.post("/batch", {"commands": commands}, prefer="wait=10").status_code == 200


def test_a_first_sync_during_a_load_ends_as_the_server(
    visitor: Visitor, client: Client, link: Callable[[], str]
) -> None:
    visitor.sign_out()
    for part in range(PAGES):
        load(client, part)
    asked = 0

    def ask_for_less(route: Route) -> None:
        nonlocal asked
        asked += 1
        if asked < PAGES:
            load(client, PAGES + asked)
            oldest, other, *_ = client.get("/todos?sort=created").json()
            client.seen.patch(f"/todos/{oldest['id']}", {"notes": f"Changed at page {asked}"})
            client.seen.delete(f"/todos/{other['id']}")
        address = urlsplit(route.request.url)
        query = urlencode(dict(parse_qsl(address.query)) | {"limit": str(PAGE)})
        route.continue_(url=address._replace(query=query).geturl())

    visitor.page.route("**/changes?*", ask_for_less)
    visitor.page.goto(link())
    visitor.page.get_by_role("button", name="Sign in").click()
    visitor.saved()
    visitor.page.unroute("**/changes?*")
    visitor.page.evaluate(DEVICE)

    def todos(rows: list[dict[str, Any]]) -> dict[str, Any]:
        return {row["id"]: row for row in rows}

    assert asked > PAGES
    shows(
        lambda: todos(visitor.page.evaluate("device.stored()")["todos"]) == todos(client.rows("/todos?limit=200")), True
    )
    visitor.go("everything")
    counter = visitor.page.locator("main .head .num")
    shows(counter.inner_text, str(len(client.rows("/todos?limit=200"))))
    titles = [todo["title"] for todo in visitor.page.evaluate("device.stored()")["todos"]]
    assert len(titles) == len(set(titles)) == PAGE * (2 * PAGES - 1) - (PAGES - 1)


def test_what_was_just_made_stays_where_the_lists_are_behind(
    visitor: Visitor, client: Client, link: Callable[[], str]
) -> None:
    visitor.sign_out()
    behind: list[APIResponse] = []
    answered = 0

    def answer(route: Route) -> None:
        """The first question is given up for what is to be sent, and the second gets an answer from before that."""
        nonlocal answered
        if not behind:
            behind.append(route.fetch())
        elif not answered:
            answered += 1
            route.fulfill(response=behind[0])

    visitor.page.route("**/changes?*", answer)
    visitor.page.goto(link())
    visitor.page.get_by_role("button", name="Sign in").click()
    expect(visitor.page.locator("#add")).to_be_visible()
    # Playwright calls the handler while it waits for the page.
    eventually(lambda: visitor.page.evaluate("true") and behind)
    visitor.add("Just made")
    visitor.saved()
    visitor.page.evaluate(DEVICE)
    assert answered == 1
    expect(visitor.row("Just made")).to_be_visible()
    assert [todo["title"] for todo in visitor.page.evaluate("device.stored()")["todos"]] == ["Just made"]
