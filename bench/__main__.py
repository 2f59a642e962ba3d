"""Measure, and print the tables of docs/performance.md: `python -m bench`."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bench import keeping, listing, loading, projecting, starting, stubbed
from bench.engine import running
from bench.peers import comparison
from bench.peers.comparison import Measured
from bench.peers.drawing import chart
from tests.support.paths import ROOT

CHART: Final = ROOT / "docs" / "performance-peers.svg"


def main() -> None:
    """Run every measurement; this takes minutes."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    _table("CPU time of a cold start: imports, and the DynamoDB client", "ms", starting.cold_starts())
    _table("imports at a cold start, by `-X importtime`", "ms", starting.import_times())
    _table("CPU time of a command, HTTP stubbed", "µs", stubbed.commands())
    _table("CPU time of a command, over loopback connections", "µs", stubbed.over_loopback())
    _table("CPU time of a command, over loopback connections with TLS", "µs", stubbed.over_tls())
    _table("CPU time of a page of 200 todos through the whole handler, HTTP stubbed", "µs", listing.pages())
    _table("the loader's dry run, for each second of CPU time", "rows/s", loading.dry_run())
    _table("peak memory of the loader's dry run", "MB", loading.memory())
    comparison.install()
    with running() as client:
        _peers(client)
        _table("bulk loading, 4 in flight", "items/s", loading.bulk_loading(client))
        _table("projecting batches of 100", "records/s", projecting.batches(client))
        print("\n| write units for each event, the ledger's own write apart | |\n|---|---|")
        for what, units in projecting.write_units(client):
            print(f"| {what} | {units:.2f} |")
    _table("a command on the local stack", "ms", keeping.commands())


def _peers(client: Any) -> None:
    """Print the tables of the comparison, and draw its chart."""
    commands = comparison.commands(client)
    _comparison("an update of a todo", "history of", commands)
    _comparison("a batch of 100 new todos from the stream", "owners:", comparison.batches(client))
    CHART.write_text(
        chart({name: {size: each.ratio for size, each in found.items()} for name, found in commands.items()})
    )


def _comparison(title: str, sizes: str, found: Mapping[str, Mapping[int, Measured]]) -> None:
    """What each sends, and the CPU time that it takes for each size."""
    print(f"\n| {title} | requests | write units | read units |\n|---|---|---|---|")
    for name, by_size in found.items():
        each = list(by_size.values())
        requests = (f"{_varying([one.requests[what] for one in each])} {what}" for what in each[0].requests)
        written, read = _varying([one.written for one in each]), _varying([one.read for one in each])
        print(f"| {name} | {', '.join(requests)} | {written} | {read} |")
    print(f"\n| {title}: µs of CPU time (×) | {' | '.join(f'{sizes} {size:,}' for size in by_size)} |")
    print("|---" * (len(by_size) + 1) + "|")
    for name, by_size in found.items():
        times = (f"{one.microseconds:,.0f} ({one.ratio:.2f})" for one in by_size.values())
        print(f"| {name} | {' | '.join(times)} |", flush=True)


def _varying(figures: list[float]) -> str:
    """One figure for those that are alike, or all of them."""
    return " / ".join(dict.fromkeys(f"{figure:,.10g}" for figure in figures))


def _table(title: str, unit: str, rows: Iterable[tuple[str, float, float]]) -> None:
    print(f"\n| {title} | {unit} | × |\n|---|---|---|")
    for what, figure, ratio in rows:
        print(f"| {what} | {figure:,.0f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
