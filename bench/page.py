"""The page's bars, in Chromium on a private local stack: `python -m bench.page`.

How long until the first list is complete and in its order, from nothing and from what is on the disk; and the longest
task of the page's thread while somebody types, completes, scrolls and reorders, from Chromium's trace. Beside each time
is its CPU time, of the page's thread and in a start from nothing of the service, too: what a machine would take at
least that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from stack.local.local_stack import LocalStack
from tests.support.client import Client
from tests.support.waiting import shows

SIZES: Final = (1000, 5000)
ROUNDS: Final = 5
LISTS: Final = ("inbox", "Garden", "Home", "Work", "Errands", "Books", "Money", "Travel")
TIMEOUT: Final = 120_000
# One in so many is completed.
DONE: Final = 5

# Tells when the list of the view shows all of its open todos, and when everything is synced.
_WATCH: Final = """expected => {
  const seen = window.seen = {};
  const look = () => {
    const count = document.querySelector("main .head .num")?.textContent.replace(/\\D/g, "");
    const rows = document.querySelector("main .rows .row");
    if (!rows || count !== String(expected)) return;
    const painted = () => setTimeout(() => seen.listed ??= performance.now());
    if (!seen.listed) requestAnimationFrame(painted);
    const saved = document.querySelector(".app > nav [role=status]")?.textContent.startsWith("All saved");
    if (saved) seen.synced ??= performance.now();
  };
  new MutationObserver(look).observe(document, {childList: true, subtree: true, characterData: true});
}"""

# Forgets all but who is signed in.
_EMPTY: Final = """async () => {
  for (const {name} of await indexedDB.databases()) {
    const opening = indexedDB.open(name);
    await new Promise((resolve) => { opening.onsuccess = resolve; });
    const database = opening.result;
    const transaction = database.transaction(["rows", "meta"], "readwrite");
    transaction.objectStore("rows").clear();
    transaction.objectStore("meta").delete("cursor");
    await new Promise((resolve) => { transaction.oncomplete = resolve; });
    database.close();
  }
  for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
  for (const name of await caches.keys()) await caches.delete(name);
}"""


@dataclass
class Figure:
    """Milliseconds of one measure in each round, and how many of them were CPU time."""

    bar: int
    taken: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


class Bench:
    """The figures by name, and the browser in which they are taken."""

    def __init__(self, browser: Browser, stack: LocalStack, rounds: int) -> None:
        self._rounds = rounds
        self._browser = browser
        self._stack = stack
        self.figures: dict[str, Figure] = {}

    def note(self, name: str, bar: int, taken: float, cpu: float) -> None:
        figure = self.figures.setdefault(name, Figure(bar))
        figure.taken.append(taken)
        figure.cpu.append(cpu)

    @contextmanager
    def signed_in(self, owner: str) -> Iterator[BrowserContext]:
        """A browser profile in which the owner is signed in, and stays so."""
        context = self._browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
        context.set_default_timeout(TIMEOUT)
        page = context.new_page()
        page.goto(self._stack.sign_in_link(owner))
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", level=1, name="Today").wait_for()
        page.close()
        yield context
        context.close()

    def starts(self, owner: str, count: int) -> None:
        """Starts from nothing, from the disk, and from the disk without a network."""
        with self.signed_in(owner) as context:
            for _ in range(self._rounds):
                self._empty(context)
                self._start(context, count, "cold", ("listed", 1000 if count == SIZES[0] else 3000), ("synced", 3000))
                self._start(context, count, "warm", ("listed", 300))
                context.set_offline(True)
                self._start(context, count, "warm, offline", ("listed", 300))
                context.set_offline(False)

    def _start(self, context: BrowserContext, count: int, name: str, *bars: tuple[str, int]) -> None:
        page = context.new_page()
        thread = context.new_cdp_session(page)
        thread.send("Performance.enable", {"timeDomain": "threadTicks"})
        service = self._stack.engine.pid if name == "cold" else None
        before = cpu_time(service) if service else 0
        self._open(page, count)
        for state, bar in bars:
            taken = _until(page, f"window.seen?.{state}")
            metrics = {metric["name"]: metric["value"] for metric in thread.send("Performance.getMetrics")["metrics"]}
            cpu = metrics["TaskDuration"] * 1000 + (cpu_time(service) - before if service else 0)
            self.note(f"{count:,} todos, {name}: {state}", bar, taken, cpu)
        _until(page, "navigator.serviceWorker.controller || navigator.serviceWorker.ready")
        page.close()

    def _empty(self, context: BrowserContext) -> None:
        page = context.new_page()
        # A page of the same origin that runs no script.
        page.goto(f"{self._stack.url}/health")
        page.evaluate(_EMPTY)
        context.new_cdp_session(page).send("Network.clearBrowserCache")
        page.close()

    def _open(self, page: Page, count: int) -> None:
        page.add_init_script(f"({_WATCH})({count - count // DONE})")
        page.goto(f"{self._stack.url}/#/everything", wait_until="commit")

    def tasks(self, owner: str, count: int, slowdown: int) -> None:
        """The longest tasks of what people do."""
        with self.signed_in(owner) as context:
            page = context.new_page()
            self._open(page, count)
            _until(page, "window.seen?.synced")
            cdp = context.new_cdp_session(page)
            cdp.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
            for name, act in ACTS.items():
                for _ in range(self._rounds):
                    with traced(cdp) as tasks:
                        act(page)
                        _rest(page)
                    longest, cpu = (max(times) for times in zip(*tasks, strict=True))
                    share = f", a {slowdown}th of the CPU" if slowdown > 1 else ""
                    self.note(f"{count:,} todos{share}: {name}", 100 if slowdown > 1 else 50, longest, cpu)
            cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})


def _until(page: Page, expression: str) -> Any:
    """The expression's value once it has one. Playwright's own waiting needs `eval`, which the page forbids."""
    look = f"const found = {expression}; if (found) {{ clearInterval(timer); resolve(found); }}"
    return page.evaluate(f"new Promise((resolve) => {{ const timer = setInterval(() => {{ {look} }}, 20); }})")


def cpu_time(pid: int) -> float:
    """Milliseconds of CPU time of a process and of those that it started (Linux)."""
    try:
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = [
            child for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()
        ]
    except OSError:
        return 0
    own = (int(times[11]) + int(times[12])) * 1000 / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_time(int(child)) for child in children)


def _rest(page: Page) -> None:
    """Wait until all is saved, and the page has nothing to do."""
    _until(page, "document.querySelector('.app > nav [role=status]').textContent.startsWith('All saved')")
    page.evaluate("new Promise((resolve) => requestIdleCallback(() => requestIdleCallback(resolve)))")


@contextmanager
def traced(cdp: CDPSession) -> Iterator[list[tuple[float, float]]]:
    """The tasks of the page's thread meanwhile, as milliseconds of (time, CPU time)."""
    tasks: list[tuple[float, float]] = []
    ended: list[dict[str, Any]] = []

    def listen(event: dict[str, Any]) -> None:
        ended.append(event)

    cdp.on("Tracing.tracingComplete", listen)
    categories = ["disabled-by-default-devtools.timeline", "devtools.timeline", "__metadata"]
    cdp.send("Tracing.start", {"transferMode": "ReturnAsStream", "traceConfig": {"includedCategories": categories}})
    yield tasks
    mark = "marks the thread of the page"
    cdp.send("Runtime.evaluate", {"expression": f"console.timeStamp({mark!r})"})
    cdp.send("Tracing.end")
    while not ended:
        cdp.send("Runtime.evaluate", {"expression": "0"})
    cdp.remove_listener("Tracing.tracingComplete", listen)
    events = json.loads(_read(cdp, ended[0]["stream"]))["traceEvents"]
    thread = next((e["pid"], e["tid"]) for e in events if e["name"] == "TimeStamp" and mark in str(e["args"]))
    tasks += [
        (event["dur"] / 1000, event.get("tdur", 0) / 1000)
        for event in events
        if event["name"] == "RunTask" and event.get("dur") and (event["pid"], event["tid"]) == thread
    ]


