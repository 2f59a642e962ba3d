"""The one tuned DynamoDB client: every table of every module goes through it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import botocore.session
from botocore.config import Config

from chalicelib.aws.errors import KeysUnprocessed
from chalicelib.aws.memory import remembered
from chalicelib.aws.retry import back_off

# Botocore builds its own User-Agent for each call, which takes a fifth of a PutItem's CPU (docs/performance.md).
USER_AGENT = "todo-ledger"
# A Lambda must answer within the gateway's 29 s: time out early, and retry.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
ATTEMPTS = 3
# The loader keeps several transactions in flight, and a batch several commands.
CONNECTIONS = 32


@remembered
def client() -> Any:
    """A botocore client for DynamoDB, made at the first call and safe to share between threads.

    Parameter validation is off: requests are built by this project's own code, and DynamoDB checks them anyway.
    """
    made = botocore.session.get_session().create_client(
        "dynamodb",
        config=Config(
            parameter_validation=False,
            user_agent=USER_AGENT,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        ),
    )
    made.meta.events.register("before-parameter-build.dynamodb.TransactWriteItems", _set_aside)
    made.meta.events.register("before-call.dynamodb.TransactWriteItems", _put_back)
    return made


# The maximum of one BatchGetItem.
MAX_BATCH_GET_KEYS: Final = 100
BATCH_GET_TRIES: Final = 8


def batch_get(table: str, item_keys: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The items of these keys that exist, by consistent reads, a hundred at a time.

    Raises
    ------
    KeysUnprocessed
        After `BATCH_GET_TRIES` answers that left keys unprocessed.
    ClientError, BotoCoreError
        As ``client().batch_get_item`` does.
    """
    pending = list(item_keys)
    left_out = 0
    while pending:
        request = {table: {"Keys": pending[:MAX_BATCH_GET_KEYS], "ConsistentRead": True}}
        answer = client().batch_get_item(RequestItems=request)
        yield from answer["Responses"].get(table, [])
        unprocessed = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        pending = unprocessed + pending[MAX_BATCH_GET_KEYS:]
        if unprocessed:
            left_out += 1
            if left_out == BATCH_GET_TRIES:
                raise KeysUnprocessed
            back_off(left_out)


def pages(operation: str, **request: Any) -> Iterator[list[dict[str, Any]]]:
    """The items of a ``query`` or ``scan``, page by page (1 MB), to the end.

    Raises
    ------
    ClientError, BotoCoreError
        As the client's method does.
    """
    while True:
        answer = getattr(client(), operation)(**request)
        yield answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def between(table: str, partition: str, low: str, high: str, index: str | None = None) -> dict[str, Any]:
    """The request of a ``query`` of one partition for the items between two sort keys, inclusive.

    Its read is strongly consistent: what a client waited for (``Prefer: wait``) must be in what it reads next.

    Parameters
    ----------
    table : str
        Its keys are ``owner`` and ``sk``.
    index : str, optional
        A local index, whose sort key has the index's name.
    """
    return {
        "TableName": table,
        **({"IndexName": index} if index else {}),
        "KeyConditionExpression": "#owner = :owner AND #sort BETWEEN :low AND :high",
        "ExpressionAttributeNames": {"#owner": "owner", "#sort": index or "sk"},
        "ExpressionAttributeValues": {":owner": {"S": partition}, ":low": {"S": low}, ":high": {"S": high}},
        "ConsistentRead": True,
    }


# The key under which botocore's context of one call keeps the writes of its transaction.
_SET_ASIDE: Final = "todo-ledger-writes"


class _Ready(list[dict[str, Any]]):
    """The writes of a transaction, already in the form of DynamoDB's JSON protocol."""


def transact_ready(writes: list[dict[str, Any]]) -> None:
    """TransactWriteItems of writes that are in DynamoDB's JSON already, sent without traversing them.

    Botocore traverses all items twice, to find the tables that they name and to serialise them, and ends with the same
    JSON. In a bulk load of a hundred items per call that takes much of the CPU (docs/performance.md).

    Raises
    ------
    ClientError, BotoCoreError
        As ``client().transact_write_items`` does.
    """
    client().transact_write_items(TransactItems=_Ready(writes))


def _set_aside(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if isinstance(params.get("TransactItems"), _Ready):
        context[_SET_ASIDE] = params["TransactItems"]
        params["TransactItems"] = []


def _put_back(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if _SET_ASIDE in context:
        body = json.loads(params["body"]) | {"TransactItems": context[_SET_ASIDE]}
        params["body"] = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
