"""How far a PATCH travels through the code: the files that a warm one enters, and the types that it becomes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from types import FrameType
from typing import Any

import pytest

from bench import stubbed
from chalicelib.aws import dynamodb
from chalicelib.commands import execute
from chalicelib.ledger import codec
from tests.support.paths import ROOT

MAX_FILES = 17
# From the request to the event and the response, of which routing makes Chalice's.
VALUES = {"Request", "Patch", "CommandRequest", "Decision", "Event", "Response"}


class Path:
    """The files of this repository whose code is entered, and the classes of theirs that are instantiated."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.values: set[str] = set()

    def __enter__(self) -> Path:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        name = frame.f_code.co_filename
        for place in (f"{ROOT / 'chalicelib'}/", str(ROOT / "app.py")):
            if name.startswith(place):
                self.files.add(name.removeprefix(f"{ROOT}/"))
        if frame.f_code.co_name == "__init__" and "self" in frame.f_locals:
            kind = type(frame.f_locals["self"])
            # A value is data: a parser that reads one is not counted.
            if kind.__module__.startswith("chalicelib.") and is_dataclass(kind):
                self.values.add(kind.__name__)


class _Client:
    """A client of a stream of one event: how a request travels beyond this is not a PATCH's own."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    def query(self, **_: Any) -> dict[str, Any]:
        self._calls.append("query")
        return {"Items": [codec.encode(stubbed.an_event())]}

    def put_item(self, **_: Any) -> dict[str, Any]:
        self._calls.append("put_item")
        return {}


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The path of a PATCH whose todo this process knows, with DynamoDB stubbed."""
    for name, value in stubbed.SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HANDLERS", raising=False)
    calls: list[str] = []
    monkeypatch.setattr(dynamodb, "client", lambda: _Client(calls))
    import app

    for title in ("first", "second"):
        assert app.app(stubbed.a_patch(title), None)["statusCode"] == 200
    calls.clear()
    with Path() as path:
        app.app(stubbed.a_patch("third"), None)
    assert calls == ["put_item"]
    yield path
    execute._latest_events.forget(stubbed.an_event().stream_id)


def test_a_patch_passes_few_files(patched: Path) -> None:
    assert len(patched.files) <= MAX_FILES, "\n".join(sorted(patched.files))


def test_a_patch_is_few_values_on_its_way(patched: Path) -> None:
    assert patched.values == VALUES


def test_this_would_notice_more() -> None:
    with Path() as path:
        inspect.getsource(codec)
        execute.request_hash("patch", "id", {})
    assert path.files == {"chalicelib/commands/execute.py", "chalicelib/todos/events.py"}
