"""The days that a rule names: BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY, BYDAY and SKIP (RFC 5545, 3.3.10; RFC 7529).

Sets of days are integers, one bit a day, so that limiting a year to some days is one operation. A month's or year's
set has its first day in bit 1: bit 0 is the day before, and the bit after the last one the day after, where SKIP may
lead. They depend on its length and its first weekday alone, of which there are few.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Final

from chalicelib.todos.errors import TooMuchWork
from chalicelib.todos.rules import Rule

# What a search may cost, in days, weeks, months or years looked at and numbers of the rule applied, each of them about
# a microsecond's work at most. A hundred years of days are 36,525.
MAX_WORK: Final = 50_000
# More than most searches cost, and little beside what is shared.
_SOME_WORK: Final = 1_000

LAST_DAY: Final = date.max.toordinal()

_MONTH_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAYS_BEFORE: Final = tuple(accumulate(_MONTH_LENGTHS, initial=0))
# Any weekday in the bits of a year: every seventh.
_EVERY_SEVENTH: Final = sum(1 << day for day in range(0, 7 * 54, 7))
# How often a weekday that is the first or last day's is in a month of 31 days, and in a year.
_WEEKS_OF_A_MONTH, _WEEKS_OF_A_YEAR = 5, 53
# A year of 53 whole weeks.
_LONGEST_YEAR: Final = 371


class OutOfWork(Exception):
    """The search for a date went on for too long."""


@dataclass(slots=True)
class Work:
    """What a search may still cost, or many searches together."""

    left: int = MAX_WORK

    def spend(self, units: int) -> None:
        """Note work before it is done.

        Raises
        ------
        OutOfWork
            When too little is left.
        """
        self.left -= units
        if self.left < 0:
            raise OutOfWork


_shared: Final[ContextVar[Work | None]] = ContextVar("_shared", default=None)


@contextmanager
def sharing(work: Work) -> Iterator[None]:
    """Let every search of this thread spend what it costs from this work, too. Threads may share it."""
    before = _shared.set(work)
    try:
        yield
    finally:
        _shared.reset(before)


@contextmanager
def of_search() -> Iterator[Work]:
    """The work of one search.

    Raises
    ------
    OutOfWork
        When the search took all that one may cost.
    TooMuchWork
        When nothing was left of the shared work. This says nothing about the rule.
    """
    shared = _shared.get()
    if shared is None:
        yield Work()
        return
    work = _SharedWork(shared)
    try:
        yield work
    finally:
        work.give_back()


class _SharedWork(Work):
    """The work of a search that takes it from shared work, some at a time."""

    def __init__(self, shared: Work) -> None:
        super().__init__(0)
        self._shared = shared
        self._not_taken = MAX_WORK

    def spend(self, units: int) -> None:
        self.left -= units
        while self.left < 0:
            some = min(_SOME_WORK, self._not_taken)
            if some == 0:
                raise OutOfWork
            if self._shared.left < some:
                raise TooMuchWork("the rules take too much work together")
            self._shared.left -= some
            self._not_taken -= some
            self.left += some

    def give_back(self) -> None:
        """Give back what was taken and not spent."""
        self._shared.left += max(0, self.left)


def first_day_of(year: int) -> int:
    """The ordinal of 1 January; also of the years 0 and 10000, which a `date` cannot be in."""
    before = year - 1
    return 365 * before + before // 4 - before // 100 + before // 400 + 1


def _weekday(ordinal: int) -> int:
    return (ordinal - 1) % 7


def is_leap_year(year: int) -> bool:
    """Whether a year has a 29 February; also of the years 0 and 10000."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def bits(first: int, last: int) -> int:
    """The set of the days from one bit to another."""
    return (1 << (last + 1)) - (1 << first)


def year_of(ordinal: int) -> int:
    """The year that a day lies in, or the first or last of the calendar."""
    return date.fromordinal(min(max(ordinal, 1), LAST_DAY)).year


def _place(days: int, shift: int) -> int:
    return days << shift if shift >= 0 else days >> -shift


