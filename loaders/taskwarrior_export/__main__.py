"""Exports todos to Taskwarrior: ``python -m loaders.taskwarrior_export < export.jsonl | task import``.

Reads this service's export (`GET /export`: one todo a line, as JSON) and writes a JSON array of tasks.
"""

from __future__ import annotations

import json
import signal
import sys

from loaders.taskwarrior_export.export import parse_todo, task


def main() -> int:
    """Convert standard input to standard output; returns the exit code."""
    separator = "[\n"
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if line.isspace():
            continue
        try:
            exported = task(parse_todo(line))
        except ValueError as error:
            print(f"error: line {number} is not an exported todo: {error}", file=sys.stderr)
            return 2
        print(separator + json.dumps(exported, ensure_ascii=False), end="")
        separator = ",\n"
    print("\n]" if separator == ",\n" else "[]")
    return 0


if __name__ == "__main__":
    # When the reader stops, end quietly like any filter; the shell sees exit code 141.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
