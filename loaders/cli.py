"""The command line of the loader: its arguments, its summary and its exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from loaders.environment import find_ledger
from loaders.errors import CannotLoad, Unreadable
from loaders.fields import FIELDS
from loaders.formats import formats, reader_of, recognised, system_of
from loaders.planning import Planner
from loaders.progress import progress_for
from loaders.rejected import RejectedRows
from loaders.run import Load, Summary
from loaders.seen import Seen
from loaders.source import Source
from loaders.writing import Writer

ALL_IN: Final = 0
SOME_REJECTED: Final = 1
COULD_NOT_RUN: Final = 2
INTERRUPTED: Final = 130

_MAX_OWNER_BYTES: Final = 255
_MAX_CONCURRENCY: Final = 32

_EPILOG: Final = """\
Loading a file again adds nothing: a todo's id is made of the owner, the source's name and the row's own id (of a row
without one, its content and which occurrence of it in the file it is). A row whose todo is there already is left as it
is, also where the two differ. The path and the format have no part in it, so two different lists whose ids are both
1, 2, 3 … need different names: --source. What GET /export gave keeps the ids that it has.

formats: {formats}
CSV may be separated by tabs (TSV). What becomes of a format's fields is told at the head of its module in
loaders/formats. What a row has and a todo has no field for is kept in its metadata; a row with more of it than 4 KB is
rejected. Rejected rows stand in FILE.rejected.jsonl.

exit codes: 0 all rows are in; 1 some were rejected; 2 it could not run, or not to the end
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Load one file; the exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        return _load(parsed)
    except Unreadable as error:
        print(f"error: {parsed.file} cannot be read: {error}", file=sys.stderr)
    except CannotLoad as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted; run it again: what is in stays, and the rest is added", file=sys.stderr)
        return INTERRUPTED
    return COULD_NOT_RUN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loaders",
        description="Load todos from a file.",
        epilog=_EPILOG.format(formats=", ".join(sorted(formats()))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="what to load; - reads standard input")
    parser.add_argument("--owner", required=True, type=_owner, help="whose todos they become (the token's `sub`)")
    parser.add_argument("--format", metavar="FORMAT", choices=sorted(formats()), help="default: recognised by content")
    parser.add_argument(
        "--map",
        metavar="FIELD=NAME",
        type=_mapping,
        action="append",
        default=[],
        help="what a CSV or JSON file calls a field, where that is not understood: title=Task; may be repeated",
    )
    parser.add_argument(
        "--source", metavar="NAME", type=_source, help="what the ids belong to (default: file, or the service)"
    )
    parser.add_argument("--dry-run", action="store_true", help="read and validate everything, write nothing")
    parser.add_argument("--concurrency", type=_concurrency, default=4, help="transactions in flight (default: 4)")
    return parser


def _owner(text: str) -> str:
    if not text or len(text.encode("utf-8", "surrogateescape")) > _MAX_OWNER_BYTES:
        raise argparse.ArgumentTypeError(f"an owner has 1 to {_MAX_OWNER_BYTES} bytes")
    return text


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


def _load(parsed: argparse.Namespace) -> int:
    with ExitStack() as stack:
        stream = stack.enter_context(_opened(parsed.file))
        source = Source(stream)
        chosen = formats()[parsed.format] if parsed.format else recognised(source.head)
        read = reader_of(chosen, _names(parsed.map))
        rejected = RejectedRows(None if parsed.dry_run else _rejected_path(parsed.file))
        stack.callback(rejected.close)
        if not parsed.dry_run:
            find_ledger()
            rejected.begin()
        planner = Planner(parsed.owner, parsed.source or system_of(chosen), stack.enter_context(Seen()))
        writer = None if parsed.dry_run else stack.enter_context(Writer(parsed.concurrency))
        with progress_for(source, _size(stream)) as progress:
            summary = Load(planner, writer, rejected, progress).run(read(source))
    print(_explained(summary, parsed, rejected))
    if summary.stopped_by is not None:
        return COULD_NOT_RUN
    return ALL_IN if summary.is_all_in else SOME_REJECTED


def _names(mapping: list[tuple[str, str]]) -> dict[str, str]:
    names = dict(mapping)
    if len(names) < len(mapping) or len(set(names.values())) < len(names):
        raise CannotLoad("--map names a field or a column twice")
    return names


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = open(file, "rb")  # noqa: SIM115 - closed below; an error while it is read is not one of opening it
    except OSError as error:
        raise CannotLoad(f"cannot open {file}: {error.strerror}") from None
    with stream:
        yield stream


def _rejected_path(file: str) -> Path:
    return Path("stdin.rejected.jsonl" if file == "-" else f"{file}.rejected.jsonl")


def _size(stream: BinaryIO) -> int | None:
    """Bytes of the file; None where they are not known before the end, as of a pipe."""
    try:
        return os.fstat(stream.fileno()).st_size or None
    except OSError:
        return None


def _explained(summary: Summary, parsed: argparse.Namespace, rejected: RejectedRows) -> str:
    added = "would be added" if parsed.dry_run else "added"
    already = "" if parsed.dry_run else f", {summary.already:,} already there"
    lines = [f"{summary.read:,} rows read: {summary.added:,} {added}{already}, {summary.rejected:,} rejected"]
    if summary.unwritten:
        lines[0] += f", {summary.unwritten:,} not written"
    if rejected.count and rejected.path is not None:
        lines.append(f"the rejected rows and the reasons: {rejected.path}")
    if summary.differing:
        lines.append(
            f"{len(summary.differing)} of {summary.compared} compared rows differ from the todo that is there already"
            f" (as in line {min(summary.differing)});"
            " it was left as it is. If this is another list, give it a name: --source NAME"
        )
    if summary.stopped_by is not None:
        lines.append(f"error: stopped before the end: {summary.stopped_by}")
        lines.append("what is in stays; mend it and run it again to add the rest")
    return "\n".join(lines)
