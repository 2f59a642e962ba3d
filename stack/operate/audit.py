"""`python -m stack audit`: whether ledger and views are what they should be, said so that a person can act on it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from chalicelib import settings
from chalicelib.audit.findings import Difference, Findings
from chalicelib.audit.scan import PATIENCE_SECONDS, SEGMENTS, Audit
from chalicelib.aws import dynamodb
from chalicelib.views import projector
from stack.progress import Progress


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit of some views tables has checked and found."""

    tables: tuple[str, ...]
    findings: Findings

    @property
    def is_clean(self) -> bool:
        return not self.differences

    @property
    def differences(self) -> list[Difference]:
        return sorted(self.findings.differences)

    @property
    def read_units(self) -> int:
        """What it cost: a unit for each 4 KB read consistently, computed from the sizes of the items."""
        return self.findings.counts["read_units"]

    def to_json(self) -> dict[str, Any]:
        return {"clean": self.is_clean, "tables": list(self.tables), **self.findings.to_json()}


def run(
    tables: Sequence[str] | None = None,
    *,
    segments: int = SEGMENTS,
    patience: float = PATIENCE_SECONDS,
    progress: Callable[[Findings], None] = lambda _: None,
) -> Report:
    """Audit the ledger, and views tables beside it, while they are written to or not.

    It reads by `chalicelib.aws.dynamodb.client()` the tables that `chalicelib.settings` names, and writes nothing.

    Parameters
    ----------
    tables : sequence of str, optional
        The views tables; those that the pointer names where none are given.
    segments : int
        How many threads read; with 1 there is none but the caller's.
    patience : float
        How many seconds the views may lag behind; 0 where nothing is under way.
    progress : callable
        Is told of the findings so far, by any thread.
    """
    audited = tuple(projector.tables() if tables is None else tables)
    audit = Audit(audited, segments=segments, patience=patience, progress=progress)
    audit.advance()
    return Report(audited, audit.findings)


def command(tables: Sequence[str] | None, patience: float, as_json: bool, out: TextIO | None = None) -> int:
    """Audit and print the result; the exit code: 1 where anything differs."""
    audited = tuple(tables or projector.tables())
    total = _expected_items(audited)
    with Progress("auditing", silent=as_json) as bar:

        def show(findings: Findings) -> None:
            counts = findings.counts
            bar.show(
                f"{counts['streams']:,} streams, {counts['rows']:,} rows, {len(findings.differences):,} differences",
                done=sum(counts[name] for name in ("events", "rows", "owners", "lists", "log_entries")),
                total=total,
            )

        report = run(audited, patience=patience, progress=show)
    print(json.dumps(report.to_json()) if as_json else described(report), file=out or sys.stdout)
    return 0 if report.is_clean else 1


def _expected_items(tables: Sequence[str]) -> int:
    """How many items there are, as DynamoDB last counted them: on AWS some hours ago."""
    describe = dynamodb.client().describe_table
    return sum(describe(TableName=table)["Table"]["ItemCount"] for table in (settings.events_table(), *tables))


def described(report: Report) -> str:
    """The report as text: what was checked, each difference, and the verdict."""
    counts = report.findings.counts
    lines = [f"checked {counts['events']:,} events of {counts['streams']:,} streams"]
    lines += [f"  beside {table}" for table in report.tables]
    lines.append(
        f"  {counts['rows']:,} rows, {counts['owners']:,} owners' tallies, {counts['lists']:,} lists' tallies, "
        f"{counts['log_entries']:,} entries of the log"
    )
    lines.append(f"read units: {report.read_units:,}")
    lines += [
        f"open: {owner} changed too fast to be recounted; audit again later" for owner in report.findings.unsettled
    ]
    lines += [described_difference(difference) for difference in report.differences]
    if report.findings.is_full:
        lines.append(f"stopped after {len(report.differences):,} differences")
    lines.append("no differences" if report.is_clean else f"{len(report.differences):,} differences")
    return "\n".join(lines)


def described_difference(difference: Difference) -> str:
    where = f" ({difference.table})" if difference.table else " (ledger)"
    return f"{difference.kind}: {difference.subject}: {difference.detail}{where}"
