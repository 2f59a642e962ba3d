"""`repeat`: the value of an RFC 5545 RRULE, and nothing that only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.scenarios import complaints, content_of

VALID = [
    "FREQ=DAILY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=DAILY;COUNT=1",
    "FREQ=DAILY;UNTIL=20301231",
    "FREQ=DAILY;UNTIL=20301231T000000Z",
]


@pytest.mark.parametrize("rule", VALID)
def test_a_rule_is_kept_as_it_was_written(rule: str) -> None:
    assert content_of(repeat=rule)["repeat"] == rule


@pytest.mark.parametrize(
    "rule",
    [
        "", "daily", "FREQ", "FREQ=", "=", ";", "FREQ=SOMETIMES", "INTERVAL=2", "FREQ=DAILY;COLOR=red", "FREQ=DAILY;",
        "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;BYDAY=MO(", "FREQ=DAILY;COUNT=x", "FREQ=DAILY;UNTIL=never", "é", "\0",
        "RRULE:FREQ=DAILY", "rrule:FREQ=DAILY", "FREQ=DAILY\nFREQ=WEEKLY", "RRULE:FREQ=DAILY\nDTSTART:20200101",
        "x" * 501,
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_rule_is_refused(rule: str) -> None:
    assert list(complaints(repeat=rule)) == ["#/repeat"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;UNTIL=99999999999999999999",
        "FREQ=DAILY;BYSECOND=99999999999999999999999",
        "DTSTART:20200101T000000Z",
    ],
)
def test_what_the_parser_chokes_on_is_refused_too(rule: str) -> None:
    assert list(complaints(repeat=rule)) == ["#/repeat"]


@pytest.mark.parametrize("rule", ["EXDATE:20200101", "RDATE:20200101", "EXRULE:FREQ=DAILY"])
def test_other_properties_are_no_rule(rule: str) -> None:
    assert list(complaints(repeat=rule)) == ["#/repeat"]


@pytest.mark.parametrize("rule", ["FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;COUNT=0"])
def test_a_rule_goes_forward(rule: str) -> None:
    assert list(complaints(repeat=rule)) == ["#/repeat"]


PARTS = st.sampled_from([
    "FREQ=DAILY", "FREQ=YEARLY", "COUNT=3", "INTERVAL=2", "UNTIL=20300101", "UNTIL=20300101T000000Z", "BYDAY=MO",
    "BYDAY=", "BYMONTH=13", "BYSETPOS=0", "BYHOUR=99", "BYWEEKNO=-1", "WKST=SU", "WKST=", "DTSTART=20200101", "=", "x",
])  # fmt: skip


@given(rule=st.lists(PARTS | st.text(max_size=8), min_size=1, max_size=5).map(";".join))
def test_nothing_but_a_refusal_comes_of_any_text(rule: str) -> None:
    assert set(complaints(repeat=rule)) <= {"#/repeat"}
