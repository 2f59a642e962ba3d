"""vdirsyncer fetches the feed into a directory, and todoman lists it from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.http.feeds.test_feeds import made
from tests.support.client import Client

BIN = Path(sys.executable).parent


class Desktop:
    """A home directory with vdirsyncer and todoman set up for one feed."""

    def __init__(self, home: Path, url: str) -> None:
        self.todos = home / "calendars" / "todos"
        self.todos.mkdir(parents=True)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "VDIRSYNCER_CONFIG": str(home / "vdirsyncer"),
            "TODOMAN_CONFIG": str(home / "todoman.py"),
        }
        (home / "vdirsyncer").write_text(
            f"""
[general]
status_path = "{home}/status"
[pair todos]
a = "here"
b = "feed"
collections = null
conflict_resolution = "b wins"
[storage here]
type = "filesystem"
path = "{self.todos}"
fileext = ".ics"
[storage feed]
type = "http"
url = "{url}"
"""
        )
        (home / "todoman.py").write_text(
            f'path = "{home}/calendars/*"\ndate_format = "%Y-%m-%d"\ntime_format = "%H:%M"\ndefault_list = "todos"\n'
        )

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            env=self._environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def sync(self) -> None:
        self.run("vdirsyncer", "sync")

    def listed(self, *filters: str) -> dict[str, dict[str, Any]]:
        """What todoman lists, by title."""
        found = json.loads(self.run("todo", "--porcelain", "list", *filters))
        return {each["summary"]: each for each in found}


@pytest.fixture
def desktop(client: Client, tmp_path: Path) -> Desktop:
    desktop = Desktop(tmp_path, made(client, lists=["garden"])["url"])
    desktop.run("vdirsyncer", "discover")
    return desktop


def test_vdirsyncer_and_todoman_read_the_feed(client: Client, desktop: Desktop) -> None:
    nasty = 'Dig; over, the "bed"\\ ü 🌱'
    garlic = client.created_and_seen(
        "Plant the garlic", list="garden", due="2027-12-01T09:00:00+01:00", priority="high", tags=["outdoor", "ü"],
        notes="Cloves:\n- in the shed\u2028- dry", repeat="FREQ=WEEKLY", remind_at="2027-11-30",
    )  # fmt: skip
    bed = client.created_and_seen(nasty, list="garden", notes="ü" * 200 + "\x0b\x85BEGIN:VTODO\r\nEND:VTODO")
    client.created_and_seen("Elsewhere", list="inbox")

    desktop.sync()

    assert len(list(desktop.todos.iterdir())) == 2
    listed = desktop.listed()
    assert listed.keys() == {"Plant the garlic", nasty}
    shown = listed["Plant the garlic"]
    assert (shown["priority"], shown["completed"], set(shown["categories"])) == (1, False, {"outdoor", "ü"})
    assert shown["due"] == 1827648000
    assert shown["description"].splitlines() == ["Cloves:", "- in the shed", "- dry"]

    client.seen.patch(f"/todos/{garlic['id']}", {"completed": True, "repeat": None})
    client.seen.delete(f"/todos/{bed['id']}")
    desktop.sync()

    assert len(list(desktop.todos.iterdir())) == 1
    assert desktop.listed() == {}
    assert desktop.listed("--status", "ANY")["Plant the garlic"]["completed"]
