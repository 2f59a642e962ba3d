"""One structured line for each event handled: JSON on standard output, for CloudWatch Logs.

No line may contain a token or the content of a todo. Callers ensure it for the fields, and this module for errors,
whose messages may quote either. The lines are those of Powertools' Logger, whose import alone takes as long as all else
that `project` imports.
"""

from __future__ import annotations

import json
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib import settings

INFO: Final = "INFO"
WARNING: Final = "WARNING"
ERROR: Final = "ERROR"


def write(message: str, **fields: Any) -> None:
    """Log a line. `fields` must not contain tokens or the content of todos."""
    _line(INFO, message, fields)


def warn(message: str, error: BaseException) -> None:
    """Log an error that passes by itself, or is handled."""
    _line(WARNING, message, _of_error(error))


def fail(message: str, error: BaseException) -> None:
    """Log an error that a person should look at."""
    _line(ERROR, message, _of_error(error))


def printable(text: str, length: int) -> str:
    """A text from outside as a log may have it: at most `length` characters of printable ASCII, all else escaped."""
    escaped = "".join(
        character if " " <= character <= "~" else character.encode("unicode_escape").decode()
        for character in text[:length]
    )
    return escaped[:length]


def correlate(correlation_id: str) -> None:
    """Add the id of the current request to the lines that follow."""
    _lasting["correlation_id"] = correlation_id


# What every line has from now on.
_lasting: Final[dict[str, str]] = {}


def _line(level: str, message: str, fields: dict[str, Any]) -> None:
    timestamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    stated = {name: value for name, value in fields.items() if value is not None}
    line = {"level": level, "message": message, "timestamp": timestamp, **_lasting, **stated}
    if trace := settings.trace():
        line["xray_trace_id"] = trace.partition(";")[0].removeprefix("Root=")
    # In one write, since a batch's threads log too. Standard output may have been replaced since the last line.
    sys.stdout.write(json.dumps(line, separators=(",", ":"), default=str) + "\n")
    sys.stdout.flush()


def _of_error(error: BaseException) -> dict[str, str]:
    return {"exception": _told(error), "exception_name": type(error).__name__}


def _told(error: BaseException) -> str:
    """Type and place of an error and of its causes, causes first; the message only if it is an answer of AWS."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    told = "" if cause is None else f"{_told(cause)}\n\n"
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    # An `AWSError`, or botocore's ClientError: AWS says what it refused, and does not quote an item's text.
    message = f": {error}" if isinstance(getattr(error, "response", None), dict) else ""
    return f"{told}{''.join(traceback.format_tb(error.__traceback__))}{name}{message}"
