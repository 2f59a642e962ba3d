"""vCalendar 1.0, which phones and old programs write, as iCalendar.

A value in QUOTED-PRINTABLE or BASE64, and in some CHARSET, is decoded; programs write it so in iCalendar, too. In
vCalendar 1.0, CATEGORIES and dates of a list have semicolons between them, STATUS has other words, alarms are
properties (AALARM, DALARM, MALARM, PALARM), rules have a notation of their own, and CREATED is DCREATED.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Callable, Sequence
from typing import Final

from loaders.rows.icalendar.properties import NotAProperty, Property, escape, parse

MAY_BE_ENCODED: Final = re.compile(r"ENCODING=|QUOTED-PRINTABLE|CHARSET=", re.IGNORECASE)
_ENCODING: Final = re.compile(r";(?:ENCODING=)?\"?(QUOTED-PRINTABLE|BASE64|B)\"?(?=;|$)", re.IGNORECASE)
_CHARSET: Final = re.compile(r";CHARSET=[^;]*", re.IGNORECASE)
# Of what a CHARSET may name. Others of Python's codecs decode things that are no texts, some of them slowly.
_CHARSETS: Final = re.compile(
    r"utf-?8|(us-)?ascii|iso-?8859-\d{1,2}|latin-?1|windows-12\d\d|cp12\d\d|koi8-[ru]|shift_?jis|euc-(jp|kr)|"
    r"iso-2022-jp|gb2312|gbk|gb18030|big5|tis-620",
    re.IGNORECASE,
)
_TEXTS: Final = frozenset({"SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CONTACT", "RESOURCES", "CATEGORIES"})
_ALARMS: Final = frozenset({"AALARM", "DALARM", "MALARM", "PALARM"})
_STATUSES: Final = {
    "NEEDS ACTION": "NEEDS-ACTION",
    "ACCEPTED": "NEEDS-ACTION",
    "SENT": "NEEDS-ACTION",
    "TENTATIVE": "NEEDS-ACTION",
    "CONFIRMED": "NEEDS-ACTION",
    "DELEGATED": "NEEDS-ACTION",
    "DECLINED": "CANCELLED",
}
_NOT_IN_LIST: Final = re.compile(r"(?<!\\);")
_MOST_PRIORITY: Final = "9"


class NotDecoded(ValueError):
    """A value that is not in the encoding or character set that it states."""


def decode_lines(content: bytes) -> str:
    """The text of a component: UTF-8, or each line in the character set that it states.

    Raises
    ------
    UnicodeDecodeError
        A line is in none, or another one than it states.
    """
    try:
        return content.decode()
    except UnicodeDecodeError:
        return "\n".join(line.decode(_charset_of(line)) for line in content.split(b"\n"))


def _charset_of(line: bytes) -> str:
    found = _CHARSET.search(line.partition(b":")[0].decode("ascii", "replace"))
    name = found[0].partition("=")[2].strip('"') if found else ""
    return name if _CHARSETS.fullmatch(name) else "utf-8"


def decode(prop: Property) -> Property:
    """A property as iCalendar has it: a TEXT in UTF-8, with escapes.

    Raises
    ------
    NotDecoded
    """
    if not prop.parameters:
        return prop
    found = _ENCODING.search(prop.parameters)
    charset = prop.parameter("CHARSET")
    if found is None or (found[1].upper() != "QUOTED-PRINTABLE" and prop.name not in _TEXTS):
        # A picture in Base64 stays one. Text in another character set was decoded with its line.
        return prop if charset is None else prop._replace(parameters=_CHARSET.sub("", prop.parameters))
    name = charset or "utf-8"
    if _CHARSETS.fullmatch(name) is None:
        raise NotDecoded(f"expected a known CHARSET, not {name!r:.80}")
    try:
        raw = prop.value.encode()
        if found[1].upper() == "QUOTED-PRINTABLE":
            raw = quopri.decodestring(raw)
        else:
            raw = base64.b64decode(raw, validate=True)
        text = raw.decode(name)
    except (UnicodeDecodeError, binascii.Error, LookupError):
        raise NotDecoded(f"it is not {found[1].upper()} in {name}") from None
    parameters = _CHARSET.sub("", _ENCODING.sub("", prop.parameters))
    is_list = prop.name == "CATEGORIES"
    return Property(prop.name, parameters, _escape_list(text) if is_list else escape(text.replace("\\;", ";")))


def _escape_list(text: str) -> str:
    separator = _NOT_IN_LIST if _NOT_IN_LIST.search(text) else re.compile(",")
    return ",".join(escape(item.replace("\\;", ";")) for item in separator.split(text))


def translate(prop: Property) -> Property:
    """A decoded property of vCalendar 1.0 as that of iCalendar."""
    change = _TRANSLATED.get(prop.name)
    return change(prop) if change is not None else prop


def _categories(prop: Property) -> Property:
    return prop._replace(value=",".join(_NOT_IN_LIST.split(prop.value)).replace("\\;", ";"))


def _dates(prop: Property) -> Property:
    return prop._replace(value=prop.value.replace(";", ","))


def _status(prop: Property) -> Property:
    word = prop.value.strip().upper()
    return prop._replace(value=_STATUSES[word]) if word in _STATUSES else prop


def _priority(prop: Property) -> Property:
    number = prop.value.strip()
    is_lower = number.isascii() and number.isdecimal() and len(number.lstrip("0")) > 1
    return prop._replace(value=_MOST_PRIORITY) if is_lower else prop


def _created(prop: Property) -> Property:
    return prop._replace(name="CREATED")


def _rule(prop: Property) -> Property:
    return prop._replace(value=rule_of(prop.value) or prop.value)


_TRANSLATED: Final[dict[str, Callable[[Property], Property]]] = {
    "CATEGORIES": _categories,
    "EXDATE": _dates,
    "RDATE": _dates,
    "STATUS": _status,
    "PRIORITY": _priority,
    "DCREATED": _created,
    "RRULE": _rule,
}


def alarm_of(prop: Property) -> list[Property] | None:
    """The alarm that a property is: when it goes off, after which time again, how often, and what it shows."""
    if prop.name not in _ALARMS:
        return None
    when, every, repeats, *_ = [*prop.value.split(";"), "", "", ""]
    lines = ["ACTION:DISPLAY", f"TRIGGER;VALUE=DATE-TIME:{when.strip()}"]
    if every.strip() and repeats.strip():
        lines += [f"DURATION:{every.strip()}", f"REPEAT:{repeats.strip()}"]
    try:
        return [parse(line) for line in lines]
    except NotAProperty:
        return None


_RULE: Final = re.compile(r"(D|W|MP|MD|YM|YD)(\d{1,4})((?: +[0-9A-Z+-]{1,4})*)(?: +(#\d{1,5}|\d{8}(?:T\d{6}Z?)?))?")
_POSITION: Final = re.compile(r"(\d)([+-]?)")
_NUMBER: Final = re.compile(r"(\d{1,3})([+-]?)")
_WEEKDAYS: Final = frozenset({"SU", "MO", "TU", "WE", "TH", "FR", "SA"})
_FREQUENCIES: Final = {"D": "DAILY", "W": "WEEKLY", "MP": "MONTHLY", "MD": "MONTHLY", "YM": "YEARLY", "YD": "YEARLY"}
_NUMBERED: Final = {"MD": "BYMONTHDAY", "YM": "BYMONTH", "YD": "BYYEARDAY"}
# Without a duration a rule has two occurrences, with one of #0 it goes on for ever.
_DEFAULT_DURATION: Final = "#2"


def rule_of(text: str) -> str | None:
    """An RRULE for a rule of vCalendar 1.0, such as ``MP1 1+ TU #10``; None if there is none."""
    found = _RULE.fullmatch(text.strip().upper())
    if found is None:
        return None
    kind, interval, words, duration = found[1], int(found[2]), found[3].split(), found[4] or _DEFAULT_DURATION
    parts = [f"FREQ={_FREQUENCIES[kind]}", *([f"INTERVAL={interval}"] if interval != 1 else [])]
    by = _days_of(kind, words)
    if by is None:
        return None
    parts += by
    if duration.startswith("#"):
        parts += [f"COUNT={int(duration[1:])}"] if int(duration[1:]) else []
    else:
        parts.append(f"UNTIL={duration}")
    return ";".join(parts)