class Days:
    """The days that a rule names, as sets of bits.

    Parameters
    ----------
    rule : Rule
    start : datetime
        What the rule does not name is taken from it.
    work : Work
    """

    def __init__(self, rule: Rule, start: datetime, work: Work) -> None:
        numbers = rule.numbers
        self._frequency = rule.frequency
        self._months = numbers.get("BYMONTH")
        self._month_days = numbers.get("BYMONTHDAY")
        self._year_days = numbers.get("BYYEARDAY")
        self._weekdays = rule.weekdays
        self._easter = numbers.get("BYEASTER")
        self._week_numbers = numbers.get("BYWEEKNO")
        self._week_start = rule.week_start
        self._work = work
        if not (self._weekdays or self._month_days or self._year_days or self._easter):
            self._take_from(start)
        self._counts_in_month = rule.frequency == "MONTHLY" or self._months is not None
        moves = rule.skip if rule.frequency in ("YEARLY", "MONTHLY") and not self._week_numbers else "OMIT"
        self._skip_month_days = moves if self._month_days and not self._year_days else "OMIT"
        self._skip_year_days = moves if self._year_days and not (self._months or self._month_days) else "OMIT"
        # Parts that do not go with FREQ, which stored rules may have, limit its days year by year.
        self._limits_weeks = self._week_numbers is not None and rule.frequency != "YEARLY"
        self._differs_by_year = self._limits_weeks or self._easter is not None
        self._months_made: dict[tuple[int, int], int] = {}
        self._years_made: dict[tuple[int, bool], int] = {}
        self._lists_made: dict[tuple[int, bool], tuple[int, ...]] = {}
        self._weeks_made: dict[int, int] = {}

    def _take_from(self, start: datetime) -> None:
        """Name the day that DTSTART alone names."""
        if self._frequency == "YEARLY" and self._week_numbers:
            self._weekdays = ((0, start.weekday()),)
        elif self._frequency == "YEARLY":
            self._month_days = (start.day,)
            self._months = self._months or (start.month,)
        elif self._frequency == "MONTHLY" and not self._week_numbers:
            self._month_days = (start.day,)
        elif self._frequency == "WEEKLY" and not self._week_numbers:
            self._weekdays = ((0, start.weekday()),)

    @property
    def may_lie_beyond(self) -> bool:
        """Whether a set may have days outside its interval."""
        return bool(self._week_numbers) or (self._skip_month_days, self._skip_year_days) != ("OMIT", "OMIT")

    def of_year(self, year: int) -> int:
        """A year's days, and those around it that SKIP leads to."""
        first, is_leap = first_day_of(year), is_leap_year(year)
        shape = _weekday(first), is_leap
        days = self._years_made.get(shape)
        if days is None:
            days = self._years_made[shape] = self._make_year(*shape)
        if self._easter is not None:
            days &= self._around_easter(year, first)
        if self._limits_weeks:
            weeks = (self.weeks_of_year(each) for each in (year - 1, year, year + 1))
            days &= sum(_place(named, start - first + 1) for start, named in weeks)
        return days

    def list_of_year(self, year: int) -> tuple[int, ...]:
        """The same as the days' numbers, 1 January being 1."""
        shape = _weekday(first_day_of(year)), is_leap_year(year)
        days = self._lists_made.get(shape)
        if days is None or self._differs_by_year:
            self._work.spend(366)
            bits = bin(self.of_year(year))[:1:-1]
            days = self._lists_made[shape] = tuple(day for day, bit in enumerate(bits) if bit == "1")
        return days

    def of_month(self, year: int, month: int) -> tuple[int, int]:
        """Which ordinal bit 0 of a month is, and the month's days."""
        first, is_leap = first_day_of(year), is_leap_year(year)
        offset, length = month_of_year(month, is_leap=is_leap)
        before = first + offset - 1
        if self._months is not None and month not in self._months:
            return before, 0
        days = self._of_month(length, _weekday(before + 1))
        if self._year_days or self._differs_by_year:
            days &= self.of_year(year) >> offset
        return before, days

    def of_weeks(self, year: int) -> tuple[int, int]:
        """Which ordinal bit 0 is, and the days in the weeks of a year that BYWEEKNO names."""
        first, named = self.weeks_of_year(year)
        return first, named and named & self.between(first, first + _LONGEST_YEAR)

    def between(self, first: int, last: int) -> int:
        """The days from one ordinal, which is bit 0, to another, whatever their week."""
        days = 0
        for year in range(year_of(first), year_of(last) + 1):
            days |= _place(self.of_year(year), first_day_of(year) - 1 - first)
        return days & bits(0, last - first)

    def weeks_of_year(self, year: int) -> tuple[int, int]:
        """Which ordinal bit 0 is, the first of a year's first week, and all days in the weeks that BYWEEKNO names."""
        first = self._first_week(year)
        count = (self._first_week(year + 1) - first) // 7
        days = self._weeks_made.get(count)
        if days is None:
            numbers = self._week_numbers or ()
            self._work.spend(len(numbers))
            named = {number - 1 if number > 0 else count + number for number in numbers}
            days = sum(0b1111111 << (7 * week) for week in named if 0 <= week < count)
            self._weeks_made[count] = days
        return first, days

    def _first_week(self, year: int) -> int:
        """The first week is the first with at least four days in the year."""
        first = first_day_of(year)
        days_before = (_weekday(first) - self._week_start) % 7
        return first - days_before + (7 if days_before > 3 else 0)

    def _make_year(self, first_weekday: int, is_leap: bool) -> int:  # noqa: FBT001
        length = 366 if is_leap else 365
        days = bits(1, length) if self._skip_year_days == "OMIT" else bits(0, length + 1)
        if self._months or self._month_days:
            in_months = 0
            for month in self._months or range(1, 13):
                self._work.spend(1)
                offset, month_length = month_of_year(month, is_leap=is_leap)
                in_months |= self._of_month(month_length, (first_weekday + offset) % 7) << offset
            days &= in_months
        if self._year_days:
            self._work.spend(len(self._year_days))
            days &= _numbered(self._year_days, length, self._skip_year_days)
        if self._weekdays and not self._counts_in_month:
            days &= self._on_weekdays(length, first_weekday, _WEEKS_OF_A_YEAR)
        return days

    def _of_month(self, length: int, first_weekday: int) -> int:
        days = self._months_made.get((length, first_weekday))
        if days is not None:
            return days
        days = bits(1, length)
        if self._month_days:
            self._work.spend(len(self._month_days))
            days = _numbered(self._month_days, length, self._skip_month_days)
        if self._weekdays and self._counts_in_month:
            days &= self._on_weekdays(length, first_weekday, _WEEKS_OF_A_MONTH)
        self._months_made[length, first_weekday] = days
        return days

    def _on_weekdays(self, length: int, first_weekday: int, weeks: int) -> int:
        """The days of a month or year that BYDAY names.

        SKIP leads to the 31st before or the 1st after from a shorter month alone, which is between two of 31 days. The
        one is the fifth of its weekday in its month, and the last; the other is the first, and the fifth from the end.
        """
        self._work.spend(len(self._weekdays))
        days = 0
        for ordinal, weekday in self._weekdays:
            first = (weekday - first_weekday) % 7
            named = _EVERY_SEVENTH << (first + 1) | (first == 6)
            days |= named & _in_week(ordinal, length, weeks) if ordinal else named
        return days & bits(0, length + 1)

    def _around_easter(self, year: int, first: int) -> int:
        """The days that BYEASTER names, dateutil's own part, which stored rules may have: so far from Easter Sunday."""
        self._work.spend(len(self._easter or ()))
        sunday = _easter(min(max(year, 1), 9999)).toordinal() - first + 1
        return sum(1 << sunday + days for days in self._easter or () if 1 <= sunday + days <= 365 + is_leap_year(year))


