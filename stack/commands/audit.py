"""`python -m stack audit`: compare ledger and views."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from stack.commands.arguments import add_stage
from stack.commands.command import Command


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--table", action="append", help="a views table (default: those that the pointer names)")
    parser.add_argument("--patience", type=float, default=30.0, help="seconds to wait for views that lag; default: 30")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_stage(parser)


def run(parsed: Namespace) -> int:
    from chalicelib.audit.findings import Findings
    from chalicelib.views import pointer
    from stack.commands import targets
    from stack.operate import audit
    from stack.progress import Progress

    targets.use_service(parsed)
    tables = tuple(parsed.table or pointer.pointer().tables)
    total = audit.count_items(tables)
    with Progress("auditing", silent=parsed.json) as bar:

        def show(findings: Findings) -> None:
            counts = findings.counts
            bar.show(
                f"{counts['streams']:,} streams, {counts['rows']:,} rows, {len(findings.differences):,} differences",
                done=sum(counts[name] for name in ("events", "rows", "owners", "lists", "log_entries")),
                total=total,
            )

        report = audit.audit_views(tables, patience=parsed.patience, progress=show)
    print(json.dumps(report.to_json()) if parsed.json else audit.describe(report))
    return 0 if report.is_clean else 1


COMMAND = Command("audit", "compare ledger and views; exit code 1 if anything differs", run, add_arguments)
