"""For any rule and date: time goes on, and forms are kept. That the dates are right: `test_rules_by_brute_force`."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.todos import content, instants, recurrence, rules
from tests.unit.todos.recurring import completed, next_due

RULES = st.builds(
    lambda frequency, interval, rest: ";".join([f"FREQ={frequency}", f"INTERVAL={interval}", *rest]),
    st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]),
    st.integers(1, 40),
    st.lists(
        st.sampled_from(
            [
                "BYDAY=MO,TH",
                "BYMONTH=1,6",
                "BYMONTHDAY=1,15,-1",
                "BYSETPOS=-1",
                "WKST=SU",
                "BYWEEKNO=20",
                "SKIP=FORWARD",
            ]
        ),
        unique_by=lambda part: part.split("=")[0],
        max_size=3,
    ),
).filter(lambda rule: rules.rule_error(rule) is None)


DATES = st.dates(date(1900, 1, 1), date(2200, 12, 31)).map(date.isoformat)
DATE_TIMES = st.builds(
    lambda at, fraction, offset: at.isoformat() + fraction + offset,
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 12, 31)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001
    st.sampled_from(["", ".5", ".123456"]),
    st.sampled_from(["Z", "+05:30", "-11:00", "+14:00"]),
)


calmly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@calmly
@given(rule=RULES, due=DATES | DATE_TIMES, remind_at=st.none() | DATES | DATE_TIMES)
def test_time_only_goes_on_and_forms_are_kept(rule: str, due: str, remind_at: str | None) -> None:
    found = recurrence.next_occurrence(completed(rule, due=due, remind_at=remind_at))
    assert (found is not None) == recurrence.goes_on(rule, due)
    if found is None:
        return
    assert instants.parse(found["due"]) > instants.parse(due)
    assert found["due"][19:] == due[19:]
    assert len(found["due"]) == len(due)
    if remind_at is not None:
        before = instants.parse(remind_at) - instants.parse(due)
        assert instants.parse(found["remind_at"]) - instants.parse(found["due"]) == before
    assert content.validate(found) == found


@calmly
@given(due=DATES, days=st.integers(1, 1000))
def test_counting_days_is_adding_days(due: str, days: int) -> None:
    expected = date.fromisoformat(due) + timedelta(days=days)
    assert next_due(f"FREQ=DAILY;INTERVAL={days}", due) == expected.isoformat()
