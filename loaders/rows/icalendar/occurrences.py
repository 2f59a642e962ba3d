"""Which occurrence of a recurring to-do is the next open one (RFC 5545, sections 3.8.4.4 and 3.8.5).

The recurrence set begins with DTSTART, or with DUE where there is none; what RRULE and RDATE name is in it, what EXDATE
names is not. An occurrence with a RECURRENCE-ID of its own is a to-do of its own. What is left is open; the to-do is
due at the first of these, and repeats from there: with a COUNT of those that are left, and by a rule that leads to the
same dates from that due date on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from chalicelib.todos import occurrences
from chalicelib.todos.errors import TooMuchWork
from chalicelib.todos.rule_days import Work, sharing
from chalicelib.todos.rules import Rule, of_dates
from chalicelib.todos.rules import parse as parse_rule
from loaders.rows.icalendar.moments import LATEST, at_wall, parse_moment, wall, wall_in

LATER_EXCEPTIONS: Final = (
    "later exceptions of a rule (EXDATE, RDATE, RECURRENCE-ID) were kept as metadata: the todo repeats without them"
)
OTHER_DATES: Final = "a rule that leads elsewhere from the due date was kept as metadata: the todo does not repeat"
NOT_FOLLOWED: Final = "a rule that a todo cannot follow was kept as metadata: the todo does not repeat"
NONE_LEFT: Final = "a recurring todo without an open occurrence was read as completed"
TOO_MANY: Final = "a rule with too many exceptions was read without them"

# Of one to-do: its exceptions, and what all searches for its dates may cost.
MAX_EXCEPTIONS: Final = 10_000
_MAX_WORK: Final = 1_000_000
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class Recurring:
    """What a to-do says of its occurrences; RRULE's value, and the others' moments."""

    start: date | None
    due: date | None
    rule: str | None
    left_out: Sequence[date] = ()
    more: Sequence[date] = ()


@dataclass(slots=True)
class NextOccurrence:
    """When a recurring to-do is due next.

    Attributes
    ----------
    repeats : list of str
        What the todo may repeat by, the best first; empty if it does not repeat.
    is_over : bool
        No occurrence is open.
    """

    start: date | None
    due: date | None
    repeats: list[str]
    is_over: bool = False
    notices: list[str] = field(default_factory=list)


def find_next(recurring: Recurring) -> NextOccurrence:
    """The next open occurrence; bounded in work, whatever the to-do says."""
    as_it_is = NextOccurrence(recurring.start, recurring.due, [recurring.rule] if recurring.rule else [])
    if recurring.start is None and recurring.due is None:
        return as_it_is
    if not recurring.left_out and not recurring.more and None in (recurring.start, recurring.due):
        return as_it_is
    if len(recurring.left_out) + len(recurring.more) > MAX_EXCEPTIONS:
        as_it_is.notices.append(TOO_MANY)
        return as_it_is
    try:
        rule = parse_rule(recurring.rule) if recurring.rule else None
    except ValueError:
        rule = None
    try:
        with sharing(Work(_MAX_WORK)):
            return _Search(recurring, rule).next()
    except TooMuchWork:
        as_it_is.notices.append(TOO_MANY)
    except (ValueError, OverflowError):
        as_it_is.notices.append(NOT_FOLLOWED)
    return as_it_is


class _Search:
    """Looks for the next occurrence on the wall clock of the one that the rule counts from."""

    def __init__(self, recurring: Recurring, rule: Rule | None) -> None:
        self._recurring = recurring
        base = recurring.start if recurring.start is not None else recurring.due
        due = recurring.due
        if rule and due is not None and base is not due and base is not None:
            # Tasks.org counts from the due date: a start that the rule does not name is no occurrence.
            base = base if _may_name(rule, wall(base)) or not _may_name(rule, wall(due)) else due
        assert base is not None
        self._base = base
        self._begins = wall(base)
        self._by_day = not isinstance(base, datetime)
        self._rule = rule and (of_dates(rule) if self._by_day else rule)
        self._distance = wall_in(due, base) - self._begins if due is not None else timedelta()
        self._last = _until(rule, base)
        moments = recurring.left_out
        self._days = {each for each in moments if not isinstance(each, datetime)}
        self._walls = {self._wall(each) for each in moments if isinstance(each, datetime)}
        self._more = sorted({self._wall(each) for each in recurring.more} - {self._begins})

    def next(self) -> NextOccurrence:
        by_rule: datetime | None = self._begins
        named = [self._begins]
        following = self._following(self._begins) if self._rule else iter(())
        while by_rule is not None and self._is_left_out(by_rule):
            by_rule = self._unless_past(next(following, None), len(named) + 1)
            named += [] if by_rule is None else [by_rule]
        by_date = next((each for each in self._more if not self._is_left_out(each)), None)
        if by_rule is None and by_date is None:
            return self._over()
        if by_rule is None or (by_date is not None and by_date < by_rule):
            assert by_date is not None
            place = bisect_right(named, by_date)
            return self._at(by_date, named[place] if place < len(named) else None, place)
        return self._at(by_rule, self._unless_past(next(following, None), len(named) + 1), len(named))

    def _over(self) -> NextOccurrence:
        recurring = self._recurring
        rules = [recurring.rule] if recurring.rule else []
        return NextOccurrence(recurring.start, recurring.due, rules, is_over=True, notices=[NONE_LEFT])

    def _at(self, chosen: datetime, after: datetime | None, place: int) -> NextOccurrence:
        """What is due at one occurrence and by the rule again at another, and how many the rule has named so far."""
        recurring = self._recurring
        moved = chosen - self._begins
        found = NextOccurrence(_moved(recurring.start, moved), _moved(recurring.due, moved), [])
        if recurring.rule and self._rule is None:
            # It is not a rule, or one that another check explains.
            found.repeats = [recurring.rule]
        elif recurring.rule:
            found.repeats = self._repeats(chosen, after, place)
            if not found.repeats:
                found.notices.append(OTHER_DATES)
        if self._has_exceptions_after(chosen):
            found.notices.append(LATER_EXCEPTIONS)
        return found

    def _repeats(self, chosen: datetime, after: datetime | None, place: int) -> list[str]:
        """The rules that lead from the due date of `chosen` to that of `after`."""
        repeat = _counting(self._recurring.rule or "", place)
        due = chosen + self._distance
        if not self._distance and chosen == self._begins:
            return [repeat]
        candidates = [repeat, *_anchored(repeat, self._rule, self._begins, self._distance)]
        if after is None:
            return candidates[:1]
        return [each for each in candidates if self._leads(each, due, after + self._distance)]

    def _leads(self, repeat: str, due: datetime, after: datetime) -> bool:
        """Whether a rule that is counted from `due` leads to `after`, and then to where the rule itself leads."""
        rule = parse_rule(repeat)
        rule = of_dates(rule) if self._by_day else rule
        found = _first_after(rule, due, due, by_day=self._by_day)
        if found != after:
            return False
        then = next(self._following(after - self._distance), None)
        found = _first_after(rule, after, after, by_day=self._by_day)
        return found == (None if then is None else then + self._distance)

    def _following(self, last: datetime) -> Iterator[datetime]:
        """The rule's dates after one of them."""
        assert self._rule is not None
        while (found := _first_after(self._rule, self._begins, last, by_day=self._by_day)) is not None:
            yield found
            last = found

    def _unless_past(self, found: datetime | None, place: int) -> datetime | None:
        """A date of the rule, unless it lies beyond UNTIL or COUNT."""
        if found is None or self._rule is None or found > self._last:
            return None
        return None if self._rule.count is not None and place > self._rule.count else found

    def _is_left_out(self, found: datetime) -> bool:
        return found in self._walls or found.date() in self._days

    def _wall(self, moment: date) -> datetime:
        shown = wall_in(moment, self._base)
        return datetime.combine(shown, time.min) if self._by_day else shown

    def _has_exceptions_after(self, chosen: datetime) -> bool:
        if any(each > chosen for each in self._more):
            return True
        if self._rule is None:
            return False
        later = [each for each in self._walls if each > chosen]
        later += [day for each in self._days if (day := datetime.combine(each, time.min)) > chosen]
        return any(each <= self._last for each in later)


