"""The one way to DynamoDB: every table of every module goes through this client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import thin, tuning
from chalicelib.aws.errors import KeysUnprocessed
from chalicelib.aws.memory import remembered
from chalicelib.aws.retry import back_off


@remembered
def client() -> Any:
    """The client for DynamoDB, made at the first call and safe to share between threads.

    Its methods are those of a botocore client; what they raise is an `AWSError`. It is the thin one unless
    `settings.client` says otherwise, or something is set that only botocore can do.

    Raises
    ------
    Unconfigured
        No region is configured.
    """
    found = thin.connect(_session, _botocore_client) if settings.client() == settings.THIN else None
    return found or _botocore_client()


@remembered
def _session() -> Any:
    import botocore.session

    return botocore.session.get_session()


@remembered
def _botocore_client() -> Any:
    from chalicelib.aws.botocore_client import BotocoreClient, translating

    return BotocoreClient(translating(raw_client)())


@remembered
def raw_client() -> Any:
    """The botocore client, for libraries that know only such a one.

    Parameter validation is off: requests are built by this project's own code, and DynamoDB checks them anyway.
    """
    from botocore.config import Config

    made = _session().create_client(
        "dynamodb",
        config=Config(
            parameter_validation=False,
            user_agent=tuning.USER_AGENT,
            connect_timeout=tuning.CONNECT_TIMEOUT_SECONDS,
            read_timeout=tuning.READ_TIMEOUT_SECONDS,
            max_pool_connections=tuning.CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": tuning.ATTEMPTS},
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
    AWSError
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
    AWSError
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


def _set_aside(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Keep a transaction's writes from botocore, and send them as they are: `_put_back` adds them to the body.

    They are in DynamoDB's JSON already. Botocore traverses all items twice, to find the tables that they name and to
    serialise them, and ends with the same JSON. In a bulk load of a hundred items per call that takes much of the CPU
    (docs/performance.md).
    """
    context[_SET_ASIDE] = params["TransactItems"]
    params["TransactItems"] = []


def _put_back(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    import json

    body = json.loads(params["body"]) | {"TransactItems": context[_SET_ASIDE]}
    params["body"] = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
