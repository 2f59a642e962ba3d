"""Dates with their year, as people write them in English: ``2026-12-01 at 11:00``, ``Oct 5 2026``, ``5 Oct 2026 5pm``.

A date that leaves the year out depends on the day it was written, so it is not one of these. Of dates that are numbers
between slashes, only those are read that mean the same in every country.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, tzinfo
from typing import Final

from loaders.rows.zones import rfc_3339

_MAX_LENGTH: Final = 80
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY: Final = r"(?:(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\.?,?\s+)?"
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR: Final = r"(?P<year>\d{4})"
_TIME: Final = (
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,9})?)?)?\s*(?P<half>[ap]\.?m\.?)?"
    r"\s*(?P<offset>z|[+-]\d{2}:?\d{2})?"
)
_FORMS: Final = tuple(
    re.compile(rf"{day}(?:(?:,?\s+(?:at\s+|@\s*)?|t){_TIME})?", re.ASCII | re.IGNORECASE)
    for day in (
        r"(?P<year>\d{4})([-/])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY},?\s+{_YEAR}",
        rf"{_WEEKDAY}{_DAY}\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}",
        rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.{_YEAR}",
        rf"(?P<one>\d{{1,2}})([-/])(?P<other>\d{{1,2}})\2{_YEAR}",
    )
)


def moment_of(text: str, zone: tzinfo | None = None) -> str | None:
    """A day, or a date-time of RFC 3339; None if the text is not such a date.

    Parameters
    ----------
    zone : tzinfo, optional
        Of a time of day without an offset; UTC without it.

    Raises
    ------
    ValueError
        It looks like one, and there is no such day or time.
    """
    found = _match(text)
    if found is None:
        return None
    parts = found.groupdict()
    if parts.get("one"):
        one, other = int(parts["one"]), int(parts["other"])
        month, day = (one, other) if other > 12 or one == other else (other, one)
    else:
        word = parts["month"].lower()
        month = int(word) if word.isdigit() else _MONTHS.index(word[:3]) + 1
        day = int(parts["day"])
    on = date(int(parts["year"]), month, day)
    if parts["hour"] is None:
        return on.isoformat()
    local = datetime.combine(on, _time(parts), zone)
    return rfc_3339(
        datetime.fromisoformat(f"{local:%Y-%m-%dT%H:%M:%S}{parts['offset'].upper()}") if parts["offset"] else local
    )


def _match(text: str) -> re.Match[str] | None:
    if len(text) > _MAX_LENGTH:
        return None
    for form in _FORMS:
        found = form.fullmatch(text.strip())
        if found is None or _is_a_bare_hour(found):
            continue
        parts = found.groupdict()
        if (
            parts.get("one")
            and int(parts["one"]) <= 12
            and int(parts["other"]) <= 12
            and parts["one"] != parts["other"]
        ):
            continue
        return found
    return None


def _is_a_bare_hour(found: re.Match[str]) -> bool:
    """Whether what follows the date is only a number, which need not be a time."""
    return found["hour"] is not None and found["minute"] is None and found["half"] is None


def _time(parts: dict[str, str]) -> time:
    hour = int(parts["hour"])
    if parts["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("hour must be in 1..12 before am or pm")
        hour = hour % 12 + (12 if parts["half"].lower().startswith("p") else 0)
    return time(hour, int(parts["minute"] or 0), int(parts["second"] or 0))