def _in_week(ordinal: int, length: int, weeks: int) -> int:
    """The days that are the first, the last … of their weekday in a month or year, and so for the two around it."""
    first = 7 * ordinal - 6 if ordinal > 0 else length + 1 + 7 * ordinal
    days = bits(max(first, 1), min(first + 6, length)) if first <= length and first + 6 >= 1 else 0
    return days | (ordinal in (weeks, -1)) | (ordinal in (1, -weeks)) << (length + 1)


def month_of_year(month: int, *, is_leap: bool) -> tuple[int, int]:
    """How many days of the year are before a month, and how many it has."""
    offset, length = _DAYS_BEFORE[month - 1], _MONTH_LENGTHS[month - 1]
    if is_leap:
        return (offset + 1, length) if month > 2 else (offset, length + (month == 2))
    return offset, length


def _numbered(numbers: tuple[int, ...], length: int, skip: str) -> int:
    """The days of a month or year with these numbers, its last one being -1; SKIP moves those that it does not have."""
    days = 0
    for number in numbers:
        day = number if number > 0 else length + 1 + number
        if not 1 <= day <= length:
            if skip == "OMIT":
                continue
            is_beyond = day > length
            day = (length if is_beyond else 0) + (skip == "FORWARD")
        days |= 1 << day
    return days


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    correction = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * correction + 114, 31)
    return date(year, month, day + 1)
