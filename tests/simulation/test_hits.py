"""The simulator counts what goes wrong, and where."""

from __future__ import annotations

from collections import Counter

from tests.simulation.faults import MADE_A_FEW_TIMES, MADE_ONCE, Fault, site_of
from tests.simulation.hits import SITES, TORN_READS, least_hit, table_of_hits, torn_reads
from tests.simulation.mutants import FAILING_SELDOM_CALLS
from tests.simulation.schedule import Schedule
from tests.simulation.seams import installed

SCHEDULES = 20


def test_schedules_hit_sites_that_are_in_the_table() -> None:
    with installed() as seat:
        for seed in range(SCHEDULES):
            Schedule(seed, seat).run()
    assert seat.hits
    assert set(seat.hits) <= SITES
    assert {call for call, _ in seat.hits} >= {"PutItem", "Query", "TransactWriteItems"}
    assert torn_reads(seat.hits) > 0


def test_schedules_of_their_own_hit_every_call_that_is_seldom_made() -> None:
    with installed() as seat:
        for seed in range(SCHEDULES):
            FAILING_SELDOM_CALLS.schedule(seed, seat)
    assert {call for call, _ in seat.hits} >= {*MADE_ONCE, *MADE_A_FEW_TIMES}


def test_the_table_has_a_cell_for_what_can_happen_and_none_for_what_cannot() -> None:
    late = site_of("PutItem", Fault.LATE)
    lines = table_of_hits(Counter({late: 1234, TORN_READS[0]: 7})).splitlines()
    cells = {line.split(" | ")[0].strip("| "): [cell.strip(" |") for cell in line.split(" | ")[1:]] for line in lines}
    heads = cells["hits"]
    assert cells["PutItem"][heads.index("late")] == "1,234"
    assert cells["GetItem"][heads.index("late")] == ""
    assert cells["GetItem"][heads.index("throttled")] == "0"
    assert f"{TORN_READS[0][0]}, torn: 7" in lines


def test_the_least_hit_site_is_named() -> None:
    hits = Counter(dict.fromkeys(SITES, 1000))
    hits[site_of("Scan", Fault.CRASH_AFTER)] = 3
    assert least_hit(hits) == f"1 of {len(SITES)} sites were hit less than 1,000 times, least Scan, crash after: 3"
