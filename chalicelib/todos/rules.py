"""The value of an RRULE taken apart, and what keeps a text from being one (RFC 5545, section 3.3.10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# Times of day that BYHOUR, BYMINUTE and BYSECOND may name together; dateutil takes them for each day of a period.
MAX_TIMES_OF_DAY: Final = 24 * 60

_PART: Final = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)", re.ASCII | re.IGNORECASE)
_UNTIL: Final = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)
_NUMBER: Final = re.compile(r"([+-]?)(\d+)", re.ASCII)
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY_WITH_ORDINAL: Final = re.compile(rf"([+-]?)(\d+)(?:{'|'.join(_WEEKDAYS)})", re.ASCII)
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
_PARTS: Final = frozenset({"FREQ", "UNTIL", "COUNT", "INTERVAL", "BYDAY", "WKST", *_RANGES})
_TIME_PARTS: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")


@dataclass(frozen=True, slots=True)
class Rule:
    """An RRULE taken apart.

    Attributes
    ----------
    dates : str
        The parts that say on which dates it falls: all but INTERVAL, COUNT and UNTIL, and without a leap second.
    until : str, optional
        A date (that whole day is meant), a local time or, with a Z, a time in UTC.
    of_whole_days : bool
        It names no time of day.
    breach : str, optional
        Which rule about its parts it breaks, though its dates are plain. Only a stored one may: it was accepted when
        the check was laxer.
    """

    dates: str
    frequency: str
    interval: int
    count: int | None
    until: str | None
    of_whole_days: bool
    breach: str | None


def parse(repeat: str) -> Rule:
    """The rule that a todo's `repeat` states.

    Raises
    ------
    ValueError
        When it is no RRULE's value, or a part holds what it cannot mean.
    """
    parts: dict[str, str] = {}
    for part in repeat.split(";"):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is not a NAME=VALUE")
        name, value = found[1].upper(), found[2].upper()
        if name in parts:
            raise ValueError(f"{name} stands twice")
        _check_value(name, value)
        parts[name] = value
    if "FREQ" not in parts:
        raise ValueError("FREQ is missing")
    frequency = parts["FREQ"]
    breach = _breach(parts)
    interval, count, until = int(parts.pop("INTERVAL", "1")), parts.pop("COUNT", None), parts.pop("UNTIL", None)
    times_of_day = 1
    for name in _TIME_PARTS:
        times_of_day *= len(set(parts.get(name, "").split(",")))
    if times_of_day > MAX_TIMES_OF_DAY:
        raise ValueError(f"it names {times_of_day} times of day where {MAX_TIMES_OF_DAY} are allowed")
    of_whole_days = frequency in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY") and not parts.keys() & set(_TIME_PARTS)
    if "BYSECOND" in parts:
        parts["BYSECOND"] = ",".join(_without_leap_second(second) for second in parts["BYSECOND"].split(","))
    dates = ";".join(f"{name}={value}" for name, value in parts.items())
    return Rule(dates, frequency, interval, int(count) if count else None, until, of_whole_days, breach)


def rule_error(repeat: str) -> str | None:
    """What keeps a text from being a rule, or None."""
    try:
        wrong = parse(repeat).breach
    except ValueError as error:
        wrong = str(error)
    if wrong is None:
        return None
    return f"expected the value of an RFC 5545 RRULE, such as FREQ=WEEKLY;BYDAY=MO ({wrong})"


def _check_value(name: str, value: str) -> None:
    """See that a part holds what the grammar has for it.

    Raises
    ------
    ValueError
        When it does not. dateutil takes most numbers, and gives wrong dates: day 0 of a month is every day to it.
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
    elif name == "FREQ":
        is_right, expected = value in FREQUENCIES, f"one of {', '.join(FREQUENCIES)}"
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
    return _is_within(1, _MAX_ORDINAL, _WEEKDAY_WITH_ORDINAL.fullmatch(item), is_signed=True)


def _is_until(value: str) -> bool:
    if not _UNTIL.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _without_leap_second(second: str) -> str:
    """Who does not know leap seconds takes second 60 for 59 (section 3.3.12), and no `datetime` can hold one."""
    return "59" if second == "60" else second


def _breach(parts: Mapping[str, str]) -> str | None:
    """What section 3.3.10 says against parts, each of which is right by itself."""
    frequency = parts["FREQ"]
    unknown = next((name for name in parts if name not in _PARTS), None)
    if unknown is not None:
        return f"{unknown} is no part of a rule"
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
