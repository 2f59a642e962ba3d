"""The value of an RRULE taken apart, and what keeps a text from being one (RFC 5545, section 3.3.10, and RFC 7529).

RSCALE may only be GREGORIAN, which a SKIP without it implies: it is the one calendar here. Programs that read RFC 7529
want both, so the two are written together wherever a rule leaves as iCalendar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from math import prod
from typing import Final

# Checked before anything else is done with a text.
MAX_LENGTH: Final = 500
# Times of day that BYHOUR, BYMINUTE and BYSECOND may name together.
MAX_TIMES_OF_DAY: Final = 24 * 60

_PART: Final = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)", re.ASCII | re.IGNORECASE)
_UNTIL: Final = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)
_NUMBER: Final = re.compile(r"([+-]?)(\d+)", re.ASCII)
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY: Final = re.compile(rf"(?:([+-]?)(\d+))?({'|'.join(_WEEKDAYS)})", re.ASCII)
_MAX_ORDINAL: Final = 53

FREQUENCIES: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
# What the numbers of a part may be,
_RANGES: Final = {
    "BYSECOND": (0, 60),
    "BYMINUTE": (0, 59),
    "BYHOUR": (0, 23),
    "BYMONTHDAY": (1, 31),
    "BYYEARDAY": (1, 366),
    "BYWEEKNO": (1, 53),
    "BYMONTH": (1, 12),
    "BYSETPOS": (1, 366),
}
# of which these may also count from the end,
_SIGNED: Final = frozenset({"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})
# and these do not go with every FREQ.
_GOES_WITH: Final = {
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY", "HOURLY", "MINUTELY", "SECONDLY"),
    "BYMONTHDAY": ("YEARLY", "MONTHLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"),
}
# What other parts may say.
_WORDS: Final = {
    "WKST": _WEEKDAYS,
    "FREQ": FREQUENCIES,
    "RSCALE": ("GREGORIAN",),
    "SKIP": ("OMIT", "BACKWARD", "FORWARD"),
}
_PARTS: Final = frozenset({"UNTIL", "COUNT", "INTERVAL", "BYDAY", *_RANGES, *_WORDS})
# From the longest to the shortest; what is shorter than FREQ multiplies the occurrences of a period.
TIME_PARTS: Final = {"BYHOUR": "HOURLY", "BYMINUTE": "MINUTELY", "BYSECOND": "SECONDLY"}
# Parts of dateutil's own, which rules hold that were accepted when it alone read them.
_OTHER_BYDAY: Final = "BYWEEKDAY"
_BYEASTER: Final = "BYEASTER"

# A month has at most five Mondays, a year 53, a year of whole weeks 371 days.
_MONTH_WEEKS, _YEAR_WEEKS, _LONGEST_YEAR = 5, 53, 371


@dataclass(frozen=True, slots=True)
class Rule:
    """An RRULE taken apart.

    Attributes
    ----------
    until : str, optional
        A date (that whole day is meant), a local time or, with a Z, a time in UTC.
    of_whole_days : bool
        It names no time of day.
    breach : str, optional
        Which rule about its parts it breaks, though its dates are plain. Only a stored one may: it was accepted when
        the check was laxer.
    numbers : mapping of str to tuple of int
        What the parts with numbers name, ascending and each once: a list is no longer than its part has values.
    weekdays : tuple of (int, int)
        BYDAY: which (1 the first, -1 the last, 0 all) of which weekday (Monday is 0).
    week_start : int
        WKST, Monday being 0.
    skip : str
        RFC 7529: what becomes of an invalid date, such as 30 February.
    """

    frequency: str
    interval: int
    count: int | None
    until: str | None
    of_whole_days: bool
    breach: str | None
    numbers: Mapping[str, tuple[int, ...]]
    weekdays: tuple[tuple[int, int], ...]
    week_start: int
    skip: str


# A request reads its rule several times; few, since one may take 10 KB.
@lru_cache(maxsize=128)
def parse(repeat: str) -> Rule:
    """The rule that a todo's `repeat` states.

    Raises
    ------
    ValueError
        When it is no RRULE's value, or a part holds what it cannot mean.
    """
    if len(repeat) > MAX_LENGTH:
        raise ValueError(f"{len(repeat)} characters where {MAX_LENGTH} are allowed")
    parts = _parts(repeat)
    if "FREQ" not in parts:
        raise ValueError("FREQ is missing")
    frequency = parts["FREQ"]
    numbers = {name: _numbers(parts[name]) for name in parts if name in _RANGES or name == _BYEASTER}
    weekdays = _weekdays(parts)
    times_of_day = prod(len(numbers.get(name, ".")) for name in TIME_PARTS)
    if times_of_day > MAX_TIMES_OF_DAY:
        raise ValueError(f"it names {times_of_day} times of day where {MAX_TIMES_OF_DAY} are allowed")
    if "BYSECOND" in numbers:
        # Without leap seconds, second 60 is second 59 (section 3.3.12), and no `datetime` can hold one.
        numbers["BYSECOND"] = tuple(sorted({min(second, 59) for second in numbers["BYSECOND"]}))
    return Rule(
        frequency=frequency,
        interval=int(parts.get("INTERVAL", "1")),
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
        until=parts.get("UNTIL"),
        of_whole_days=frequency in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY") and not parts.keys() & TIME_PARTS.keys(),
        breach=_breach(parts) or _breach_of_positions(frequency, numbers, weekdays),
        numbers=numbers,
        weekdays=weekdays,
        week_start=_WEEKDAYS.index(parts.get("WKST", "MO")),
        skip=parts.get("SKIP", "OMIT"),
    )


def rule_error(repeat: str) -> str | None:
    """What keeps a text from being a rule, or None."""
    try:
        rule = parse(repeat)
        wrong = rule.breach or _anchoring_error(repeat, rule)
    except ValueError as error:
        wrong = str(error)
    if wrong is None:
        return None
    return f"expected the value of an RFC 5545 RRULE, such as FREQ=WEEKLY;BYDAY=MO ({wrong})"


def anchored(repeat: str, start: datetime) -> str:
    """The rule as it was written, with the day that DTSTART alone has named, where SKIP may lead away from it.

    The occurrence after 31 January, monthly with SKIP=BACKWARD, is on 28 February. It is a todo of its own, which the
    rule is counted from: without BYMONTHDAY=31 it would never again be on the 31st.
    """
    rule = parse(repeat)
    if not _may_lose_its_day(rule) or start.day <= _DAYS_OF_EVERY_MONTH:
        return repeat
    if rule.frequency == "MONTHLY" or "BYMONTH" in rule.numbers:
        return f"{repeat};BYMONTHDAY={start.day}"
    return f"{repeat};BYMONTH=2;BYMONTHDAY={start.day}" if start.month == _FEBRUARY else repeat


def of_dates(rule: Rule) -> Rule:
    """A rule as it is for a date without a time: BYHOUR, BYMINUTE and BYSECOND "MUST be ignored" (section 3.3.10).

    With HOURLY and shorter ones they stay. The RFC has no meaning for those; they count from the day's first second.
    """
    if rule.of_whole_days or rule.frequency in TIME_PARTS.values():
        return rule
    return replace(rule, numbers={name: found for name, found in rule.numbers.items() if name not in TIME_PARTS})


_DAYS_OF_EVERY_MONTH: Final = 28
_FEBRUARY: Final = 2
_LONGEST_ANCHOR: Final = len(";BYMONTH=2;BYMONTHDAY=29")


def _may_lose_its_day(rule: Rule) -> bool:
    """Whether DTSTART names the day of the month, and SKIP may move it."""
    names_days = rule.weekdays or rule.numbers.keys() & {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", _BYEASTER}
    return rule.skip != "OMIT" and rule.frequency in ("YEARLY", "MONTHLY") and not names_days


def _anchoring_error(repeat: str, rule: Rule) -> str | None:
    """A rule must have room for what `anchored` adds: the next todo's is as long as any other's at most."""
    if _may_lose_its_day(rule) and len(repeat) > MAX_LENGTH - _LONGEST_ANCHOR:
        return f"with SKIP and without BYMONTHDAY it may have {MAX_LENGTH - _LONGEST_ANCHOR} characters"
    return None


def _parts(repeat: str) -> dict[str, str]:
    """The parts in upper case, by name, in the order that they are written in.

    Raises
    ------
    ValueError
        When one is not a part, or holds what it cannot mean.
    """
    parts: dict[str, str] = {}
    for part in repeat.split(";"):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r:.80} is not a NAME=VALUE")
        name, value = found[1].upper(), found[2].upper()
        if name in parts:
            raise ValueError(f"{name:.80} stands twice")
        _check_value(name, value)
        parts[name] = value
    return parts


def _numbers(value: str) -> tuple[int, ...]:
    return tuple(sorted({int(number) for number in value.split(",")}))


def _weekdays(parts: Mapping[str, str]) -> tuple[tuple[int, int], ...]:
    """The numbers and weekdays of BYDAY, each once; without the numbers where FREQ gives them no meaning.

    Raises
    ------
    ValueError
        When BYWEEKDAY, which stored rules may have for it, holds something else.
    """
    value = parts.get("BYDAY", parts.get(_OTHER_BYDAY))
    if value is None:
        return ()
    named: set[tuple[int, int]] = set()
    for item in value.split(","):
        found = _WEEKDAY.fullmatch(item)
        if found is None:
            raise ValueError(f"{item!r:.80} is not a weekday")
        ordinal = int(f"{found[1]}{found[2]}") if found[2] else 0
        named.add((ordinal if parts["FREQ"] in ("YEARLY", "MONTHLY") else 0, _WEEKDAYS.index(found[3])))
    return tuple(sorted(named))


def _check_value(name: str, value: str) -> None:
    """See that a part holds what the grammar has for it.

    Raises
    ------
    ValueError
        When it does not.
    """
    if name in _RANGES:
        lowest, highest = _RANGES[name]
        is_signed = name in _SIGNED
        found = map(_NUMBER.fullmatch, value.split(","))
        is_right = all(_is_within(lowest, highest, number, is_signed=is_signed) for number in found)
        expected = f"numbers from {lowest} to {highest}" + (f" or -{highest} to -1" if is_signed else "")
    elif name == "BYDAY":
        is_right = all(item in _WEEKDAYS or _is_day_with_ordinal(item) for item in value.split(","))
        expected = f"weekdays (MO), which a number from 1 to {_MAX_ORDINAL} or -{_MAX_ORDINAL} to -1 may precede (-1FR)"
    elif name == "WKST":
        is_right, expected = value in _WEEKDAYS, "a weekday (MO)"
    elif name in ("INTERVAL", "COUNT"):
        is_right, expected = value.isdecimal() and int(value) >= 1, "a whole number from 1"
    elif name == "UNTIL":
        is_right, expected = _is_until(value), "a date (20261231) or a date and time (20261231T235959Z)"
    elif name in _WORDS:
        is_right = value in _WORDS[name]
        expected = ("one of " if len(_WORDS[name]) > 1 else "") + ", ".join(_WORDS[name])
    elif name == _BYEASTER:
        is_right, expected = all(map(_NUMBER.fullmatch, value.split(","))), "numbers of days"
    else:
        return
    if not is_right:
        raise ValueError(f"{name} must be {expected}, not {value:.80}")


def _is_within(lowest: int, highest: int, found: re.Match[str] | None, *, is_signed: bool) -> bool:
    """Whether a number was found, its sign and its digits apart, and is within the bounds."""
    if found is None or len(found[2]) > len(str(highest)):
        return False
    return (is_signed or not found[1]) and lowest <= int(found[2]) <= highest


def _is_day_with_ordinal(item: str) -> bool:
    found = _WEEKDAY.fullmatch(item)
    return found is not None and found[2] is not None and _is_within(1, _MAX_ORDINAL, found, is_signed=True)


def _is_until(value: str) -> bool:
    if not _UNTIL.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _breach(parts: Mapping[str, str]) -> str | None:
    """What section 3.3.10 says against parts, each of which is right by itself."""
    frequency = parts["FREQ"]
    unknown = next((name for name in parts if name not in _PARTS), None)
    if unknown is not None:
        return f"{unknown:.80} is no part of a rule"
    if "UNTIL" in parts and "COUNT" in parts:
        return "UNTIL and COUNT must not stand together"
    for name, frequencies in _GOES_WITH.items():
        if name in parts and frequency not in frequencies:
            return f"{name} must not stand with FREQ={frequency}"
    if any(character.isdecimal() for character in parts.get("BYDAY", "")):
        if frequency not in ("YEARLY", "MONTHLY"):
            return f"BYDAY must name weekdays without numbers with FREQ={frequency}"
        if "BYWEEKNO" in parts:
            return "BYDAY must name weekdays without numbers with BYWEEKNO"
    if "BYSETPOS" in parts and not any(name.startswith("BY") and name != "BYSETPOS" for name in parts):
        return "BYSETPOS must stand with another part that begins with BY"
    return None


def _breach_of_positions(
    frequency: str, numbers: Mapping[str, tuple[int, ...]], weekdays: tuple[tuple[int, int], ...]
) -> str | None:
    """A BYSETPOS that no period of the rule can have."""
    if "BYSETPOS" not in numbers:
        return None
    times = prod(
        len(numbers.get(name, "."))
        for name, its_frequency in TIME_PARTS.items()
        if FREQUENCIES.index(frequency) < FREQUENCIES.index(its_frequency)
    )
    largest = _most_days(frequency, numbers, weekdays) * times
    beyond = [position for position in numbers["BYSETPOS"] if abs(position) > largest]
    return f"BYSETPOS names {beyond[0]} of at most {largest} in a period of FREQ={frequency}" if beyond else None


def _most_days(frequency: str, numbers: Mapping[str, tuple[int, ...]], weekdays: tuple[tuple[int, int], ...]) -> int:
    """How many days a period has at most; the parts that go with its FREQ alone count."""
    counts = {name: len(found) for name, found in numbers.items()}
    all_weekdays = len({weekday for _, weekday in weekdays})
    if frequency == "WEEKLY":
        return all_weekdays or 1
    if frequency == "MONTHLY":
        return min(31, counts.get("BYMONTHDAY") or _in_weeks(weekdays, _MONTH_WEEKS) or 1)
    if frequency != "YEARLY":
        return 1
    if "BYYEARDAY" in counts:
        most = counts["BYYEARDAY"]
    elif "BYMONTHDAY" in counts:
        most = counts["BYMONTHDAY"] * counts.get("BYMONTH", 12)
    elif "BYWEEKNO" in counts:
        most = counts["BYWEEKNO"] * (all_weekdays or 1)
    elif "BYMONTH" in counts:
        most = counts["BYMONTH"] * (_in_weeks(weekdays, _MONTH_WEEKS) or 1)
    else:
        most = _in_weeks(weekdays, _YEAR_WEEKS) or 1
    return min(_LONGEST_YEAR, most)


def _in_weeks(weekdays: tuple[tuple[int, int], ...], weeks: int) -> int:
    """How many days weekdays name in a month or year that has each of them so often at most."""
    return sum(1 if ordinal else weeks for ordinal, _ in weekdays)
