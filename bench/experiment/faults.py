"""Faults for a copy of the app: its handlers fail at random, and keep a journal of what they were handed.

bench/experiment/faulty.py copies this file to `chalicelib/faults.py`, so it imports nothing of the repository but what
the app contains. The app itself contains none of it.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from chalicelib.aws.errors import TimedOut
from chalicelib.aws.thin.http import Pool, Response

# The engine empties its TMPDIR at each start, and its Lambdas inherit it.
JOURNAL_NAME: Final = "experiment.jsonl"

# On AWS, a delivery is tried again five minutes after its second failure, five hours after its fifth. Here it takes
# minutes in all, and still longer than the minute for which the work of a killed invocation counts as under way.
PAUSES_SECONDS: Final = (5, 20, 40, 60, 60, 60, 60)


@dataclass(frozen=True, slots=True)
class Rates:
    """The probabilities that an invocation, or one of its calls to AWS, fails.

    Attributes
    ----------
    raises_before, raises_after : float
        Per invocation: the handler is not called, or it has done its work and then reports a failure to Lambda.
    killed : float
        Per call: the process ends, in half of the cases before the call and otherwise after it.
    refused, unanswered : float
        Per call: no connection, or the call is executed and its response lost. The caller may try again.
    """

    raises_before: float
    raises_after: float
    killed: float
    refused: float
    unanswered: float


# An invocation of `deliver` makes some thirty calls, of `project` four, and of `publish` up to ten.
RATES: Final = {
    "project": Rates(0.08, 0.08, 0.02, 0.01, 0.01),
    "publish": Rates(0.08, 0.08, 0.01, 0.01, 0.01),
    "deliver": Rates(0.02, 0.02, 0.0005, 0.002, 0.002),
}

T = TypeVar("T")
Handler = Callable[[dict[str, Any], Any], Any]


class Injected(Exception):
    """A failure that the experiment injected."""


@dataclass(slots=True)
class _Invocation:
    """The handler that is running in this process, if any; a Lambda serves one invocation at a time."""

    handler: str = ""


_current: Final = _Invocation()
_send: Final = URLLib3Session.send
_exchange: Final = Pool.exchange


def install(app: dict[str, Any]) -> None:
    """Make the handlers of a module fail; `app` is its namespace."""
    for name in RATES:
        if name in app:
            app[name] = failing(name, app[name])
    if "deliver_trigger" in app:
        # Only the function that delivers has this module.
        from chalicelib.webhooks import schedule

        schedule.PAUSES_SECONDS = PAUSES_SECONDS  # type: ignore[misc]
    URLLib3Session.send = _send_or_fail  # type: ignore[method-assign,assignment]
    Pool.exchange = _exchange_or_fail  # type: ignore[method-assign,assignment]


def failing(name: str, handler: Handler) -> Handler:
    """The handler, failing at its `RATES`."""
    rates = RATES[name]

    def invoke(event: dict[str, Any], context: Any) -> Any:
        _current.handler = name
        try:
            records = event["Records"]
            handed = [_event_id(each) for each in records]
            # Only the messages of `deliver` that are for one webhook.
            webhooks = [each.get("messageAttributes", {}).get("webhook", {}).get("stringValue") for each in records]
            _note(name, records=handed, messages=[each.get("messageId") for each in records], webhooks=webhooks)
            if _happens(rates.raises_before):
                _note(name, fault="raised before the work")
                raise Injected("before the work")
            answer = handler(event, context)
            if _happens(rates.raises_after):
                _note(name, fault="raised after the work")
                raise Injected("after the work")
            return answer
        finally:
            _current.handler = ""

    return invoke


def _send_or_fail(session: URLLib3Session, request: Any) -> Any:
    """One attempt of a call by botocore, whose own retries pass through here too."""
    url = request.url
    return _attempt(
        lambda: _send(session, request), ConnectTimeoutError(endpoint_url=url), ReadTimeoutError(endpoint_url=url)
    )


def _exchange_or_fail(pool: Pool, request: bytes) -> Response:
    """One attempt of a call by the thin client."""
    return _attempt(lambda: _exchange(pool, request), TimedOut("no connection"), TimedOut("no answer"))


def _attempt(send: Callable[[], T], no_connection: Exception, no_answer: Exception) -> T:
    # A thread of `deliver` can outlive its invocation.
    handler = _current.handler
    if not handler:
        return send()
    rates = RATES[handler]
    if _happens(rates.killed / 2):
        _die(handler, "killed before a call")
    if _happens(rates.refused):
        _note(handler, fault="call without a connection")
        raise no_connection
    answer = send()
    if _happens(rates.killed / 2):
        _die(handler, "killed after a call")
    if _happens(rates.unanswered):
        _note(handler, fault="answer of a call lost")
        raise no_answer
    return answer


def _die(handler: str, how: str) -> None:
    _note(handler, fault=how)
    # No exception handlers and no `finally` run, as if the machine had failed.
    os._exit(1)


def _happens(rate: float) -> bool:
    return random.random() < rate


def _event_id(record: dict[str, Any]) -> str:
    """The id of the event in a record of the stream or of the queue."""
    if "dynamodb" in record:
        found: str = record["dynamodb"]["NewImage"]["event_id"]["S"]
    else:
        found = json.loads(record["body"])["id"]
    return found


def _note(handler: str, **fields: Any) -> None:
    """Append a line to the journal, in one write since several processes append to it."""
    line = json.dumps({"handler": handler, "at": time.time(), **fields}) + "\n"
    journal = os.open(Path(tempfile.gettempdir(), JOURNAL_NAME), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    try:
        os.write(journal, line.encode())
    finally:
        os.close(journal)
