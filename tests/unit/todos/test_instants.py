"""Instants: text whose order is the order in time, and streams in which time only goes on."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.todos import instants

zones = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# A day from either end, an offset may lead out of the calendar; both ends are in the tables below.
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=zones)  # noqa: DTZ001 - the zone is drawn
dates = st.dates().map(str)


def as_text(moment: datetime, style: int) -> str:
    text = moment.isoformat(timespec="microseconds" if moment.microsecond or style & 1 else "seconds")
    return text.lower() if style & 2 else text


texts = st.builds(as_text, moments, st.integers(0, 3)) | dates


@given(one=texts, other=texts)
def test_the_order_of_sortable_texts_is_the_order_in_time(one: str, other: str) -> None:
    first, second = instants.parse(one), instants.parse(other)
    assert (instants.sortable(one) < instants.sortable(other)) == (first < second)
    assert (instants.sortable(one) == instants.sortable(other)) == (first == second)


@given(text=texts)
def test_a_sortable_text_has_one_width_and_names_the_same_instant(text: str) -> None:
    sortable = instants.sortable(text)
    assert len(sortable) == 27
    assert instants.parse(sortable) == instants.parse(text)
    assert instants.sortable(sortable) == sortable


@given(moment=moments, style=st.integers(0, 3))
def test_parsing_finds_the_instant_in_utc(moment: datetime, style: int) -> None:
    parsed = instants.parse(as_text(moment, style))
    assert parsed == moment
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "sortable"),
    [
        ("2026-12-01", "2026-12-01T00:00:00.000000Z"),
        ("2026-12-01t01:30:00.25+02:00", "2026-11-30T23:30:00.250000Z"),
        ("2026-12-01T09:00:00.1234569z", "2026-12-01T09:00:00.123456Z"),
        ("0001-01-01", "0001-01-01T00:00:00.000000Z"),
        ("0099-12-31T23:00:00-02:00", "0100-01-01T01:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999+00:00", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_these_are_sorted_as(text: str, sortable: str) -> None:
    assert instants.sortable(text) == sortable


@given(milliseconds=st.integers(-(10**13), 253_402_300_799_999))
def test_milliseconds_survive_their_text(milliseconds: int) -> None:
    assert instants.milliseconds_of(instants.format_milliseconds(milliseconds)) == milliseconds


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"), (1_766_000_000_999, "2025-12-17T19:33:20.999Z")],
)
def test_an_instant_is_written_with_three_decimals(milliseconds: int, text: str) -> None:
    assert instants.format_milliseconds(milliseconds) == text


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A clock that is set to its last element (milliseconds)."""
    stands = [1_766_000_000_000]
    monkeypatch.setattr(time, "time_ns", lambda: stands[-1] * 1_000_000 + 999_999)
    return stands


def test_the_first_event_happens_now(clock: list[int]) -> None:
    assert instants.instant_after(None) == instants.format_milliseconds(clock[-1])


@pytest.mark.parametrize("passed", [1, 1000, 10**9])
def test_a_later_event_happens_now(clock: list[int], passed: int) -> None:
    before = instants.instant_after(None)
    clock.append(clock[-1] + passed)
    assert instants.instant_after(before) == instants.format_milliseconds(clock[-1])


@pytest.mark.parametrize("set_back", [0, 1, 1000, 10**9])
def test_where_the_clock_stands_or_was_set_back_it_happens_a_millisecond_later(clock: list[int], set_back: int) -> None:
    before = instants.instant_after(None)
    expected = instants.format_milliseconds(clock[-1] + 1)
    clock.append(clock[-1] - set_back)
    assert instants.instant_after(before) == expected


@pytest.mark.parametrize("rest", [998, 999])
def test_a_millisecond_carries_over_into_the_next_second(clock: list[int], rest: int) -> None:
    before = instants.format_milliseconds(clock[-1] + rest)
    assert instants.instant_after(before) == instants.format_milliseconds(clock[-1] + rest + 1)


@given(jumps=st.lists(st.integers(-(10**10), 10**10), max_size=8))
def test_the_instants_of_a_stream_only_grow(jumps: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        now = 1_766_000_000_000
        found: list[str] = []
        for jump in jumps:
            now += jump
            patch.setattr(time, "time_ns", lambda: now * 1_000_000)  # noqa: B023 - read before it moves on
            found.append(instants.instant_after(found[-1] if found else None))
        assert all(one < other for one, other in pairwise(found))
        in_time = [instants.sortable(text) for text in found]
        assert in_time == sorted(in_time)


LONGEST = "2026-12-01T09:00:00.123456789+01:00"


@pytest.mark.parametrize("text", ["2026-12-01", "2026-12-01T09:00:00Z", LONGEST])
def test_an_instant_that_a_caller_states_is_parsed_as_any_other(text: str) -> None:
    assert instants.parse_stated(text) == instants.parse(text)


@pytest.mark.parametrize(
    "text",
    ["2026-12-01T09:00:00.1234567890Z", f"2026-12-01T09:00:00.{'1' * 40}Z", "2026-12-01" + " " * 31, "x" * 5_000_000],
    ids=lambda text: text[:34],
)
def test_a_longer_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="at most 40 characters, 9 of them"):
        instants.parse_stated(text)


def test_what_older_events_have_may_be_longer() -> None:
    assert instants.sortable(f"2026-12-01T09:00:00.{'1' * 31_000}Z") == "2026-12-01T09:00:00.111111Z"


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-12-01 09:00:00Z", "2026-12-01T09:00:00", "2026-12-01T09:00Z"])
def test_another_text_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected an RFC 3339 date \(2026-12-01\) or date-time"):
        instants.parse(text)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-12-01T25:00:00Z", "0001-01-01T00:00:00+01:00"])
def test_what_no_calendar_has_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"^names no instant: .+"):
        instants.parse(text)


def test_an_event_may_state_when_it_happens_but_not_before_the_one_before(clock: list[int]) -> None:
    stated = clock[-1] - 5_000
    before = instants.instant_after(None, stated)

    assert before == instants.format_milliseconds(stated)
    assert instants.instant_after(before, stated - 1) == instants.format_milliseconds(stated + 1)


def test_beyond_the_first_and_the_last_year_nothing_is_shifted() -> None:
    assert instants.shifted("2026-12-01", -1) == "2026-11-30T23:00:00.000000Z"
    assert instants.shifted("9999-12-31T23:00:00Z", 1) == instants.shifted("0001-01-01", -1) == ""