def _first_after(rule: Rule, start: datetime, after: datetime, *, by_day: bool) -> datetime | None:
    return occurrences.first_after(rule, start, datetime.combine(after, time.max) if by_day else after)


def _moved(moment: date | None, distance: timedelta) -> date | None:
    return None if moment is None else at_wall(wall(moment) + distance, moment)


def _until(rule: Rule | None, base: date) -> datetime:
    """The last moment of a rule, on the wall clock where `base` is."""
    if rule is None or rule.until is None:
        return LATEST
    until = parse_moment(rule.until, None)
    if not isinstance(until, datetime):
        return datetime.combine(until, time.max)
    if not isinstance(base, datetime):
        return datetime.combine(until.date(), time.max)
    return wall_in(until, base if base.tzinfo is not None else base.replace(tzinfo=UTC))


def _may_name(rule: Rule, when: datetime) -> bool:
    """Whether a rule may name a day, as far as its weekdays, days of the month and months say."""
    if rule.weekdays and when.weekday() not in {weekday for _, weekday in rule.weekdays}:
        return False
    days = rule.numbers.get("BYMONTHDAY")
    if days is not None and when.day not in days and not any(day < 0 for day in days):
        return False
    return when.month in rule.numbers.get("BYMONTH", (when.month,))


def _counting(repeat: str, named: int) -> str:
    """A rule whose COUNT is what is left, with the last of those that it has named."""
    parts = []
    for part in repeat.split(";"):
        name, _, value = part.partition("=")
        parts.append(f"COUNT={int(value) - named + 1}" if name.upper() == "COUNT" else part)
    return ";".join(parts)


def _anchored(repeat: str, rule: Rule | None, base: datetime, distance: timedelta) -> list[str]:
    """A rule with the days of the due dates named, so that it leads to them from other days, too."""
    if rule is None:
        return []
    due = base + distance
    shift = (due.date() - base.date()).days
    if rule.frequency == "WEEKLY":
        weekdays = [(weekday + shift) % 7 for _, weekday in rule.weekdays] or [due.weekday()]
        days = ",".join(_WEEKDAYS[each] for each in sorted(set(weekdays)))
        kept = [part for part in repeat.split(";") if not part.upper().startswith("BYDAY=")]
        return [";".join([*kept, f"BYDAY={days}"])]
    if rule.weekdays or rule.numbers.keys() & {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"}:
        return []
    if rule.frequency == "MONTHLY":
        return [f"{repeat};BYMONTHDAY={due.day}"]
    return [f"{repeat};BYMONTH={due.month};BYMONTHDAY={due.day}"] if rule.frequency == "YEARLY" else []
