"""The command line of the loader: its arguments and its exit codes."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

from chalicelib import __version__
from chalicelib.todos import ids
from loaders.errors import CannotLoad
from loaders.formats import formats
from loaders.output.report import Report, left_text
from loaders.pacing.pace import DEFAULT_BOUND_SECONDS
from loaders.rows.fields import FIELDS
from loaders.session import Options, Session

ALL_IN: Final = 0
SOME_REJECTED: Final = 1
COULD_NOT_RUN: Final = 2
INTERRUPTED: Final = 130

TOKEN_VARIABLE: Final = "TODO_LEDGER_TOKEN"

_MAX_CONCURRENCY: Final = 32

_EPILOG: Final = f"""\
Loading a file again adds nothing: a todo's id is made of the owner, the source's name and the row's own id (of a row
without one, its content and which occurrence of it in the file it is). The path and the format have no part in it, so
two different lists whose ids are both 1, 2, 3 … need different names: --source. What GET /export gave keeps the ids
that it has.

A row with an id that has changed since it was loaded changes its todo, by one event (--on-change update, the default).
A todo that was changed or deleted here since is never overwritten: its row is reported. Unless --on-change or --source
is given, so is a file in which most rows would change titles: it may be another list. Of a row without an id, a change
makes another todo. With --on-change report, changed rows are only reported; with keep, not even that.

--prune tells which of the source's todos are not in it any more. With --delete each is deleted, if every row of every
file could be read, and but for those that were changed here. It goes by the list views, which may lag by a moment.

formats: {", ".join(sorted(formats()))}
CSV may be separated by tabs (TSV). What becomes of a format's fields is told at the head of its module in
loaders/formats. What a row has and a todo has no field for is kept in its metadata; a row with more of it than 4 KB is
rejected. Rows that are rejected or reported stand in FILE.rejected.jsonl, each with the reason; mended there, they load
from that file.

With --to and a token ({TOKEN_VARIABLE}, or --token) it loads over HTTP. There a changed row updates only a todo at its
first version: the API does not tell whose the later ones are.

exit codes: 0 all rows are in; 1 some were rejected or reported; 2 it could not run, or not to the end
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Load some files; the exit code."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if complaint := _complaint(parsed):
        parser.error(complaint)
    try:
        return _load(parsed)
    except CannotLoad as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted; run it again: what is in stays, and the rest is added", file=sys.stderr)
        return INTERRUPTED
    return COULD_NOT_RUN


def _load(parsed: argparse.Namespace) -> int:
    with Session(_options(parsed)) as session:
        reports: list[Report] = []
        for file in parsed.files:
            try:
                report = session.load(file)
            except CannotLoad as error:
                print(f"error: {error}", file=sys.stderr)
                continue
            reports.append(report)
            if not parsed.json:
                heading = f"{file}: " if len(parsed.files) > 1 else ""
                print(heading + report.text(), flush=True)
        left: dict[str, int] = {}
        if parsed.prune:
            for one in session.prune(delete=parsed.delete):
                left[one.fate] = left.get(one.fate, 0) + 1
                told: Any = one.to_json() if parsed.json else left_text(one, would_delete=parsed.delete)
                print(json.dumps(told) if parsed.json else told, file=sys.stderr if parsed.json else sys.stdout)
            if not parsed.json:
                print(f"{sum(left.values()):,} todos are not in the source any more")
    if parsed.json:
        whole = {"files": [report.to_json() for report in reports]}
        print(json.dumps(whole | ({"left": left} if parsed.prune else {})))
    if len(reports) < len(parsed.files) or any(report.summary.stopped_by for report in reports):
        return COULD_NOT_RUN
    return ALL_IN if all(report.summary.is_all_in for report in reports) else SOME_REJECTED


def _options(parsed: argparse.Namespace) -> Options:
    return Options(
        owner=parsed.owner,
        format=parsed.format,
        names=_names(parsed.map),
        source=parsed.source,
        on_change=parsed.on_change,
        dry_run=parsed.dry_run,
        offline=parsed.offline,
        prunes=parsed.prune,
        concurrency=parsed.concurrency,
        max_lag=parsed.max_lag,
        url=parsed.to,
        token=parsed.token or os.environ.get(TOKEN_VARIABLE),
        as_json=parsed.json,
    )


def _names(mapping: list[tuple[str, str]]) -> dict[str, str]:
    names = dict(mapping)
    if len(names) < len(mapping) or len(set(names.values())) < len(names):
        raise CannotLoad("--map names a field or a column twice")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loaders",
        description="Load todos from files.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--version", action="version", version=f"todo-ledger {__version__}")
    add("files", metavar="FILE", nargs="+", help="what to load, also s3://bucket/key or packed by gzip; - reads stdin")
    add("--owner", type=_owner, help="whose todos they become (the token's `sub`, and with --to the default)")
    add("--format", metavar="FORMAT", choices=sorted(formats()), help="default: recognised by the file's content")
    add(
        "--map",
        metavar="FIELD=NAME",
        type=_mapping,
        action="append",
        default=[],
        help="what a CSV or JSON file calls a field, where that is not understood: title=Task; may be repeated",
    )
    add("--source", metavar="NAME", type=_source, help="what the rows' ids belong to (default: the format's, or file)")
    add("--on-change", choices=("update", "keep", "report"), help="what a row that has changed does to its todo")
    add("--prune", action="store_true", help="tell which todos are not in the source any more")
    add("--delete", action="store_true", help="with --prune: delete them")
    add("--dry-run", action="store_true", help="read and validate everything, say what would happen, write nothing")
    add("--offline", action="store_true", help="with --dry-run: do not look at what is there already")
    add("--to", metavar="URL", help="load over HTTP into the service there")
    add("--token", help=f"with --to: the bearer token (better in {TOKEN_VARIABLE}: others see a command line)")
    add("--concurrency", type=_concurrency, default=4, help="transactions or requests in flight (default: 4)")
    add(
        "--max-lag",
        metavar="SECONDS",
        type=_seconds,
        default=DEFAULT_BOUND_SECONDS,
        help="wait before the views lag by more (default: %(default)g; 0: do not wait)",
    )
    add("--json", action="store_true", help="progress as JSON lines on standard error, the summary on standard output")
    return parser


def _complaint(parsed: argparse.Namespace) -> str | None:
    """What is wrong with the arguments together."""
    if parsed.delete and not parsed.prune:
        return "--delete goes with --prune"
    if parsed.offline and not parsed.dry_run:
        return "--offline goes with --dry-run"
    if parsed.prune and (parsed.to or parsed.offline):
        return "--prune needs the ledger itself: neither --to nor --offline"
    if parsed.owner is None and not parsed.to:
        return "the following arguments are required: --owner"
    return None


def _owner(text: str) -> ids.Owner:
    if (error := ids.owner_error(text)) is not None:
        raise argparse.ArgumentTypeError(error)
    return ids.Owner(text)


def _source(text: str) -> str:
    if not text.isprintable() or not 1 <= len(text) <= 64:
        raise argparse.ArgumentTypeError("a source's name has 1 to 64 printable characters")
    return text


def _mapping(text: str) -> tuple[str, str]:
    field, _, name = text.partition("=")
    if field not in FIELDS or not name:
        raise argparse.ArgumentTypeError(f"expected FIELD=NAME, with a field of {', '.join(FIELDS)}")
    return field, name


def _concurrency(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MAX_CONCURRENCY:
        raise argparse.ArgumentTypeError(f"expected 1 to {_MAX_CONCURRENCY}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError("expected seconds, 0 or more")
    return seconds
