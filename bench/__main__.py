"""Measure, and print the tables of docs/performance.md: `python -m bench`."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable

from bench import loading, projecting, starting, stubbed
from bench.engine import running


def main() -> None:
    """Run every measurement; this takes minutes."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    _table("CPU time of a cold start: imports, and the DynamoDB client", "ms", starting.cold_starts())
    _table("CPU time of a command, HTTP stubbed", "µs", stubbed.commands())
    _table("CPU time of a command, over loopback connections", "µs", stubbed.over_loopback())
    _table("the loader's dry run, for each second of CPU time", "rows/s", loading.dry_run())
    _table("peak memory of the loader's dry run", "MB", loading.memory())
    with running() as client:
        _table("bulk loading, 4 in flight", "items/s", loading.bulk_loading(client))
        _table("projecting batches of 100", "records/s", projecting.batches(client))
        print("\n| write units for each event, the ledger's own write apart | |\n|---|---|")
        for what, units in projecting.write_units(client):
            print(f"| {what} | {units:.2f} |")


def _table(title: str, unit: str, rows: Iterable[tuple[str, float, float]]) -> None:
    print(f"\n| {title} | {unit} | × |\n|---|---|---|")
    for what, figure, ratio in rows:
        print(f"| {what} | {figure:,.0f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
