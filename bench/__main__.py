"""Measure, and print the tables of docs/performance.md: `python -m bench`."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bench import listing, loading, projecting, starting, stubbed
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


def _peers(client: Any) -> None:
    """Print the tables of the comparison, and draw its chart."""
    commands = comparison.commands(client)
    _comparison("an update of a todo, over loopback connections", "history of", commands)
    _comparison("a batch of 100 new todos from the stream", "owners:", comparison.batches(client))
    CHART.write_text(
        chart({name: {size: each.ratio for size, each in found.items()} for name, found in commands.items()})
    )


def _comparison(title: str, sizes: str, found: Mapping[str, Mapping[int, Measured]]) -> None:
    """What each takes; what depends on the size is printed for each, with the ratio of CPU times in brackets."""
    heads = [f"µs (×), {sizes} {size:,}" for size in next(iter(found.values()))]
    print(f"\n| {title} | requests | write units | read units | {' | '.join(heads)} |")
    print("|---" * (len(heads) + 4) + "|")
    for name, measured in found.items():
        each = list(measured.values())
        times = [f"{one.microseconds:,.0f} ({one.ratio:.2f})" for one in each]
        cells = [
            _varying([", ".join(f"{n} {what}" if n > 1 else what for what, n in one.requests.items()) for one in each]),
            _varying([f"{one.written:,.0f}" for one in each]),
            _varying([f"{one.read:,.10g}" for one in each]),
            *times,
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _varying(cells: list[str]) -> str:
    """One cell for those that are alike, or all of them."""
    return " / ".join(dict.fromkeys(cells))


def _table(title: str, unit: str, rows: Iterable[tuple[str, float, float]]) -> None:
    print(f"\n| {title} | {unit} | × |\n|---|---|---|")
    for what, figure, ratio in rows:
        print(f"| {what} | {figure:,.0f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
