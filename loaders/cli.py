"""The loader's command line: arguments and exit codes."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from chalicelib import __version__
from chalicelib.todos import ids, zones
from loaders.errors import CannotLoad
from loaders.formats import formats
from loaders.into.pacing.pace import DEFAULT_BOUND_SECONDS
from loaders.output.report import Report, describe_left
from loaders.reading.open_stream import find_repeated
from loaders.rows import option_checks
from loaders.rows.names import FIELDS
from loaders.session.session import Session
from loaders.session.target import Options

ALL_IN: Final = 0
SOME_REJECTED: Final = 1
COULD_NOT_RUN: Final = 2
INTERRUPTED: Final = 130

TOKEN_VARIABLE: Final = "TODO_LEDGER_TOKEN"  # noqa: S105 - a name

_MAX_CONCURRENCY: Final = 32

_EPILOG: Final = f"""\
Loading a file again adds nothing and never overwrites what was changed here. Data that no field of a todo holds is kept
in its metadata, and the summary names it. Rows that are not loaded are written to FILE.rejected.jsonl with the reason:
correct them there and load that file. docs/how-to/loading.md has more.

formats: {", ".join(sorted(formats()))}
exit codes: 0 all rows are loaded; 1 some were rejected or reported; 2 it could not run, or not to the end

examples:
  python -m loaders tasks.csv --owner lou --dry-run
  python -m loaders aufgaben.csv --owner lou --map title=Aufgabe --date-format %d.%m.%Y --timezone Europe/Berlin
  {TOKEN_VARIABLE}=... python -m loaders todoist.csv garden.ics --to https://todo.example.com --list garden
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if error := _usage_error(options):
        parser.error(error)
    try:
        return _load(options)
    except CannotLoad as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted; what is loaded stays, and another run adds the rest", file=sys.stderr)
        return INTERRUPTED
    return COULD_NOT_RUN


def _load(options: argparse.Namespace) -> int:
    options.files = list(_unique_files(options))
    with Session(_session_options(options)) as session:
        reports = list(_load_files(options, session))
        left = _prune(options, session) if options.prune else None
    if options.json:
        files = {"files": [report.to_json() for report in reports]}
        print(json.dumps(files if left is None else {**files, "left": left}))
    if len(reports) < len(options.files) or any(report.summary.stopped_by for report in reports):
        return COULD_NOT_RUN
    return ALL_IN if all(report.summary.is_all_in for report in reports) else SOME_REJECTED


def _unique_files(options: argparse.Namespace) -> Iterator[str]:
    """The files, each once: equal rows of two files are two todos, so a file that is read twice would be doubled."""
    for file, earlier in find_repeated(options.files):
        if earlier is None:
            yield file
            continue
        warning = f"{file} is the same file as {earlier}, so it is read once"
        print(json.dumps({"warning": warning}) if options.json else f"warning: {warning}", file=sys.stderr)


def _load_files(options: argparse.Namespace, session: Session) -> Iterator[Report]:
    """Load each file and print its report; a file that cannot be loaded at all has an error instead."""
    for file in options.files:
        try:
            report = session.load(file)
        except CannotLoad as error:
            print(f"error: {error}", file=sys.stderr)
            continue
        if not options.json:
            heading = f"{file}: " if len(options.files) > 1 else ""
            print(heading + report.text(), flush=True)
        yield report


def _prune(options: argparse.Namespace, session: Session) -> dict[str, int]:
    """Print each todo that has left the source; returns how many there are by fate."""
    left: dict[str, int] = {}
    for one in session.prune(delete=options.delete):
        left[one.fate] = left.get(one.fate, 0) + 1
        if options.json:
            print(json.dumps(one.to_json()), file=sys.stderr)
        else:
            print(describe_left(one, would_delete=options.delete))
    if not options.json:
        print(f"{sum(left.values()):,} todos are no longer in the source")
    return left


def _session_options(options: argparse.Namespace) -> Options:
    return Options(
        owner=options.owner,
        ids_of=options.ids_of,
        format=options.format,
        names=_names(options.map),
        list_name=options.list,
        time_zone=options.timezone,
        date_format=options.date_format,
        done_values=options.done_values,
        strict=options.strict,
        system=options.source,
        on_change=options.on_change,
        dry_run=options.dry_run,
        offline=options.offline,
        prunes=options.prune,
        concurrency=options.concurrency,
        max_lag=options.max_lag,
        url=options.to,
        token=options.token or os.environ.get(TOKEN_VARIABLE),
        allow_http=options.allow_http,
        as_json=options.json,
        has_several_files=len(options.files) > 1,
        operation=options.operation,
    )


