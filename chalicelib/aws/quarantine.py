"""The quarantine: it keeps a record that no retry can process, whole and with the error, until `redrive` returns it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from chalicelib import logs, metrics, settings
from chalicelib.aws import errors
from chalicelib.aws.sqs import sqs

# SQS accepts 256 KB. Of a larger record only the keys are kept; the ledger has the rest.
MAX_MESSAGE_BYTES: Final = 200_000
MAX_ERROR_CHARACTERS: Final = 2_000


def put(
    handler: str, error: BaseException, *, record: Mapping[str, Any], keys: Mapping[str, Any] | None = None
) -> None:
    """Put a record into the quarantine.

    Parameters
    ----------
    handler : str
        The handler that could not process it; `redrive` returns it to the same one.
    record : mapping
        The record as Lambda delivered it.
    keys : mapping, optional
        Its keys in the ledger, for a record that does not state them or is too large.

    Raises
    ------
    AWSError
        When the queue cannot be written to: the batch must not count as done.
    """
    stream = record.get("dynamodb") or {} if isinstance(record, Mapping) else {}
    message: dict[str, Any] = {
        "handler": handler,
        "error": f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARACTERS],
        "sequence_number": stream.get("SequenceNumber"),
        "keys": keys or _plain(stream.get("Keys")),
        "record": record,
    }
    # ASCII only: SQS refuses some characters that JSON may hold.
    body = json.dumps(message, ensure_ascii=True, default=str)
    if len(body) > MAX_MESSAGE_BYTES:
        body = json.dumps({**message, "record": None}, ensure_ascii=True, default=str)
    sqs().send_message(QueueUrl=settings.quarantine_queue_url(), MessageBody=body)
    metrics.count(metrics.QUARANTINED)
    logs.write("quarantined", handler=handler, error=type(error).__name__, keys=message["keys"])


def put_each(handler: str, failures: Iterable[tuple[BaseException, Mapping[str, Any], Mapping[str, Any]]]) -> None:
    """Put what no retry can help into the quarantine, each alone, so that redriving one does not try the others again.

    Parameters
    ----------
    failures : iterable of (exception, record, keys)
        As for `put`.

    Raises
    ------
    Exception
        The first transient failure, after all others were put there.
    """
    transient = None
    for error, record, keys in failures:
        if errors.is_transient(error):
            transient = transient or error
        else:
            put(handler, error, record=record, keys=keys)
    if transient is not None:
        raise transient


def _plain(keys: Any) -> dict[str, Any] | None:
    """Keys in DynamoDB's JSON as plain values, as far as they are well-formed."""
    if not isinstance(keys, Mapping):
        return None
    return {name: next(iter(value.values())) for name, value in keys.items() if isinstance(value, Mapping) and value}