def _read(cdp: CDPSession, stream: str) -> str:
    parts: list[str] = []
    while True:
        part = cdp.send("IO.read", {"handle": stream})
        parts.append(part["data"])
        if part["eof"]:
            cdp.send("IO.close", {"handle": stream})
            return "".join(parts)


def _type(page: Page) -> None:
    page.locator("#add").press_sequentially("Buy seeds tomorrow #garden")
    page.locator("#add").press("Escape")


def _toggle(page: Page) -> None:
    for _ in range(2):
        page.locator("main .row .box").nth(3).click()
        page.wait_for_timeout(1200)
        page.keyboard.press("z")


def _scroll(page: Page) -> None:
    page.mouse.move(640, 500)
    for _ in range(40):
        page.mouse.wheel(0, 1000)
        page.wait_for_timeout(20)


def _type_far_down(page: Page) -> None:
    _scroll(page)
    _type(page)


def _reorder(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#/inbox")
    page.locator("main .row .title").nth(3).focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowDown", "ArrowDown"):
        page.keyboard.press(f"Alt+{key}")
        page.wait_for_timeout(100)


def _search(page: Page) -> None:
    page.locator("#search").press_sequentially("boiler 12")
    page.locator("#search").press("Escape")


ACTS: Final[dict[str, Callable[[Page], None]]] = {
    "typing": _type,
    "searching": _search,
    "completing and undoing": _toggle,
    "scrolling": _scroll,
    "typing far down, and back at the top": _type_far_down,
    "completing there": _toggle,
    "reordering": _reorder,
}


def todos(count: int) -> Iterator[dict[str, Any]]:
    """Todos as people have them."""
    chance = random.Random(count)
    today = datetime.now().astimezone().date()
    for number in range(count):
        day = today + timedelta(days=chance.randrange(-20, 200))
        yield {
            "title": f"Ask the landlord about boiler {number}",
            "list": "inbox" if chance.random() < 0.5 else chance.choice(LISTS),
            "order": chance.randrange(count * 8) * 128,
            "tags": chance.sample(("phone", "urgent", "later", "with Sam"), chance.randrange(3)),
            "priority": chance.choice(("none", "none", "none", "low", "high")),
            "notes": "It makes the noise again, mostly in the morning. " if chance.random() < 0.2 else None,
            "due": chance.choice((None, None, day.isoformat(), f"{day}T09:00:00+01:00")),
            "completed": number % DONE == 0,
        }


def load(stack: LocalStack, owner: str, count: int) -> None:
    """Give an owner so many todos, unless they are there."""
    client = Client(stack.url, stack.token(owner))
    if client.get("/stats").json()["total"] == count:
        return
    with tempfile.TemporaryDirectory(prefix="todo-ledger-bench-") as directory:
        file = Path(directory, "todos.jsonl")
        file.write_text("".join(json.dumps(todo) + "\n" for todo in todos(count)))
        stack.run_module("loaders", str(file), "--owner", owner)
    shows(lambda: client.get("/stats").json()["total"], count)


def main() -> None:
    """Measure; this takes minutes."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("--stack", type=Path, help="a directory whose stack stays, so that loading is done once")
    parser.add_argument("--only", choices=("starts", "tasks", "slow"), help="one part of it")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory(prefix="todo-ledger-bench-") as directory, sync_playwright() as playwright:
        stack = LocalStack(asked.stack or Path(directory, "stack"), attached=not asked.stack, persist=False)
        stack.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            bench = Bench(browser, stack, asked.rounds)
            for count in SIZES:
                load(stack, f"bench-{count}", count)
            if asked.only in (None, "starts"):
                for count in SIZES:
                    bench.starts(f"bench-{count}", count)
            if asked.only in (None, "tasks"):
                bench.tasks(f"bench-{SIZES[-1]}", SIZES[-1], 1)
            if asked.only in (None, "slow"):
                bench.tasks(f"bench-{SIZES[-1]}", SIZES[-1], 4)
            _print(bench)
        finally:
            browser.close()
            if not asked.stack:
                stack.stop()


def _print(bench: Bench) -> None:
    print("| ms, medians | bar | time | fastest | CPU time |\n|---|---|---|---|---|")
    for name, figure in bench.figures.items():
        times = statistics.median(figure.taken), min(figure.taken), statistics.median(figure.cpu)
        print(f"| {name} | {figure.bar:,} | {' | '.join(f'{time:,.0f}' for time in times)} |")


if __name__ == "__main__":
    main()