def _days_of(kind: str, words: Sequence[str]) -> list[str] | None:
    """The BY… part of a rule, if it names days or months; None if they cannot be read."""
    if not words:
        return []
    if kind in _NUMBERED:
        numbers = ["-1" if word == "LD" else _signed(_NUMBER.fullmatch(word)) for word in words]
        return None if None in numbers else [f"{_NUMBERED[kind]}={','.join(map(str, numbers))}"]
    if kind == "W":
        return [f"BYDAY={','.join(words)}"] if _WEEKDAYS.issuperset(words) else None
    return _positions(words) if kind == "MP" else None


def _positions(words: Sequence[str]) -> list[str] | None:
    """Weekdays of a month, each after its positions: ``1+ 3+ MO 1- FR``."""
    days: list[str] = []
    positions: list[str] = []
    is_after_day = False
    for word in words:
        if word in _WEEKDAYS:
            days += [f"{position}{word}" for position in positions]
            is_after_day = True
            continue
        position = _signed(_POSITION.fullmatch(word))
        if position is None:
            return None
        positions = [position] if is_after_day else [*positions, position]
        is_after_day = False
    return [f"BYDAY={','.join(days)}"] if days else None


def _signed(found: re.Match[str] | None) -> str | None:
    return None if found is None else f"{'-' if found[2] == '-' else ''}{found[1]}"
