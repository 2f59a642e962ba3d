"""The dates of a rule, found by looking at every day, hour, minute or second: RFC 5545, section 3.3.10, word by word.

It shares nothing with the code that it is held against: neither the reading of a rule, nor a formula. "Table" is the
one of that section, of which parts limit and which expand; "notes" are those below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count

DAY = timedelta(days=1)
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
UNITS = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}


@dataclass
class Found:
    """The first occurrence, or None and how far the search has come without one."""

    occurrence: datetime | None
    looked_until: datetime


class Searched(Exception):
    """So many days and units have been looked at."""


class BruteForce:
    """One rule, counted from one DTSTART.

    Parameters
    ----------
    rule : str
    start : datetime
    steps : int
        How many days and units to look at.
    """

    def __init__(self, rule: str, start: datetime, steps: int) -> None:
        self.parts = dict(part.split("=") for part in rule.split(";"))
        self.frequency = self.parts["FREQ"]
        self.interval = int(self.parts.get("INTERVAL", "1"))
        self.week_start = WEEKDAYS.index(self.parts.get("WKST", "MO"))
        self.skip = self.parts.get("SKIP", "OMIT")
        self.start = start
        self.steps = steps
        self.months, self.week_numbers = self.numbers("BYMONTH"), self.numbers("BYWEEKNO")
        self.year_days, self.month_days = self.numbers("BYYEARDAY"), self.numbers("BYMONTHDAY")
        self.positions = self.numbers("BYSETPOS")
        self.weekdays = self.parts["BYDAY"].split(",") if "BYDAY" in self.parts else None
        self.derive_from_start()

    def numbers(self, name: str) -> list[int] | None:
        return [int(number) for number in self.parts[name].split(",")] if name in self.parts else None

    def derive_from_start(self) -> None:
        """What the rule leaves open.

        "Information, not contained in the rule, necessary to determine the various recurrence instance start time and
        dates are derived from the Start Time (DTSTART)".
        """
        if self.weekdays or self.month_days or self.year_days:
            return
        if self.frequency == "WEEKLY" or (self.frequency == "YEARLY" and self.week_numbers):
            self.weekdays = [WEEKDAYS[self.start.weekday()]]
        elif self.frequency == "MONTHLY":
            self.month_days = [self.start.day]
        elif self.frequency == "YEARLY":
            self.month_days = [self.start.day]
            self.months = self.months or [self.start.month]

    def first_after(self, after: datetime) -> Found:
        """The first occurrence after DTSTART and another time."""
        bound = max(after, self.start)
        self.looked_until = self.start
        try:
            return Found(self.search(bound), self.looked_until)
        except Searched:
            return Found(None, self.looked_until)

    def search(self, bound: datetime) -> datetime | None:
        earlier: datetime | None = None
        for instances, begins in self.intervals(bound):
            found = min((each for each in self.at_positions(instances) if each > bound), default=None)
            # Another interval's can be earlier by SKIP alone, which leads one day out of its interval.
            if earlier is not None:
                return earlier if found is None else min(earlier, found)
            if found is not None and not self.leads_out:
                return found
            earlier = found
            self.looked_until = max(self.looked_until, begins - DAY)
        return earlier

    @property
    def leads_out(self) -> bool:
        return self.skip != "OMIT" and self.interval == 1 and self.frequency in ("YEARLY", "MONTHLY")

    def look(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Searched

    def at_positions(self, instances: list[datetime]) -> list[datetime]:
        """Those of an interval that BYSETPOS names: "the nth occurrence within the set of recurrence instances"."""
        if self.positions is None:
            return instances
        instances = sorted(set(instances))
        return [
            each
            for place, each in enumerate(instances)
            if place + 1 in self.positions or place - len(instances) in self.positions
        ]

    def intervals(self, bound: datetime) -> Iterator[tuple[list[datetime], datetime]]:
        """The instances in each interval, and its begin. Those that end well before `bound` are passed over."""
        if self.frequency in UNITS:
            yield from self.units(bound)
            return
        origin = self.origin()
        for number in count(0, self.interval):
            days = list(self.days_in(origin, number))
            if not days:
                return
            if days[-1] + 9 * DAY < bound.date():
                continue
            yield (
                [datetime.combine(day, at) for day in self.named_days(days) for at in self.times("BYHOUR")],
                datetime.combine(days[0], time.min),
            )

    def origin(self) -> date:
        """A day of the interval that has DTSTART in its set, otherwise of the one that DTSTART lies in."""
        own = self.start.date()
        if self.frequency in ("YEARLY", "MONTHLY") and self.interval > 1:
            for number in (0, -1, 1):
                days = list(self.days_in(own, number))
                if own in self.named_days(days):
                    return days[len(days) // 2]
        return own

    def days_in(self, origin: date, number: int) -> Iterator[date]:
        """The days of an interval, counted from the one that a day is in, one by one."""
        try:
            if self.frequency == "YEARLY" and self.week_numbers:
                day, year = date(origin.year + number - 1, 12, 20), origin.year + number
                while self.week_of(day)[0] <= year:
                    if self.week_of(day)[0] == year:
                        yield day
                    day += DAY
                return
            if self.frequency == "YEARLY":
                day = date(origin.year + number, 1, 1)
                belongs = "%Y"
            elif self.frequency == "MONTHLY":
                months = origin.year * 12 + origin.month - 1 + number
                day = date(months // 12, months % 12 + 1, 1)
                belongs = "%Y-%m"
            else:
                length = 7 if self.frequency == "WEEKLY" else 1
                day = origin + number * length * DAY
                while length == 7 and day.weekday() != self.week_start:
                    day -= DAY
                yield from (day + offset * DAY for offset in range(length))
                return
            first = day
            while (day.year, day.month if belongs == "%Y-%m" else 0) == (
                first.year,
                first.month if belongs == "%Y-%m" else 0,
            ):
                yield day
                day += DAY
        except (ValueError, OverflowError):
            return

    def named_days(self, days: list[date]) -> list[date]:
        """The days of an interval that all parts name: a part that expands the year or month to its days names some."""
        for _ in days:
            self.look()
        named = [
            day
            for day in days
            if self.is_in_month(day) and self.is_in_week(day) and self.is_year_day(day) and self.is_month_day(day)
        ]
        return sorted(day for day in {*named, *self.skipped(days)} if self.is_weekday(day))

    def skipped(self, days: list[date]) -> list[date]:
        """RFC 7529: the valid days for the invalid ones: before them with BACKWARD, after them with FORWARD."""
        if self.skip == "OMIT" or self.frequency not in ("YEARLY", "MONTHLY") or self.week_numbers:
            return []
        moved: list[date] = []
        if self.month_days and not self.year_days:
            for first in (day for day in days if day.day == 1 and self.is_in_month(day)):
                last = last_of(first, "month")
                moved += self.moved(self.month_days, first, last)
        if self.year_days and not self.month_days and not self.months and self.frequency == "YEARLY":
            moved += self.moved(self.year_days, days[0], days[-1])
        return moved

    def moved(self, numbers: list[int], first: date, last: date) -> list[date]:
        length = (last - first).days + 1
        moved = []
        for number in numbers:
            if number > length:
                moved.append(last if self.skip == "BACKWARD" else last + DAY)
            elif number < -length:
                moved.append(first - DAY if self.skip == "BACKWARD" else first)
        return moved

    def is_in_month(self, day: date) -> bool:
        return self.months is None or day.month in self.months

    def is_year_day(self, day: date) -> bool:
        return self.year_days is None or counted(day, "year", 1) & set(self.year_days) != set()

    def is_month_day(self, day: date) -> bool:
        return self.month_days is None or counted(day, "month", 1) & set(self.month_days) != set()

    def is_in_week(self, day: date) -> bool:
        if self.week_numbers is None:
            return True
        year, number = self.week_of(day)
        weeks = self.week_of(date(year, 12, 28))[1]
        return number in self.week_numbers or number - weeks - 1 in self.week_numbers

    def week_of(self, day: date) -> tuple[int, int]:
        """The year of the week that a day is in, which is the year of the week's fourth day, and its number in that.

        "Week number one of the calendar year is the first week that contains at least four (4) days in that calendar
        year".
        """
        while day.weekday() != self.week_start:
            day -= DAY
        fourth = day + 3 * DAY
        return fourth.year, (fourth - date(fourth.year, 1, 1)).days // 7 + 1

    def is_weekday(self, day: date) -> bool:
        """Table and notes: with a number, in the month with FREQ=MONTHLY or BYMONTH, otherwise in the year."""
        if self.weekdays is None:
            return True
        weekday = WEEKDAYS[day.weekday()]
        if weekday in self.weekdays:
            return True
        scope = "month" if self.frequency == "MONTHLY" or "BYMONTH" in self.parts else "year"
        numbers = {int(each[:-2]) for each in self.weekdays if each[-2:] == weekday and each[:-2]}
        return bool(numbers) and counted(day, scope, 7) & numbers != set()

    def times(self, longest: str) -> list[time]:
        """The times of a day, an hour (from BYMINUTE on) or a minute (from BYSECOND on)."""
        names = ["BYHOUR", "BYMINUTE", "BYSECOND"]
        own = [self.start.hour, self.start.minute, self.start.second]
        some = [
            sorted({min(number, 59) for number in self.numbers(name) or [own[place]]})
            if place >= names.index(longest)
            else [0]
            for place, name in enumerate(names)
        ]
        return [time(hour, minute, second) for hour in some[0] for minute in some[1] for second in some[2]]

    def units(self, bound: datetime) -> Iterator[tuple[list[datetime], datetime]]:
        """Hours, minutes or seconds, one by one; days that no part names are passed over."""
        seconds = UNITS[self.frequency]
        start = self.start.replace(second=0) if seconds >= 60 else self.start
        start = start.replace(minute=0) if seconds >= 3600 else start
        step = self.interval * seconds
        day = bound.date()
        while True:
            self.look()
            midnight = datetime.combine(day, time.min)
            self.looked_until = midnight - DAY
            if self.named_days([day]):
                behind = int((midnight - start).total_seconds())
                at = max(behind + -behind % step, 0)
                while at < behind + 86_400:
                    self.look()
                    unit = start + timedelta(seconds=at)
                    self.looked_until = max(self.looked_until, unit - timedelta(seconds=seconds))
                    if self.is_time(unit):
                        yield self.within(unit), unit
                    at += step
            try:
                day += DAY
            except OverflowError:
                return

    def within(self, unit: datetime) -> list[datetime]:
        longest = {"HOURLY": "BYMINUTE", "MINUTELY": "BYSECOND"}.get(self.frequency)
        if longest is None:
            return [unit]
        return [unit + timedelta(minutes=at.minute, seconds=at.second) for at in self.times(longest)]

    def is_time(self, unit: datetime) -> bool:
        """Table: BYHOUR limits HOURLY and shorter, BYMINUTE MINUTELY and SECONDLY, BYSECOND SECONDLY."""
        for name, value, frequencies in (
            ("BYHOUR", unit.hour, ("HOURLY", "MINUTELY", "SECONDLY")),
            ("BYMINUTE", unit.minute, ("MINUTELY", "SECONDLY")),
            ("BYSECOND", unit.second, ("SECONDLY",)),
        ):
            if self.frequency not in frequencies or name not in self.parts:
                continue
            if value not in {min(number, 59) for number in self.numbers(name) or []}:
                return False
        return True


def last_of(day: date, scope: str) -> date:
    """The last day of the month or year that a day is in."""
    if scope == "year":
        return date(day.year, 12, 31)
    return (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY


def counted(day: date, scope: str, every: int) -> set[int]:
    """How a day is counted from the first and from the last of its month or year: by days (1) or by weekdays (7)."""
    first = day.replace(day=1) if scope == "month" else date(day.year, 1, 1)
    return {(day - first).days // every + 1, -((last_of(day, scope) - day).days // every + 1)}
