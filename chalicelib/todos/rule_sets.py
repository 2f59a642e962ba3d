"""The sets that BYSETPOS chooses from: the days of an interval with their times (RFC 5545, section 3.3.10)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from chalicelib.todos.rule_days import LAST_DAY, Work, bits
from chalicelib.todos.rules import Rule

DAY_SECONDS: Final = 24 * 60 * 60
UNIT_SECONDS: Final = {"DAILY": DAY_SECONDS, "HOURLY": 60 * 60, "MINUTELY": 60, "SECONDLY": 1}


def _nth_bit(days: int, index: int) -> int:
    """The number of a bit, by how many are set before it."""
    for _ in range(index):
        days &= days - 1
    return (days & -days).bit_length() - 1


@dataclass(frozen=True, slots=True)
class _Times:
    """The times of a day, an hour or a minute: each hour with each minute with each second, as seconds from its start.

    There may be thousands; they are counted, not made.
    """

    hours: tuple[int, ...] = (0,)
    minutes: tuple[int, ...] = (0,)
    seconds: tuple[int, ...] = (0,)

    def __len__(self) -> int:
        return len(self.hours) * len(self.minutes) * len(self.seconds)

    def __getitem__(self, index: int) -> int:
        index, second = divmod(index, len(self.seconds))
        hour, minute = divmod(index, len(self.minutes))
        return (self.hours[hour] * 60 + self.minutes[minute]) * 60 + self.seconds[second]

    def rank(self, at: int) -> int:
        """How many of them are not later than a time."""
        minutes, second = divmod(at, 60)
        hour, minute = divmod(minutes, 60)
        hours_before = bisect_left(self.hours, hour)
        count = hours_before * len(self.minutes)
        if self.hours[hours_before : hours_before + 1] != (hour,):
            return count * len(self.seconds)
        minutes_before = bisect_left(self.minutes, minute)
        count = (count + minutes_before) * len(self.seconds)
        if self.minutes[minutes_before : minutes_before + 1] != (minute,):
            return count
        return count + bisect_right(self.seconds, second)


def _times_of_interval(rule: Rule, start: datetime) -> _Times:
    """The times that each day of a set has, or each hour or minute where FREQ is HOURLY or MINUTELY."""
    numbers, given = rule.numbers, []
    for name, unit, own in (
        ("BYHOUR", "HOURLY", start.hour),
        ("BYMINUTE", "MINUTELY", start.minute),
        ("BYSECOND", "SECONDLY", start.second),
    ):
        is_shorter = UNIT_SECONDS[unit] < UNIT_SECONDS.get(rule.frequency, DAY_SECONDS)
        given.append(numbers.get(name, (own,)) if is_shorter else (0,))
    return _Times(*given)


class _Positions:
    """BYSETPOS: which of a set's occurrences count, by their indexes."""

    def __init__(self, rule: Rule, work: Work) -> None:
        self._positions = rule.numbers.get("BYSETPOS")
        self._work = work
        self._indexes: dict[int, tuple[int, ...]] = {}

    def from_index(self, index: int, size: int) -> int | None:
        """The first index that counts in a set of a size, from an index on; None where there is none."""
        if self._positions is None:
            return index if index < size else None
        indexes = self._indexes.get(size)
        if indexes is None:
            self._work.spend(len(self._positions))
            found = {position - 1 if position > 0 else size + position for position in self._positions}
            indexes = self._indexes[size] = tuple(sorted(each for each in found if 0 <= each < size))
        place = bisect_left(indexes, index)
        return indexes[place] if place < len(indexes) else None


class DatesAndTimes:
    """The occurrences of an interval: each of its days with each of its times."""

    def __init__(self, rule: Rule, start: datetime, work: Work) -> None:
        self._times = _times_of_interval(rule, start)
        self._positions = _Positions(rule, work)

    def first_after(self, before: int, days: int, bound: datetime) -> datetime | None:
        """The set's first after a time, of the days in `days`, of which bit 0 is the ordinal `before`."""
        each = len(self._times)
        place = bound.toordinal() - before
        earlier = 0
        if place >= 0:
            earlier = (days & bits(0, place - 1)).bit_count() * each
            if days >> place & 1:
                earlier += self._times.rank(bound.hour * 3600 + bound.minute * 60 + bound.second)
        index = self._positions.from_index(earlier, days.bit_count() * each)
        if index is None:
            return None
        ordinal = before + _nth_bit(days, index // each)
        return None if ordinal > LAST_DAY else wall_time(ordinal, self._times[index % each])

    @property
    def is_empty(self) -> bool:
        """Whether a set that is always of one size never has an occurrence that counts."""
        return self._positions.from_index(0, len(self._times)) is None

    def first_from(self, start: datetime, seconds: int) -> datetime | None:
        """The first of a set that begins at a time, and has no day; so many seconds after it, or later."""
        index = self._positions.from_index(self._times.rank(seconds - 1) if seconds else 0, len(self._times))
        return None if index is None else start + timedelta(seconds=self._times[index])


def wall_time(ordinal: int, second: int) -> datetime:
    """The time so many seconds into a day."""
    return datetime.combine(date.fromordinal(ordinal), time.min) + timedelta(seconds=second)