def _names(mapping: list[tuple[str, str]]) -> dict[str, str]:
    names = dict(mapping)
    if len(names) < len(mapping) or len(set(names.values())) < len(names):
        raise CannotLoad("--map gives a field or a column twice")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loaders",
        description="Load todos from files.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"todo-ledger {__version__}")
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="a file, s3://bucket/key, or - for standard input; may be gzipped, or a ZIP of files",
    )
    parser.add_argument(
        "--owner", type=_owner, help="the owner of the todos (a token's `sub`, which is the default with --to)"
    )
    _add_reading(parser.add_argument_group("how the files are read"))
    _add_writing(parser.add_argument_group("what is done with their todos"))
    _add_destination(parser.add_argument_group("where they go"))
    return parser


def _add_reading(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--format",
        metavar="FORMAT",
        choices=sorted(formats()),
        help="how the file is written (default: recognised by its content)",
    )
    add(
        "--map",
        metavar="FIELD=NAME",
        type=_mapping,
        action="append",
        default=[],
        help="the name that a CSV or JSON file has for a field, such as title=Task; may be repeated",
    )
    add(
        "--source",
        metavar="NAME",
        type=_source,
        help="what the rows' ids belong to: files that are numbered alike need different names (default: the format's)",
    )
    add(
        "--ids-of",
        metavar="OWNER",
        type=_owner,
        help="the owner whose ids the rows have: who loaded them before the todos were moved here by a takeout",
    )
    add("--list", metavar="NAME", type=_list, help="the list of the rows that name none")
    add(
        "--timezone",
        metavar="ZONE",
        type=_zone,
        help="the IANA zone of times and days without one, such as Europe/Berlin (default: UTC)",
    )
    add(
        "--date-format",
        metavar="FORMAT",
        type=_date_format,
        help="how a CSV or JSON file writes its dates, such as %%d.%%m.%%Y or '%%m/%%d/%%y %%H:%%M'",
    )
    add(
        "--done-values",
        metavar="WORDS",
        type=_words,
        default=(),
        help="words that mean done in a CSV or JSON file, separated by commas; any other word then means open",
    )
    add("--strict", action="store_true", help="reject rows with values that no field of a todo holds")


def _add_writing(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--on-change",
        choices=("update", "keep", "report"),
        help="what to do with a todo whose row has changed (default: update)",
    )
    add(
        "--operation",
        metavar="NAME",
        type=_operation,
        help="make the events parts of this operation: 1 to 64 visible ASCII characters, not beginning with a tilde",
    )
    add("--prune", action="store_true", help="list todos that are no longer in the source")
    add("--delete", action="store_true", help="with --prune: delete them")
    add(
        "--dry-run",
        action="store_true",
        help="read and validate everything and report what would happen; write nothing",
    )
    add("--offline", action="store_true", help="with --dry-run: do not compare with existing todos")
    add("--json", action="store_true", help="progress as JSON lines on standard error, the summary on standard output")


def _add_destination(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--to", metavar="URL", help="load over HTTP into the service at this URL")
    add(
        "--token",
        help=f"with --to: the bearer token (prefer {TOKEN_VARIABLE}, because other users can see command lines)",
    )
    add("--allow-http", action="store_true", help="with --to: send the token to another machine over plain http")
    add("--concurrency", type=_concurrency, default=4, help="transactions or requests in flight (default: 4)")
    add(
        "--max-lag",
        metavar="SECONDS",
        type=_seconds,
        default=DEFAULT_BOUND_SECONDS,
        help="slow down so that the views lag by no more than this (default: %(default)g; 0: never)",
    )


def _usage_error(options: argparse.Namespace) -> str | None:
    """Why these arguments do not go together."""
    if options.delete and not options.prune:
        return "--delete requires --prune"
    if options.offline and not options.dry_run:
        return "--offline requires --dry-run"
    if options.prune and (options.to or options.offline):
        return "--prune reads the ledger itself; it excludes --to and --offline"
    if options.owner is None and not options.to:
        return "the following arguments are required: --owner"
    return None


def _owner(text: str) -> ids.Owner:
    return ids.Owner(_checked(text, ids.owner_error(text)))


def _source(text: str) -> str:
    return _checked(text, option_checks.system_error(text))


def _operation(text: str) -> str:
    return _checked(text, option_checks.operation_error(text))


def _list(text: str) -> str:
    return _checked(text, option_checks.list_error(text))


def _zone(text: str) -> str:
    return _checked(text, zones.zone_error(text))


def _date_format(text: str) -> str:
    return _checked(text, option_checks.date_format_error(text))


def _checked(text: str, error: str | None) -> str:
    if error is not None:
        raise argparse.ArgumentTypeError(error)
    return text


def _words(text: str) -> tuple[str, ...]:
    words = tuple(word.strip().casefold() for word in text.split(","))
    if not all(words):
        raise argparse.ArgumentTypeError("expected words, separated by commas")
    return words


def _mapping(text: str) -> tuple[str, str]:
    field, _, name = text.partition("=")
    if field not in FIELDS or not name:
        raise argparse.ArgumentTypeError(f"expected FIELD=NAME, where FIELD is one of {', '.join(FIELDS)}")
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
