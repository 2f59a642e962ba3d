"""Goes into a copy of the app: its handlers fail at random, and keep a journal of what they were handed.

Copied as `chalicelib/faults.py` (bench/experiment/faulty.py), so it imports nothing of the repository. Nothing of this
is in the app itself.
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
from typing import Any, Final

from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

# The engine empties its TMPDIR at each start, and its Lambdas inherit it.
JOURNAL_NAME: Final = "experiment.jsonl"

# As deployed, a message that failed a second time is hidden for five minutes, a fifth time for five hours. Here it is
# minutes in all, and still longer than the one for which what a killed invocation left behind is taken for under way.
HIDDEN_SECONDS: Final = (5, 20, 40, 60, 60, 60, 60)


@dataclass(frozen=True, slots=True)
class Rates:
    """How likely an invocation, or one of its calls to AWS, fails.

    Attributes
    ----------
    raises_before, raises_after : float
        Of an invocation: the handler is not called at all, or has done its work and Lambda is told that it failed.
    killed : float
        Of a call: the process ends, in one half of the cases before the call and in the other after it.
    refused, unanswered : float
        Of a call: no connection; or the call is carried out and its answer lost. Whoever called may try again.
    """

    raises_before: float
    raises_after: float
    killed: float
    refused: float
    unanswered: float


# `deliver` makes some thirty calls in an invocation, `project` four, and `publish` up to ten.
RATES: Final = {
    "project": Rates(0.08, 0.08, 0.02, 0.01, 0.01),
    "publish": Rates(0.08, 0.08, 0.01, 0.01, 0.01),
    "deliver": Rates(0.02, 0.02, 0.0005, 0.002, 0.002),
}

Handler = Callable[[dict[str, Any], Any], Any]


class Injected(Exception):
    """A failure that the experiment made."""


@dataclass(slots=True)
class _Invocation:
    """Which handler this process is in, if any; a Lambda serves one invocation at a time."""

    handler: str = ""


_now_in: Final = _Invocation()
_send: Final = URLLib3Session.send


def install(app: dict[str, Any]) -> None:
    """Make the handlers fail that a module has; `app` is its namespace."""
    for name in RATES:
        if name in app:
            app[name] = failing(name, app[name])
    if "deliver_trigger" in app:
        # Only the function that delivers has this module.
        from chalicelib.webhooks import deliver

        deliver.HIDDEN_SECONDS = HIDDEN_SECONDS  # type: ignore[misc]
    URLLib3Session.send = _send_or_fail  # type: ignore[method-assign,assignment]


def failing(name: str, handler: Handler) -> Handler:
    """The handler, failing as `RATES` has it."""
    rates = RATES[name]

    def invoke(event: dict[str, Any], context: Any) -> Any:
        _now_in.handler = name
        try:
            records = event["Records"]
            handed = [_event_id(each) for each in records]
            _note(name, records=handed, messages=[each.get("messageId") for each in records])
            if _happens(rates.raises_before):
                _note(name, fault="raised before the work")
                raise Injected("before the work")
            answer = handler(event, context)
            if _happens(rates.raises_after):
                _note(name, fault="raised after the work")
                raise Injected("after the work")
            return answer
        finally:
            _now_in.handler = ""

    return invoke


def _send_or_fail(session: URLLib3Session, request: Any) -> Any:
    """One try of a call to AWS: botocore's own retries come through here again."""
    # A thread of `deliver` may go on after its invocation.
    handler = _now_in.handler
    if not handler:
        return _send(session, request)
    rates = RATES[handler]
    if _happens(rates.killed / 2):
        _die(handler, "killed before a call")
    if _happens(rates.refused):
        _note(handler, fault="call without a connection")
        raise ConnectTimeoutError(endpoint_url=request.url)
    answer = _send(session, request)
    if _happens(rates.killed / 2):
        _die(handler, "killed after a call")
    if _happens(rates.unanswered):
        _note(handler, fault="answer of a call lost")
        raise ReadTimeoutError(endpoint_url=request.url)
    return answer


def _die(handler: str, how: str) -> None:
    _note(handler, fault=how)
    # No handler of exceptions, no `finally`: as when the machine goes.
    os._exit(1)


def _happens(rate: float) -> bool:
    return random.random() < rate


def _event_id(record: dict[str, Any]) -> str:
    """The event that a record of the stream, or of the queue, is about."""
    if "dynamodb" in record:
        found: str = record["dynamodb"]["NewImage"]["event_id"]["S"]
    else:
        found = json.loads(record["body"])["id"]
    return found


def _note(handler: str, **fields: Any) -> None:
    """Add a line to the journal, in one write: several processes add to it."""
    line = json.dumps({"handler": handler, "at": time.time(), **fields}) + "\n"
    journal = os.open(Path(tempfile.gettempdir(), JOURNAL_NAME), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    try:
        os.write(journal, line.encode())
    finally:
        os.close(journal)
