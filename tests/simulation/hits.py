"""Where things went wrong in simulated schedules, and how often: a table of calls and faults."""

from __future__ import annotations

from collections import Counter
from typing import Final

from tests.simulation.client import OPERATIONS, READS_OF_SEVERAL, TORN
from tests.simulation.delivery import BROKEN_RECORD
from tests.simulation.faults import Fault, Site, site_of, sites_of
from tests.simulation.scheduler import TIMED_OUT
from tests.simulation.topic import SOME_REFUSED

CALLS: Final = (*OPERATIONS.values(), "SendMessage", "PublishBatch")
TORN_READS: Final = tuple((call, TORN) for call in sorted(READS_OF_SEVERAL))
OTHERS: Final = (SOME_REFUSED, BROKEN_RECORD, TIMED_OUT)
SITES: Final = {site for call in CALLS for site in sites_of(call)} | {*TORN_READS, *OTHERS}


def table_of_hits(hits: Counter[Site]) -> str:
    """Calls by faults, as a Markdown table, and a line for each other site."""
    faults = [site_of("", fault)[1] for fault in Fault]
    lines = [f"| hits | {' | '.join(faults)} |", "|---" * (len(faults) + 1) + "|"]
    for call in CALLS:
        counts = [f"{hits[call, fault]:,}" if (call, fault) in SITES else "" for fault in faults]
        lines.append(f"| {call} | {' | '.join(counts)} |")
    return "\n".join([*lines, "", *(f"{call}, {what}: {hits[call, what]:,}" for call, what in TORN_READS + OTHERS)])


def torn_reads(hits: Counter[Site]) -> int:
    """How many reads of several items were no snapshot, which is no fault of a call."""
    return sum(hits[site] for site in TORN_READS)


def least_hit(hits: Counter[Site], few: int = 1_000) -> str:
    """How many sites were hit less than `few` times, and which least."""
    site = min(sorted(SITES), key=lambda each: hits[each])
    seldom = sum(hits[each] < few for each in SITES)
    return f"{seldom} of {len(SITES)} sites were hit less than {few:,} times, least {', '.join(site)}: {hits[site]:,}"
