"""A process remembers the pointer for as long as it may, and recovers from a table that was dropped meanwhile."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.aws import dynamodb, memory
from chalicelib.aws.errors import Refusal
from chalicelib.views import current
from chalicelib.views.errors import TableGone, ViewsUnavailable
from chalicelib.views.pointer import REMEMBERED_SECONDS, Pointer
from tests.support.tables import pointer_to


class Settings:
    """A settings table with the pointer alone, and the clocks of whoever reads it."""

    def __init__(self) -> None:
        self.reads = 0
        self.takes = 0.0
        self.monotonic = self.wall = 1000.0
        self.fails = False
        self.point_to("a")

    def point_to(self, table: str, remembered_seconds: float | None = None) -> None:
        self.item = pointer_to(table)
        if remembered_seconds is not None:
            self.item["remembered_seconds"] = {"N": str(remembered_seconds)}

    def get_item(self, **request: object) -> dict[str, Any]:
        assert request["ConsistentRead"]
        self.reads += 1
        if self.fails:
            raise Refusal({"Error": {"Code": "ThrottlingException"}}, "GetItem")
        answer = {"Item": self.item}
        self.pass_by(self.takes)
        return answer

    def pass_by(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += seconds


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = Settings()
    clock = SimpleNamespace(monotonic=lambda: settings.monotonic, time=lambda: settings.wall)
    monkeypatch.setenv("SETTINGS_TABLE", "settings")
    monkeypatch.setattr(dynamodb, "client", lambda: settings)
    monkeypatch.setattr(current, "time", clock)
    monkeypatch.setattr(current, "_memory", current.Memory())
    return settings


def test_it_is_read_once_in_so_many_seconds(settings: Settings) -> None:
    assert current.current_table() == "a"
    settings.point_to("b")
    settings.pass_by(REMEMBERED_SECONDS - 0.001)
    assert (current.current_table(), settings.reads) == ("a", 1)
    settings.pass_by(0.001)
    assert (current.current_table(), settings.reads) == ("b", 2)


def test_the_pointer_itself_says_for_how_long(settings: Settings) -> None:
    settings.point_to("a", remembered_seconds=60)
    for _ in range(2):
        assert current.current_table() == "a"
        settings.pass_by(59)
    assert settings.reads == 1
    settings.point_to("a", remembered_seconds=0)
    settings.pass_by(1)
    for _ in range(3):
        current.current_table()
    assert settings.reads == 4


def test_the_time_counts_from_before_it_was_read(settings: Settings) -> None:
    settings.takes = 2.0
    current.current_table()
    settings.pass_by(REMEMBERED_SECONDS - 2)
    current.current_table()
    assert settings.reads == 2


@pytest.mark.parametrize("clock", ["monotonic", "wall"])
def test_one_clock_that_stood_still_prolongs_nothing(settings: Settings, clock: str) -> None:
    current.current_table()
    setattr(settings, clock, getattr(settings, clock) + REMEMBERED_SECONDS)
    current.current_table()
    assert settings.reads == 2


def test_a_process_that_has_just_started_remembers_nothing(settings: Settings) -> None:
    current.current_table()
    memory.forget()
    current.current_table()
    assert settings.reads == 2


def test_a_pointer_that_could_not_be_read_is_read_the_next_time(settings: Settings) -> None:
    settings.fails = True
    with pytest.raises(ViewsUnavailable):
        current.current_table()
    settings.fails = False
    assert current.current_table() == "a"


def read(now: Pointer) -> str:
    if now.reader == "gone":
        raise TableGone
    return now.reader


def test_a_dropped_table_makes_it_read_the_pointer_anew_once(settings: Settings) -> None:
    settings.point_to("gone")
    current.current_table()
    settings.point_to("b")
    assert current.read_current(read) == "b"
    assert settings.reads == 2
    settings.point_to("gone")
    settings.pass_by(REMEMBERED_SECONDS)
    with pytest.raises(TableGone):
        current.read_current(read)
    assert settings.reads == 4


def test_a_table_is_called_outdated_only_by_the_pointer_of_now(settings: Settings) -> None:
    assert current.is_current("a")
    settings.point_to("b")
    assert current.is_current("a"), "as long as it is remembered; a rebuild waits for that"
    assert current.is_current("b"), "another process has read the new pointer already"
    assert not current.is_current("a")


def test_a_change_is_awaited_in_every_table_that_somebody_may_read() -> None:
    before, beside = Pointer("old", ("old",)), Pointer("old", ("old", "new"))
    switched, alone = Pointer("new", ("old", "new")), Pointer("new", ("new",))
    assert [each.awaited for each in (before, beside, switched, alone)] == [
        ("old",),
        ("old",),
        ("old", "new"),
        ("new",),
    ]


def test_the_error_of_a_dropped_table_is_told_from_others() -> None:
    def error(code: str) -> Refusal:
        return Refusal({"Error": {"Code": code}}, "Query")

    assert isinstance(current.unavailable(error("ResourceNotFoundException")), TableGone)
    assert not isinstance(current.unavailable(error("ThrottlingException")), TableGone)
