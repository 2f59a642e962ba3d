"""Auditing the ledger and the views tables, and reporting what differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import settings
from chalicelib.audit.findings import Difference, Findings
from chalicelib.audit.scan import PATIENCE_SECONDS, SEGMENTS, Audit
from chalicelib.aws import dynamodb
from chalicelib.todos import zones
from chalicelib.views import pointer


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit of the ledger and of `tables`, the views tables, has checked and found."""

    tables: tuple[str, ...]
    findings: Findings

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    @property
    def differences(self) -> list[Difference]:
        """The differences in a stable order."""
        return sorted(self.findings.differences)

    @property
    def read_units(self) -> int:
        """The read capacity units that it took: one for each 4 KB read consistently, by the sizes of the items."""
        return self.findings.counts["read_units"]

    def to_json(self) -> dict[str, Any]:
        """The report as one JSON object: ``clean``, ``tables``, and what the findings contain."""
        return {"clean": self.is_clean, "tables": list(self.tables), **self.findings.to_json()}


def audit_views(
    tables: Sequence[str] | None = None,
    *,
    segments: int = SEGMENTS,
    patience: float = PATIENCE_SECONDS,
    progress: Callable[[Findings], None] = lambda _: None,
) -> Report:
    """Audit the ledger and views tables; they may be written to meanwhile.

    It reads the tables that `chalicelib.settings` names, and writes nothing.

    Parameters
    ----------
    tables : sequence of str, optional
        The views tables; by default those that the pointer names.
    segments : int
        How many threads read; 1 is the caller's own.
    patience : float
        How many seconds the views may lag behind; 0 if nothing is being written.
    progress : callable
        Called with the findings so far, from any thread.
    """
    audited = tuple(pointer.pointer().tables if tables is None else tables)
    audit = Audit(audited, segments=segments, patience=patience, progress=progress)
    audit.advance()
    return Report(audited, audit.findings)


def count_items(tables: Sequence[str]) -> int:
    """How many items the ledger and these tables have, as DynamoDB last counted them: on AWS some hours ago."""
    describe = dynamodb.client().describe_table
    return sum(describe(TableName=table)["Table"]["ItemCount"] for table in (settings.events_table(), *tables))


def describe(report: Report) -> str:
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
    lines += [describe_difference(difference) for difference in report.differences]
    if report.findings.is_full:
        lines.append(f"stopped after {len(report.differences):,} differences")
    lines += [
        f"{table} was not made with the time zones of {zones.version()}: rebuild the views"
        for table in report.tables
        if pointer.has_other_zones(table)
    ]
    lines.append("no differences" if report.is_clean else f"{len(report.differences):,} differences")
    return "\n".join(lines)


def describe_difference(difference: Difference) -> str:
    """A difference as one line: what kind, of what, how, and in which table."""
    where = f" ({difference.table})" if difference.table else " (ledger)"
    return f"{difference.kind}: {difference.subject}: {difference.detail}{where}"
