"""One structured line for each event handled, by Powertools' Logger: JSON on standard output, for CloudWatch Logs.

No line may contain a token or the content of a todo. Callers ensure it for the fields, and this module for errors,
whose messages may quote either.
"""

from __future__ import annotations

import logging
import sys
import traceback
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

# Not the app's name: Chalice adds a handler to the logger of that name, and every line would appear twice.
SERVICE: Final = "todo_ledger"


def write(message: str, **fields: Any) -> None:
    """Log a line. `fields` must not contain tokens or the content of todos."""
    _logger().info(message, extra=fields)


def warn(message: str, error: BaseException) -> None:
    """Log an error that passes by itself, or is handled."""
    _logger().warning(message, exc_info=error)


def fail(message: str, error: BaseException) -> None:
    """Log an error that a person should look at."""
    _logger().error(message, exc_info=error)


def printable(text: str, length: int) -> str:
    """A text from outside as a log may have it: at most `length` characters of printable ASCII, all else escaped."""
    escaped = "".join(
        character if " " <= character <= "~" else character.encode("unicode_escape").decode()
        for character in text[:length]
    )
    return escaped[:length]


def correlate(correlation_id: str) -> None:
    """Add the id of the current request to the lines that follow."""
    _logger().set_correlation_id(correlation_id)


@cache
def _logger() -> Logger:
    # Imported at the first line: it would bring a stream handler's cold start near its limit (docs/performance.md).
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

    class Formatter(LambdaPowertoolsFormatter):
        def formatException(self, ei: Any) -> str:  # noqa: N802 - the name that logging calls
            return _told(ei[1])

        def serialize(self, log: Any) -> str:
            # The log group names the service, and each line is paid for.
            log.pop("service", None)
            line: str = super().serialize(log)
            return line

    # The stack trace in parts would have the error's message; the location would be this module's, always.
    formatter = Formatter(utc=True, use_rfc3339=True, serialize_stacktrace=False)
    # Explicit, since the local engine sets LOG_LEVEL for its own lines and passes it on to its Lambdas.
    return Logger(
        service=SERVICE, level=logging.INFO, logger_handler=_Output(), logger_formatter=formatter, location=None
    )


def _told(error: BaseException) -> str:
    """Type and place of an error and of its causes, causes first; the message only if it is an answer of AWS."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    told = "" if cause is None else f"{_told(cause)}\n\n"
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    # botocore's ClientError: AWS says what it refused, and does not quote an item's text.
    message = f": {error}" if isinstance(getattr(error, "response", None), dict) else ""
    return f"{told}{''.join(traceback.format_tb(error.__traceback__))}{name}{message}"


class _Output(logging.StreamHandler[TextIO]):
    """Standard output at the time when a line is written: the runtime may have replaced it meanwhile."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stdout
