"""The dates that a rule names: the recurrence set of RFC 5545, section 3.3.10, with SKIP of RFC 7529.

What the RFC leaves open, or we read with each occurrence being a todo of its own, and so a new DTSTART:

- "The BYSETPOS rule part [...] operates on a set of recurrence instances in one interval of the recurrence rule": the
  set is that of the whole interval, also of the one in which DTSTART lies.
- "Information, not contained in the rule, necessary to determine the various recurrence instance start time and dates
  are derived from the Start Time (DTSTART)": the weekday with BYWEEKNO alone, the day with BYMONTH alone. Not the
  month with BYMONTHDAY alone, which like BYDAY alone names days in the whole year.
- "Week number one of the calendar year is the first week that contains at least four (4) days in that calendar year":
  BYWEEKNO names whole weeks, also the days of them that lie in the year before or after.
- INTERVAL counts from the interval whose set has DTSTART in it, which is mostly the one that DTSTART lies in. It is
  another for a day of week 1 in December, or for a 1st of March that SKIP=FORWARD has led to from February.
- Parts that expand a year's days together name the days that all of them name.
- SKIP moves the invalid days of BYMONTHDAY, or those of a BYYEARDAY which no other part than BYDAY goes with. "BYxxx
  rule parts are applied [...] in the following order: BYMONTH, SKIP (for invalid month only), BYWEEKNO, BYYEARDAY,
  BYMONTHDAY, SKIP (for invalid day), BYDAY [...]" (RFC 7529, section 4.1): where it leads, BYMONTH does not matter.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime
from math import gcd
from typing import Final

from chalicelib.todos.rule_days import (
    LAST_DAY,
    MAX_WORK,
    Days,
    OutOfWork,
    Work,
    first_day_of,
    is_leap_year,
    month_of_year,
    of_search,
    year_of,
)
from chalicelib.todos.rule_sets import DAY_SECONDS, UNIT_SECONDS, DatesAndTimes, wall_time
from chalicelib.todos.rules import Rule

# After so many intervals there is nothing new, whatever INTERVAL is: the calendar repeats itself every 400 years.
_CYCLES: Final = {"YEARLY": 400, "MONTHLY": 4_800, "WEEKLY": 20_871}
# What it takes to look at one.
_COSTS: Final = {"YEARLY": 3, "MONTHLY": 3, "WEEKLY": 5}
# From an INTERVAL of so many days on, what it leads to is tried one by one; below, the days that the rule names are.
_SPARSE_DAYS: Final = 30
# Most rules have a date among the first few that INTERVAL leads to, which takes less than to list a year's days.
_FIRST_TRIES: Final = 8


def first_after(rule: Rule, start: datetime, after: datetime) -> datetime | None:
    """The first occurrence of a rule that is later than two times.

    Parameters
    ----------
    rule : Rule
        COUNT and UNTIL do not matter.
    start : datetime
        What the rule is counted from (DTSTART): local, without a zone.
    after : datetime
        A time before `start` does not matter.

    Returns
    -------
    datetime or None
        None where no date is left until the year 9999, or none is found with `MAX_WORK`. That is enough for 100 years,
        whatever the rule; and for so many steps of INTERVAL, which may be longer: 400 years, 4,800 months, 10,000
        weeks, 36,500 days, or as many steps of more than 30 days in hours, minutes or seconds.

    Raises
    ------
    TooMuchWork
        When nothing was left of the work that searches share (`rule_days.sharing`).
    """
    bound = max(start, after).replace(microsecond=0)
    try:
        with of_search() as work:
            if rule.frequency in _CYCLES:
                return _Intervals(rule, start, work).first_after(bound)
            return _Units(rule, start, work).first_after(bound)
    except OutOfWork:
        return None


class _Intervals:
    """Years, months or weeks, each INTERVAL of them one set."""

    def __init__(self, rule: Rule, start: datetime, work: Work) -> None:
        self._rule = rule
        self._work = work
        self._days = Days(rule, start, work)
        self._set = DatesAndTimes(rule, start, work)
        self._start = start

    def first_after(self, bound: datetime) -> datetime | None:
        """The first occurrence after a time, which is not before `start`."""
        origin, interval = self._origin(), self._rule.interval
        # A set may have a day of the interval after its own, or before it.
        first = self._interval_of(bound) - (1 if self._days.may_lie_beyond else 0)
        number = origin + max(0, -((origin - first) // interval)) * interval
        for _ in range(_CYCLES[self._rule.frequency] + 2):
            if number > self._last():
                return None
            self._work.spend(_COSTS[self._rule.frequency])
            found = self._first_in(number, bound)
            if found is not None:
                break
            number = self._next(number)
        else:
            return None
        if self._days.may_lie_beyond and interval == 1:
            following = self._first_in(number + 1, bound)
            found = found if following is None else min(found, following)
        return found

    def _origin(self) -> int:
        """The interval that INTERVAL counts from."""
        own = self._interval_of(self._start)
        if self._rule.interval > 1 and self._days.may_lie_beyond:
            ordinal = self._start.toordinal()
            for number in (own, own - 1, own + 1):
                before, days = self._days_of(number)
                if ordinal >= before and days >> (ordinal - before) & 1:
                    return number
        return own

    def _interval_of(self, at: date) -> int:
        if self._rule.frequency == "YEARLY":
            return at.year
        if self._rule.frequency == "MONTHLY":
            return at.year * 12 + at.month - 1
        return (at.toordinal() - 1 - self._rule.week_start) // 7

    def _days_of(self, number: int) -> tuple[int, int]:
        """Which ordinal bit 0 is, and an interval's days."""
        if self._rule.frequency == "MONTHLY":
            year, month = divmod(number, 12)
            return self._days.of_month(year, month + 1)
        if self._rule.frequency == "WEEKLY":
            first = number * 7 + 1 + self._rule.week_start
            return first, self._days.between(first, first + 6)
        if "BYWEEKNO" in self._rule.numbers:
            return self._days.of_weeks(number)
        return first_day_of(number) - 1, self._days.of_year(number)

    def _first_in(self, number: int, bound: datetime) -> datetime | None:
        before, days = self._days_of(number)
        return self._set.first_after(before, days, bound) if days else None

    def _last(self) -> int:
        """The last interval that begins before the year 10000; the year 10000's first week may."""
        return self._interval_of(date.max) + (self._rule.frequency == "YEARLY")

    def _next(self, number: int) -> int:
        """The next interval; of weeks, the next with a day in the months that BYMONTH names."""
        following, months = number + self._rule.interval, self._rule.numbers.get("BYMONTH")
        if self._rule.frequency != "WEEKLY" or months is None or following > self._last():
            return following
        first = following * 7 + 1 + self._rule.week_start
        last = date.fromordinal(min(first + 6, LAST_DAY))
        if last.month in months or date.fromordinal(first).month in months:
            return following
        place = bisect_left(months, last.month)
        year, month = (last.year, months[place]) if place < len(months) else (last.year + 1, months[0])
        wanted = (
            first_day_of(year) + month_of_year(month, is_leap=is_leap_year(year))[0] - 1 - self._rule.week_start
        ) // 7
        return following - (following - wanted) // self._rule.interval * self._rule.interval


