"""Names of lists in paths and in queries: gateways decode the one and not the other."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from stack.smoke.outcome import expect
from stack.smoke.run import Run

NAMES: Final = ("a/b", "50% c+d", "#1 ?&=", "Größe 日本", "e..f;g,h")


def by_path(run: Run) -> str:
    """A list is found by its name in the path, with /, %, +, # and spaces in it."""
    for suffix in NAMES:
        path = run.list_path(suffix)
        made = run.made(run.api.post(path, {"title": f"{run.name}: by path"}, prefer="wait=10")).json()
        expect(made["list"] == run.list_name(suffix), f"the list {run.list_name(suffix)!r} arrived as {made['list']!r}")
        _wait_until_shown(run, path, made["id"])
    return ""


def by_query(run: Run) -> str:
    """A list is found by its name in the query."""
    for suffix in NAMES:
        made = run.create("by query", suffix=suffix, headers={"prefer": "wait=10"}).json()
        _wait_until_shown(run, f"/todos?list={quote(run.list_name(suffix), safe='')}", made["id"])
    return ""


def _wait_until_shown(run: Run, path: str, todo_id: str) -> None:
    def is_shown() -> bool:
        return any(todo["id"] == todo_id for todo in run.api.quiet.get(path).expect(200).json())

    run.wait_for(f"the todo in {path}", is_shown, seconds=30)
