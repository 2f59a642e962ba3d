"""What a process keeps of what callers send is bounded in bytes: nothing that was refused for its length stays."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Callable
from functools import _lru_cache_wrapper
from typing import Any

import pytest

from chalicelib.api import filters, pages
from chalicelib.commands import execute
from chalicelib.todos import content, ids, instants, rules, zones
from chalicelib.todos.events import CREATED, Event
from chalicelib.views import projection
from tests.support.events import following
from tests.support.paths import ROOT
from tests.unit.scenarios import content_of, instant

# Each cache of functions in what serves requests and streams, and how long the texts may be that it keeps.
CACHES: dict[str, tuple[_lru_cache_wrapper[Any], int]] = {
    "chalicelib/todos/content.py": (content._list_name_error, 100),
    "chalicelib/todos/content.py ": (content._instant_error, instants.MAX_LENGTH),
    "chalicelib/todos/rules.py": (rules.parse, rules.MAX_LENGTH),
    "chalicelib/todos/zones.py": (zones._zone, zones.MAX_LENGTH),
    "chalicelib/views/projection.py": (projection._remembered_todo, projection.MAX_REMEMBERED_LENGTH),
    # An owner is bounded by the token's check, a todo's id by its form.
    "chalicelib/todos/ids.py": (ids.partition_of, ids.MAX_OWNER_BYTES),
    "chalicelib/todos/ids.py ": (ids.encode_list, 300),
    "chalicelib/todos/ids.py  ": (ids._ids_for_source, 0),
}


def test_every_cache_is_known_here() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "chalicelib").rglob("*.py"))
        for _ in re.findall(r"^@lru_cache", path.read_text(), re.MULTILINE)
    ]
    assert sorted(found) == sorted(name.strip() for name in CACHES)


# A state, and nothing that any other of them takes.
LONG = '{"title": "' + "x" * 4_000_000
REFUSED: dict[str, Callable[[str], object]] = {
    "a list": content.list_name_error,
    "a list in a path": lambda text: _ignored(lambda: pages.parse_list_name(text)),
    "a due date": content.instant_error,
    "a time zone": zones.find,
    "a todo": lambda text: _ignored(lambda: content_of(list=text, due=text, title=text, tags=[text], repeat=text)),
    "a query's instant": lambda text: _ignored(lambda: filters.parse_instant(text)),
    "a text that is sought": lambda text: _ignored(lambda: filters.parse_text(500)(text)),
    "a stored state": projection.todo_of,
}


@pytest.mark.parametrize("refuse", REFUSED.values(), ids=REFUSED)
def test_a_long_text_is_not_kept(refuse: Callable[[str], object]) -> None:
    text = f'{LONG}{id(refuse)}"}}'
    before = sys.getrefcount(text)
    refuse(text)
    gc.collect()
    assert sys.getrefcount(text) == before
    for cache, _ in CACHES.values():
        assert not any(referred is text for referred in gc.get_referents(cache))


def an_event(number: int, **fields: Any) -> Event:
    stream = f"me#{number:08}-0000-7000-8000-000000000001"
    return following(None, stream, CREATED, content_of(**fields), at=instant(1))


def test_a_thousand_usual_events_are_remembered() -> None:
    memory = execute._LatestEvents(execute.REMEMBERED_STREAMS)
    for number in range(1_000):
        memory.remember(an_event(number, notes="x" * 200, tags=["home"]))
    assert len(memory._events) == 1_000


@pytest.mark.parametrize(
    "fields",
    [{"notes": "x" * 16_000}, {"metadata": {"a": [[]] * 1_300}}, {"metadata": {"a": "é" * 2_000}}],
    ids=lambda fields: next(iter(fields)),
)
def test_of_large_ones_fewer_are(fields: dict[str, Any]) -> None:
    memory = execute._LatestEvents(execute.REMEMBERED_STREAMS)
    for number in range(1_000):
        memory.remember(an_event(number, **fields))
    assert sum(taken for _, taken in memory._events.values()) == memory._bytes <= execute.REMEMBERED_BYTES
    assert memory.recall(an_event(999).stream_id) is not None


def test_forgetting_gives_the_room_back() -> None:
    memory = execute._LatestEvents(10)
    for number in range(20):
        memory.remember(an_event(number))
        memory.remember(an_event(number))
    for number in range(20):
        memory.forget(an_event(number).stream_id)
    assert memory._bytes == 0


def _ignored(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception as error:
        # The traceback holds the arguments.
        error.__traceback__ = None