class _Units:
    """Days, hours, minutes or seconds, each INTERVAL of them one set."""

    def __init__(self, rule: Rule, start: datetime, work: Work) -> None:
        self._work = work
        self._days = Days(rule, start, work)
        self._set = DatesAndTimes(rule, start, work)
        self._seconds = UNIT_SECONDS[rule.frequency]
        self._each_day = DAY_SECONDS // self._seconds
        self._interval = rule.interval
        self._origin = self._unit_of(start)
        self._of_day = _units_of_day(rule)
        work.spend(self._each_day // 100)

    def first_after(self, bound: datetime) -> datetime | None:
        """The first occurrence after a time, which is not before the start."""
        own_step = gcd(self._interval, self._each_day)
        if not any(self._of_day[self._origin % own_step :: own_step]):
            # INTERVAL never leads to one of these times of day.
            return None
        if self._set.is_empty:
            return None
        unit = self._unit_of(bound)
        found = self._from(unit)
        if found == unit:
            begins = self._start_of(unit)
            within = self._set.first_from(begins, int((bound - begins).total_seconds()) + 1)
            if within is not None:
                return within
            found = self._from(unit + 1)
        return None if found is None else self._set.first_from(self._start_of(found), 0)

    def _unit_of(self, at: datetime) -> int:
        return at.toordinal() * self._each_day + (at.hour * 3600 + at.minute * 60 + at.second) // self._seconds

    def _start_of(self, unit: int) -> datetime:
        ordinal, of_day = divmod(unit, self._each_day)
        return wall_time(ordinal, of_day * self._seconds)

    def _from(self, unit: int) -> int | None:
        """The first unit from one on that the rule names."""
        unit += (self._origin - unit) % self._interval
        is_sparse = self._interval >= _SPARSE_DAYS * self._each_day
        tries = MAX_WORK if is_sparse else _FIRST_TRIES
        year, first, days = 0, 0, 0
        for _ in range(tries):
            ordinal, of_day = divmod(unit, self._each_day)
            if ordinal > LAST_DAY:
                return None
            self._work.spend(1)
            if self._of_day[of_day]:
                if (named := date.fromordinal(ordinal).year) != year:
                    year, first, days = named, first_day_of(named) - 1, self._days.of_year(named)
                if days >> (ordinal - first) & 1:
                    return unit
            unit += self._interval
        return None if is_sparse else self._from_day_on(unit)

    def _from_day_on(self, unit: int) -> int | None:
        """The same, going through the days that the rule names, in each of which the units are a few of a pattern."""
        ordinal, of_day = divmod(unit, self._each_day)
        if ordinal > LAST_DAY:
            return None
        found = self._in_day(ordinal, of_day) if self._is_named(ordinal) else None
        if found is not None:
            return found
        found_before: dict[int, int | None] = {}
        for year in range(year_of(ordinal), date.max.year + 1):
            self._work.spend(1)
            before = first_day_of(year) - 1
            days = self._days.list_of_year(year)
            days = days[bisect_right(days, ordinal - before) :]
            self._work.spend(len(days))
            for day in days:
                phase = (self._origin - (before + day) * self._each_day) % self._interval
                if phase not in found_before:
                    found_before[phase] = self._first_of_day(phase)
                of_day_found = found_before[phase]
                if of_day_found is not None:
                    return (before + day) * self._each_day + of_day_found
        return None

    def _is_named(self, ordinal: int) -> bool:
        year = year_of(ordinal)
        return bool(self._days.of_year(year) >> (ordinal - first_day_of(year) + 1) & 1)

    def _in_day(self, ordinal: int, of_day: int) -> int | None:
        """The first unit of a day, from a place in it on."""
        begins = ordinal * self._each_day
        place = self._first_of_day(of_day + (self._origin - begins - of_day) % self._interval)
        return None if place is None else begins + place

    def _first_of_day(self, place: int) -> int | None:
        """The first place in a day, going by INTERVAL from one on, that BYHOUR, BYMINUTE and BYSECOND name."""
        index = self._of_day[place :: self._interval].find(1)
        return None if index < 0 else place + index * self._interval


def _units_of_day(rule: Rule) -> bytes:
    """For each hour, minute or second of a day, or the day as a whole, whether the rule names it: 1 or 0."""
    seconds = UNIT_SECONDS[rule.frequency]
    units = b"\1"
    for name, count, unit_seconds in (("BYSECOND", 60, 1), ("BYMINUTE", 60, 60), ("BYHOUR", 24, 3600)):
        if unit_seconds < seconds:
            continue
        named, none = rule.numbers.get(name), bytes(len(units))
        units = units * count if named is None else b"".join(units if n in named else none for n in range(count))
    return units
