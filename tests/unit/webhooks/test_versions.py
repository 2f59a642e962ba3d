"""Who receives an event follows from the event and the versions of the subscription alone."""

from __future__ import annotations

import pytest

from chalicelib.todos.instants import format_milliseconds
from chalicelib.webhooks import versions
from chalicelib.webhooks.versions import MAX_VERSIONS, Version, with_change

NOW = 1_800_000_000_000
DAY = 24 * 3600 * 1000


def version(since: int, *lists: str, enabled: bool = True) -> Version:
    return Version(format_milliseconds(since), None, lists or None, enabled)


def change(known: tuple[Version, ...], *lists: str, now: int = NOW, enabled: bool = True) -> tuple[Version, ...]:
    return with_change(known, types=None, lists=lists or None, enabled=enabled, now=now)


def wants(known: tuple[Version, ...], instant: int, list_name: str = "inbox", before: str | None = None) -> bool:
    return versions.wants(
        known,
        event_type="TodoEdited",
        occurred_at=format_milliseconds(instant),
        list_name=list_name,
        previous_list=lambda: before,
    )


def test_a_version_is_in_force_from_its_instant_to_that_of_the_next() -> None:
    known = (version(NOW, "a"), version(NOW + 10, "b"))
    found = [versions.in_force(known, format_milliseconds(NOW + after)) for after in (-1, 0, 9, 10, 99)]
    assert found == [None, known[0], known[0], known[1], known[1]]


def test_nothing_is_wanted_before_the_first_and_while_disabled() -> None:
    known = (version(NOW), version(NOW + 10, enabled=False), version(NOW + 20))
    assert [wants(known, NOW + after) for after in (-1, 0, 10, 20)] == [False, True, False, True]
    assert not wants((), NOW)


def test_the_list_before_counts_as_the_one_after() -> None:
    known = (version(NOW, "garden"),)
    assert wants(known, NOW, "garden", before="inbox")
    assert wants(known, NOW, "inbox", before="garden")
    assert not wants(known, NOW, "inbox", before="work")
    assert not wants(known, NOW, "inbox", before=None)


def test_a_change_is_in_force_ten_seconds_later_and_after_the_one_before_also_if_the_clock_was_set_back() -> None:
    known = change(change((), "a"), "b", now=NOW - 60_000)
    assert [each.since for each in known] == [format_milliseconds(NOW + 10_000), format_milliseconds(NOW + 10_001)]


def test_what_changes_nothing_is_no_version() -> None:
    known = change((), "a")
    assert change(known, "a", now=NOW + DAY) == known


def test_of_ten_versions_the_oldest_goes_and_so_does_one_that_ended_120_days_ago() -> None:
    known: tuple[Version, ...] = ()
    for number in range(MAX_VERSIONS + 3):
        known = change(known, str(number), now=NOW + number)
    assert [each.lists for each in known] == [(str(number),) for number in range(3, MAX_VERSIONS + 3)]
    late = NOW + 120 * DAY + 60_000
    assert [each.lists for each in change(known, "new", now=late)] == [(str(MAX_VERSIONS + 2),), ("new",)]


@pytest.mark.parametrize(("count", "settles"), [(MAX_VERSIONS - 1, False), (MAX_VERSIONS, True)])
def test_the_oldest_of_ten_may_go_an_hour_after_it_ended(count: int, settles: bool) -> None:
    known: tuple[Version, ...] = ()
    for number in range(count):
        known = change(known, str(number), now=NOW + number)
    expected = NOW + 1 + 10_000 + 3600 * 1000 if settles else 0
    assert versions.settles_at(known, change(known, "another", now=NOW + 100)) == expected


def test_the_longest_names_that_a_webhook_may_have_are_kept_of_two_versions() -> None:
    """An owner's every event reads them."""
    known: tuple[Version, ...] = ()
    for number in range(5):
        known = change(known, *(f"{number}{place:02}" + "\U0001f9c0" * 74 for place in range(50)), now=NOW + number)
    assert len(known) == 2
    assert len(versions.dumps(known).encode()) <= versions.MAX_BYTES
    assert versions.loads(versions.dumps(known)) == known
