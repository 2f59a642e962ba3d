"""Random rules and dates, drawn so that parts meet where rules are hard: ends of months and years, leap days, weeks.

`python -m tests.unit.todos.random_rules --rules 200000` holds the code against the brute-force evaluator.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from random import Random

from chalicelib.todos import occurrences, rules
from tests.unit.todos.brute_force import WEEKDAYS, BruteForce

FREQUENCIES = ["YEARLY", "YEARLY", "MONTHLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]
TIMES = {"BYHOUR": 23, "BYMINUTE": 59, "BYSECOND": 60}
EDGES = {
    "BYMONTH": [1, 2, 2, 3, 4, 12],
    "BYMONTHDAY": [1, 28, 29, 30, 31, -1, -28, -29, -30, -31],
    "BYYEARDAY": [1, 59, 60, 61, 365, 366, -1, -306, -307, -365, -366],
    "BYWEEKNO": [1, 2, 20, 51, 52, 53, -1, -2, -52, -53],
    "BYSETPOS": [1, 2, 3, -1, -2, -3],
}
SPANS = {"BYMONTH": (1, 12), "BYMONTHDAY": (-31, 31), "BYYEARDAY": (-366, 366), "BYWEEKNO": (-53, 53)}
CHANCES = {"BYMONTH": 0.35, "BYMONTHDAY": 0.3, "BYYEARDAY": 0.15, "BYWEEKNO": 0.3}
GOES_WITH = {
    "BYMONTH": set(FREQUENCIES),
    "BYMONTHDAY": set(FREQUENCIES) - {"WEEKLY"},
    "BYYEARDAY": {"YEARLY", "HOURLY", "MINUTELY", "SECONDLY"},
    "BYWEEKNO": {"YEARLY"},
}
INTERVALS = [2, 2, 3, 4, 5, 6, 7, 11, 12, 13, 20, 24, 25, 36, 60, 100, 168, 1439, 1440, 1441, 86_399, 86_401, 200_000]


def random_rule(random: Random) -> str:
    """A rule that the grammar allows."""
    frequency = random.choice(FREQUENCIES)
    parts = {"FREQ": frequency}
    if random.random() < 0.4:
        parts["INTERVAL"] = str(random.choice(INTERVALS if frequency in TIME_FREQUENCIES else INTERVALS[:14]))
    if random.random() < 0.4:
        parts["WKST"] = random.choice(WEEKDAYS)
    for name, chance in CHANCES.items():
        if frequency in GOES_WITH[name] and random.random() < chance:
            parts[name] = random_numbers(random, name)
    if random.random() < 0.45:
        parts["BYDAY"] = random_weekdays(random, frequency, parts)
    for name, highest in TIMES.items():
        if random.random() < 0.2:
            parts[name] = ",".join(str(random.randint(0, highest)) for _ in range(random.randint(1, 3)))
    if random.random() < 0.3 and any(name.startswith("BY") for name in parts):
        parts["BYSETPOS"] = some(random, EDGES["BYSETPOS"])
    if random.random() < (0.4 if frequency in ("YEARLY", "MONTHLY") else 0.05):
        parts |= {"RSCALE": "GREGORIAN", "SKIP": random.choice(["OMIT", "BACKWARD", "FORWARD"])}
    return ";".join(f"{name}={value}" for name, value in parts.items())


TIME_FREQUENCIES = {"HOURLY", "MINUTELY", "SECONDLY"}


def random_numbers(random: Random, name: str) -> str:
    if random.random() < 0.6:
        return some(random, EDGES[name])
    numbers = [random.randint(*SPANS[name]) or 1 for _ in range(random.randint(1, 4))]
    return ",".join(map(str, numbers))


def some(random: Random, numbers: Sequence[int]) -> str:
    return ",".join(str(random.choice(numbers)) for _ in range(random.choice([1, 1, 2, 3])))


def random_weekdays(random: Random, frequency: str, parts: dict[str, str]) -> str:
    numbers = [""]
    if frequency == "MONTHLY" or (frequency == "YEARLY" and "BYWEEKNO" not in parts):
        numbers = ["", "1", "2", "4", "5", "-1", "-2", "-4", "-5", "+3"]
        if frequency == "YEARLY" and "BYMONTH" not in parts:
            numbers += ["9", "20", "52", "53", "-20", "-52", "-53"]
    return ",".join(random.choice(numbers) + random.choice(WEEKDAYS) for _ in range(random.randint(1, 4)))


def random_start(random: Random) -> datetime:
    year = random.choice([*range(1995, 2032), 1900, 2000, 2096, 2100])
    day = date(year, 1, 1) + timedelta(days=random.randint(0, 364))
    if random.random() < 0.5:
        month, number = random.choice([(1, 1), (1, 29), (1, 30), (1, 31), (2, 28), (3, 1), (3, 31), (4, 30), (12, 31)])
        day = date(year, month, number) + timedelta(days=random.choice([-2, -1, 0, 0, 0, 0, 1, 2]))
    at = random.choice([time(0), time(9), time(23, 59, 59), time(random.randint(0, 23), random.randint(0, 59), 7)])
    return datetime.combine(day, at)


def difference(rule: str, start: datetime, after: datetime, steps: int) -> tuple[str | None, str]:
    """What the code finds otherwise than brute force does, or None; and what kind of case it was."""
    found = occurrences.first_after(rules.parse(rule), start, after)
    expected = BruteForce(rule, start, steps).first_after(after)
    if expected.occurrence is not None:
        is_right, kind = found == expected.occurrence, "with an occurrence"
    else:
        is_right, kind = found is None or found > expected.looked_until, "without one as far as was looked"
    if is_right:
        return None, kind
    return f"{rule} from {start} after {after}: {found}, not {expected}", kind


def cases(random: Random) -> Iterator[tuple[str, datetime, datetime]]:
    """A rule that is accepted, its start, and the time after which the next occurrence is wanted."""
    while True:
        rule, start = random_rule(random), random_start(random)
        if rules.parse(rule).breach is not None:
            # A position beyond the largest set.
            continue
        leads_out = "INTERVAL" in rule and ("BYWEEKNO" in rule or "WARD" in rule)
        if random.random() < (0.8 if leads_out else 0.3):
            # As for all todos but the first of a row.
            start = occurrences.first_after(rules.parse(rule), start, start) or start
        after = start
        if random.random() < 0.3:
            days = random.choice([1, 31, 400]) if "SECONDLY" not in rule else 1
            after += timedelta(days=random.randint(0, days), seconds=random.randint(-9, 86_400))
        yield rule, start, after


def differences(seed: int, how_many: int, steps: int) -> tuple[list[str], Counter[str]]:
    """What the code finds otherwise than brute force does, of so many random rules; and how many were of which kind."""
    drawn = cases(Random(seed))
    found, kinds = [], Counter[str]()
    for _ in range(how_many):
        wrong, kind = difference(*next(drawn), steps)
        kinds[kind] += 1
        if wrong is not None:
            found.append(wrong)
    return found, kinds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=3_000, help="days and units that brute force looks at for a rule")
    given = parser.parse_args()
    found, kinds = differences(given.seed, given.rules, given.steps)
    for each in found:
        print(each)
    print(f"{given.rules} rules (seed {given.seed}): {dict(kinds)}, {len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
