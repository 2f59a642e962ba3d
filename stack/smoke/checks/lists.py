"""A long list, loaded by the loader and cleared by the queue's worker, page by page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from stack.settings import REPOSITORY
from stack.smoke.outcome import expect
from stack.smoke.run import Run, timed

SUFFIX: Final = "long"
_LOAD_SECONDS: Final = 240
_CLEAR_SECONDS: Final = 240
_MAX_SHOWN: Final = 300


def load(run: Run) -> str:
    """The loader brings todos in over HTTP, and the list counts them all."""
    count = run.options.todos
    run.on_end("the loaded todos", lambda: _delete_what_is_left(run))
    with tempfile.TemporaryDirectory() as directory, timed() as seconds:
        file = Path(directory) / "todos.jsonl"
        rows = ({"title": f"{run.name}: {n}", "list": run.list_name(SUFFIX)} for n in range(count))
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        arguments = [str(file), "--to", run.url, "--format", "jsonl", "--source", run.name, "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "loaders", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, "TODO_LEDGER_TOKEN": run.options.token},
            capture_output=True,
            text=True,
            timeout=_LOAD_SECONDS,
            check=False,
        )
        took = seconds()
    expect(done.returncode == 0, f"the loader ended with {done.returncode}: {done.stderr[-_MAX_SHOWN:]}")
    added = json.loads(done.stdout)["files"][0]["added"]
    expect(added == count, f"{added:,} of {count:,} were added")
    run.begun[SUFFIX] = count
    run.wait_for(f"the count of {count:,}", lambda: _total(run) == count, seconds=60)
    return f"{count:,} in {took:.1f} s"


def clear(run: Run) -> str:
    """The list is cleared to the last todo: Lambda does not take its pages, 200 todos each, for an endless loop."""
    expect(SUFFIX in run.begun, "they were not loaded")
    with timed() as seconds:
        run.api.quiet.delete(run.list_path(SUFFIX)).expect(202 if run.options.todos > 200 else 204)
        run.wait_for("the empty list", lambda: _total(run) == 0, seconds=_CLEAR_SECONDS, poll=1)
        return f"{run.begun[SUFFIX]:,} in {seconds():.1f} s"


def renamed(run: Run) -> str:
    """A list that is renamed brings its todos along."""
    made = run.create("to be moved", suffix="before", headers={"prefer": "wait=10"}).json()
    path = run.list_path("before").removesuffix("/todos")
    run.wait_for("the list before it is renamed", lambda: _names(run, "before"), seconds=30)
    run.api.post(f"{path}/rename", {"to": run.list_name("after")}).expect(200)
    found = run.api.get(f"/todos/{made['id']}").expect(200).json()["list"]
    expect(found == run.list_name("after"), f"the todo is in the list {found!r}")
    return ""


def _names(run: Run, suffix: str) -> bool:
    return bool(run.api.quiet.get(run.list_path(suffix)).expect(200).json())


def _total(run: Run) -> int:
    """How many todos the views count in the long list."""
    path, name = "/lists?limit=200", run.list_name(SUFFIX)
    while path:
        answer = run.api.quiet.get(path).expect(200)
        for row in answer.json():
            if row["list"] == name:
                return int(row["total"])
        path = _next_path(run.url, answer.headers.get("link", ""))
    return 0


def _next_path(url: str, link: str) -> str:
    """The path in a Link header to the next page; empty without one."""
    target, _, relation = link.partition(">")
    return target.removeprefix("<").removeprefix(url) if 'rel="next"' in relation else ""


def _delete_what_is_left(run: Run) -> None:
    """Delete page by page what the list shows, without the queue that may be what is broken."""

    def is_empty() -> bool:
        rows = run.api.quiet.get(f"{run.list_path(SUFFIX)}?limit=200").expect(200).json()
        run.delete([row["id"] for row in rows])
        return not rows

    run.wait_for("the empty list", is_empty, seconds=_CLEAR_SECONDS)
