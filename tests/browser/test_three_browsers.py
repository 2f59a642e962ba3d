"""Three browsers with one list, offline at random and killed at random: nothing that was typed is lost.

By default each makes 8 edits; 200 with ``--thorough 25``. A seed chooses them, and the moments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from stack.local.local_stack import LocalStack
from tests.browser.conftest import CHROMIUM
from tests.browser.profile import Profile
from tests.support.client import Client
from tests.support.thorough import many
from tests.support.waiting import eventually, shows

EDITS = many(8)
MAX_TODOS = 12
DEVICE = Path(__file__).with_name("device.js").read_text(encoding="utf-8")
FIELDS = {"add": "title", "title": "title", "notes": "notes", "tags": "tags"}
# How often each is done, where there is a todo to do it with.
DEEDS = {
    "add": 3,
    "title": 5,
    "open": 2,
    "notes": 4,
    "tags": 4,
    "toggle": 2,
    "remove": 1,
    "undo": 1,
    "up": 1,
    "down": 1,
}


class Device:
    """One browser of the three, and what was typed in it.

    Attributes
    ----------
    typed : list of tuple
        The field and the text of each edit that was on the disk when the next thing was done.
    """

    def __init__(self, profile: Profile, draw: Random, url: str, link: Callable[[], str]) -> None:
        self.name = profile.name
        self.typed: list[tuple[str, str]] = []
        self.did = 0
        self.kills = 0
        self._profile = profile
        self._draw = draw
        self._url = url
        self._link = link
        self._offline = False
        self._half_typed: tuple[str, str] | None = None
        self.open()

    @property
    def page(self) -> Any:
        return self._profile.page

    def open(self) -> None:
        """Start the browser; sign in, unless the one before was signed in here."""
        self._profile.start()
        self.be_offline(self._offline)
        if self._offline or self.kills:
            self.page.goto(f"{self._url}/#/everything")
            expect(self.page.locator("#add, .welcome")).to_be_visible()
        if not self.page.locator("#add").is_visible():
            # The first time; or it was killed before the browser had written down who was here.
            self.be_offline(False)
            self.page.goto(self._link())
            self.page.get_by_role("button", name="Sign in").click()
            expect(self.page.locator("#add")).to_be_visible()
            self.page.goto(f"{self._url}/#/everything")
            self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        expect(self.page.get_by_role("heading", level=1, name="Everything")).to_be_visible()
        self.page.evaluate(DEVICE)

    def be_offline(self, offline: bool) -> None:
        self._offline = offline
        self.page.context.set_offline(offline)

    def kill(self) -> None:
        """Kill the browser in the middle of what it does, and start it again."""
        self._profile.kill()
        self.kills += 1
        self._half_typed = None
        self.open()

    def step(self) -> None:
        """One random edit, and what may come around it."""
        draw = self._draw
        if draw.random() < 0.15:
            self.be_offline(not self._offline)
        if draw.random() < 0.1:
            self.choose()
        killed = draw.random() < max(0.02, 1 / EDITS / 1.5)
        self._act(acknowledged=not killed)
        self.did += 1
        if killed:
            self.kill()

    def _act(self, *, acknowledged: bool) -> None:
        if self._half_typed:
            typed, self._half_typed = self._half_typed, None
            # Where the row went away meanwhile, the page has saved what was in it.
            self._do({"kind": "close"}, typed, acknowledged=acknowledged)
            return
        ids = self.page.evaluate("device.rows()")
        kind = self._draw.choices(list(DEEDS), list(DEEDS.values()))[0] if len(ids) > 2 else "add"
        if kind == "add" and len(ids) >= MAX_TODOS:
            kind = "remove"
        text = f"{self.name}{self.did}"
        todo = self._draw.choice(ids) if ids else ""
        deed = {"kind": kind, "id": todo, "text": text, "less": self._draw.random() < 0.2}
        if kind == "open":
            if self.page.evaluate("deed => device.act(deed)", deed):
                self._half_typed = ("title", text)
            return
        self._do(deed, (FIELDS[kind], text) if kind in FIELDS else None, acknowledged=acknowledged)

    def _do(self, deed: dict[str, Any], typed: tuple[str, str] | None, *, acknowledged: bool) -> None:
        done = self.page.evaluate("deed => device.act(deed)", deed)
        if not acknowledged or not done or typed is None:
            return
        # IndexedDB does one thing after the other: what was done before is on the disk when it answers.
        self.page.evaluate("device.stored()")
        self.typed.append(typed)

    def choose(self) -> bool:
        """Let a person choose in one conflict, if there is any."""
        chosen: bool = self.page.evaluate("mine => device.choose(mine)", [self._draw.random() < 0.5 for _ in range(3)])
        return chosen

    def waiting(self) -> list[Any]:
        """What is not sent yet, when there is nothing to choose any more."""
        while self.choose():
            pass
        commands: list[Any] = self.page.evaluate("device.stored()")["commands"]
        return commands

    def todos(self) -> dict[str, Any]:
        return by_id(self.page.evaluate("device.stored()")["todos"])


@pytest.fixture
def devices(
    browser: Browser, stack: LocalStack, link: Callable[[], str], tmp_path: Path
) -> Iterator[Callable[[Random], list[Device]]]:
    """Starts the three browsers."""
    assert CHROMIUM is not None
    profiles = [Profile(browser.browser_type, CHROMIUM, tmp_path / name) for name in ("ada", "bob", "cyd")]

    def start(draw: Random) -> list[Device]:
        return [Device(profile, draw, stack.url, link) for profile in profiles]

    yield start
    for profile in profiles:
        profile.kill()


@pytest.mark.parametrize("seed", [1])
def test_three_browsers_end_as_the_server_and_nothing_typed_is_lost(
    devices: Callable[[Random], list[Device]], client: Client, seed: int
) -> None:
    draw = Random(seed)
    three = devices(draw)
    while working := [device for device in three if device.did < EDITS]:
        draw.choice(working).step()
    for device in three:
        device.be_offline(False)
    # What one sends can be another's conflict.
    shows(lambda: [device.waiting() for device in three], [[], [], []])
    eventually(lambda: all(device.todos() == by_id(client.rows("/todos?limit=200")) for device in three))
    typed = {each for device in three for each in device.typed}
    nothing: set[tuple[str, str]] = set()
    shows(lambda: typed - everything_once_written(client), nothing)


def by_id(todos: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {todo["id"]: todo for todo in todos}


def everything_once_written(client: Client) -> set[tuple[str, str]]:
    """Each field and text, or part of it, in any event of the ledger."""
    pages: list[Any] = client.pages("/activity?limit=200")
    events = [event for page in pages for event in page["events"]]
    values = [(field, value) for event in events for field, value in event["change"].items()]
    return {
        (field, text)
        for field, value in values
        for text in (value if isinstance(value, list) else [value])
        if isinstance(text, str)
    }
