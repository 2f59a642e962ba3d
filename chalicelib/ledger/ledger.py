"""The ledger: reading streams of events and appending to them. The only writer of the events table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.aws.errors import READ_ERRORS, AWSError, Refusal, cancellation_reasons, codes_of, failed_conditions
from chalicelib.aws.retry import back_off
from chalicelib.ledger.codec import Item, decode, encode
from chalicelib.ledger.errors import ImportUnfinished, LedgerUnavailable, NoLongerWanted, VersionTaken
from chalicelib.todos import fold, instants
from chalicelib.todos.events import MAX_EVENT_BYTES, Event

# What DynamoDB allows in one transaction, with room for the request's own framing (4 MB).
MAX_TRANSACTION_ITEMS: Final = 100
MAX_TRANSACTION_BYTES: Final = 3_500_000

# A write that conflicts with another transaction on the same item has not lost a race: it is tried again.
WRITE_TRIES: Final = 8


# How many events are read at first where a few KB of them are wanted.
_FIRST_EVENTS: Final = 4

_VERSION_IS_FREE: Final = "attribute_not_exists(stream_id)"


def connect() -> None:
    """Create the client that threads share, before they start: otherwise each would create its own."""
    dynamodb.client()


def latest(stream: str) -> Event | None:
    """The newest event of a stream, by a strongly consistent read; None if the stream does not exist.

    Like every hot read it uses the client directly (see `chalicelib.ledger.model`).

    Raises
    ------
    ImportUnfinished
        It is the last event of a part of a history, and the rest is not here yet.
    LedgerUnavailable
    """
    try:
        items = dynamodb.client().query(
            TableName=settings.events_table(),
            KeyConditionExpression="stream_id = :stream_id",
            ExpressionAttributeValues={":stream_id": {"S": stream}},
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )["Items"]
    except AWSError as error:
        raise LedgerUnavailable(str(error)) from error
    if not items:
        return None
    newest = decode(items[0])
    if newest.more:
        raise ImportUnfinished
    return _current(newest)


def at_version(stream: str, version: int) -> Event | None:
    """One event, by a strongly consistent read; None if it does not exist.

    Raises
    ------
    LedgerUnavailable
    """
    try:
        found = dynamodb.client().get_item(
            TableName=settings.events_table(),
            Key={"stream_id": {"S": stream}, "version": {"N": str(version)}},
            ConsistentRead=True,
        )
    except AWSError as error:
        raise LedgerUnavailable(str(error)) from error
    return _current(decode(found["Item"])) if "Item" in found else None


def at_instant(stream: str, instant: str) -> Event | None:
    """The last event up to an instant (inclusive, as `instants.sortable` makes it); None if there was none yet.

    Versions have no gaps and their instants only grow, so a binary search finds it: no index, no long read.

    Raises
    ------
    LedgerUnavailable
    """
    newest = latest(stream)
    found: Event | None = None
    low, high = 1, newest.version if newest else 0
    while low <= high:
        middle = (low + high) // 2
        event = at_version(stream, middle)
        if event is not None and instants.sortable(event.occurred_at) <= instant:
            found, low = event, middle + 1
        else:
            high = middle - 1
    return found


def newest_first(stream: str, after: int = 0) -> Iterator[list[Event]]:
    """The events of a stream after a version, newest first, page by page (1 MB), by strongly consistent reads.

    Raises
    ------
    LedgerUnavailable
    """
    return _pages(stream, after, forward=False)


def oldest_first(stream: str) -> Iterator[list[Event]]:
    """The events of a stream, oldest first, page by page (1 MB), by strongly consistent reads.

    Raises
    ------
    LedgerUnavailable
    """
    return _pages(stream, 0, forward=True)


def _pages(stream: str, after: int, *, forward: bool) -> Iterator[list[Event]]:
    try:
        for page in dynamodb.pages(
            "query",
            TableName=settings.events_table(),
            KeyConditionExpression="stream_id = :stream_id AND version > :after",
            ExpressionAttributeValues={":stream_id": {"S": stream}, ":after": {"N": str(after)}},
            ScanIndexForward=forward,
            ConsistentRead=True,
        ):
            yield [_current(decode(item)) for item in page]
    except AWSError as error:
        raise LedgerUnavailable(str(error)) from error


def history(stream: str) -> list[Event]:
    """All events of a stream, oldest first, however much that is."""
    return [_current(event) for event in _query(stream)]


def history_within(stream: str, after: int, limit: int, max_bytes: int) -> tuple[list[Event], bool]:
    """The events of a stream after a version, oldest first, and whether these are all up to `limit`.

    DynamoDB bounds a query by a number of items, not by bytes. So it is asked for a few, and then for as many again as
    there are by now: at most one page (1 MB) is read beyond `max_bytes`.

    Parameters
    ----------
    limit : int
        At most so many events.
    max_bytes : int
        It ends early once it has so many bytes of events; one event is given at least.

    Raises
    ------
    LedgerUnavailable
    """
    found: list[Event] = []
    read = 0
    while len(found) < limit and (read < max_bytes or not found):
        step = max(_FIRST_EVENTS, max_bytes // MAX_EVENT_BYTES, len(found))
        items, is_end = _query_page(stream, after, min(step, limit - len(found)))
        found += [_current(decode(item)) for item in items]
        read += sum(len(item["change"]["S"]) + len(item["state"]["S"]) for item in items)
        if is_end:
            return found, True
        after = found[-1].version
    return found, len(found) == limit


def version_with_key(stream: str, idempotency_key: str) -> int | None:
    """The version that was written with this key, by a strongly consistent read of the local index."""
    try:
        found = dynamodb.client().query(
            TableName=settings.events_table(),
            IndexName="by_key",
            KeyConditionExpression="stream_id = :stream_id AND idempotency_key = :key",
            ExpressionAttributeValues={":stream_id": {"S": stream}, ":key": {"S": idempotency_key}},
            Limit=1,
            ConsistentRead=True,
        )["Items"]
    except AWSError as error:
        raise LedgerUnavailable(str(error)) from error
    return int(found[0]["version"]["N"]) if found else None


def append(event: Event) -> None:
    """Put the event, on condition that its version is free.

    Raises
    ------
    VersionTaken
        When the version exists already.
    EventTooLarge
        Before anything is sent.
    LedgerUnavailable
        When DynamoDB gave no clear answer; the event may have been written all the same.
    """
    item = encode(event)
    for attempt in range(1, WRITE_TRIES + 1):
        try:
            dynamodb.client().put_item(
                TableName=settings.events_table(), Item=item, ConditionExpression=_VERSION_IS_FREE
            )
            return
        except Refusal as error:
            if error.code == "ConditionalCheckFailedException":
                raise VersionTaken from error
            if error.code != "TransactionConflictException" or attempt == WRITE_TRIES:
                raise LedgerUnavailable(str(error)) from error
        except AWSError as error:
            # No answer at all. One more try is safe: if the first one wrote, the caller recognises its own event.
            if attempt > 1:
                raise LedgerUnavailable(str(error)) from error
        back_off(attempt)


def append_together(
    group: list[Event], free: Iterable[tuple[str, int]] = (), also: Sequence[dict[str, Any]] = ()
) -> dict[int, Event]:
    """Put events of different streams in one transaction, each on condition that its version is free.

    Parameters
    ----------
    group : list of Event
        At most `MAX_TRANSACTION_ITEMS`, together at most `MAX_TRANSACTION_BYTES`.
    free : iterable of (str, int)
        Versions of other streams that must be free too, though nothing is put there: what was decided rests on those
        streams as they were before.
    also : sequence of dict
        Condition checks of other tables, in DynamoDB's JSON.

    Returns
    -------
    dict of int to Event
        The events that exist already at a version of the group, by position in the group. Nothing was written unless
        it is empty.

    Raises
    ------
    VersionTaken
        When of all the versions only some of `free` exist already; nothing was written.
    NoLongerWanted
        When one of `also` failed; nothing was written.
    EventTooLarge
        Before anything is sent.
    LedgerUnavailable
        When DynamoDB gave no clear answer; all of them may have been written, or none.
    """
    table = settings.events_table()
    condition = {"ConditionExpression": _VERSION_IS_FREE, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    actions = [{"Put": {"TableName": table, "Item": encode(event), **condition}} for event in group]
    actions += [{"ConditionCheck": _is_free(table, *version)} for version in free]
    own = len(actions)
    actions += also
    for attempt in range(1, WRITE_TRIES + 1):
        try:
            dynamodb.client().transact_write_items(TransactItems=actions)
            return {}
        except AWSError as error:
            failed = failed_conditions(error)
            existing = {
                position: _current(decode(reason["Item"]))
                for position, reason in enumerate(cancellation_reasons(error)[: len(group)])
                if failed[position]
            }
            if any(failed[own:]):
                raise NoLongerWanted from error
            if existing:
                return existing
            if any(failed):
                raise VersionTaken from error
            if "TransactionConflict" not in codes_of(error) or attempt == WRITE_TRIES:
                raise LedgerUnavailable(str(error)) from error
            back_off(attempt)
    raise AssertionError("unreachable: the last attempt returns or raises")


def events_at(versions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Event]:
    """The events of these (stream id, version) that exist, by consistent reads of a hundred at a time.

    Raises
    ------
    LedgerUnavailable
    """
    try:
        return {at: _current(decode(item)) for at, item in stored_at(versions).items()}
    except READ_ERRORS as error:
        raise LedgerUnavailable(str(error)) from error


def stored_at(versions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Item]:
    """The events of these (stream id, version) that exist, as they are stored, by consistent reads."""
    table = settings.events_table()
    item_keys = [{"stream_id": {"S": stream}, "version": {"N": str(version)}} for stream, version in versions]
    return {(item["stream_id"]["S"], int(item["version"]["N"])): item for item in dynamodb.batch_get(table, item_keys)}


def _query_page(stream: str, after: int, limit: int) -> tuple[list[Item], bool]:
    """One page of the events after a version, as they are stored, and whether nothing follows."""
    try:
        answer = dynamodb.client().query(
            TableName=settings.events_table(),
            KeyConditionExpression="stream_id = :stream_id AND version > :after",
            ExpressionAttributeValues={":stream_id": {"S": stream}, ":after": {"N": str(after)}},
            Limit=limit,
            ConsistentRead=True,
        )
    except AWSError as error:
        raise LedgerUnavailable(str(error)) from error
    items: list[Item] = answer["Items"]
    return items, "LastEvaluatedKey" not in answer or not items


def _query(stream: str, until: int | None = None) -> list[Event]:
    """The events until a version (inclusive), oldest first, by strongly consistent reads."""
    from botocore.exceptions import BotoCoreError, ClientError
    from pynamodb.exceptions import PynamoDBException

    from chalicelib.ledger.model import EventItem, events

    versions = None if until is None else EventItem.version <= until
    try:
        found = events().query(stream, versions, consistent_read=True)
        return [decode(item.serialize()) for item in found]
    except (PynamoDBException, BotoCoreError, ClientError) as error:
        raise LedgerUnavailable(str(error)) from error


def _current(event: Event) -> Event:
    """The event with the state as today's fold makes it."""
    if event.state_schema >= fold.STATE_SCHEMA:
        return event
    state = fold.fold(_query(event.stream_id, until=event.version))
    assert state is not None
    return replace(event, state=state, state_schema=fold.STATE_SCHEMA)


def _is_free(table: str, stream: str, version: int) -> dict[str, Any]:
    key = {"stream_id": {"S": stream}, "version": {"N": str(version)}}
    return {"TableName": table, "Key": key, "ConditionExpression": _VERSION_IS_FREE}
