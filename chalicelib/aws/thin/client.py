"""A client for DynamoDB's items: JSON, a signature, one POST, and the retries of botocore's standard mode.

Requests and answers are those of a botocore client, in DynamoDB's JSON. Two things differ: an answer has no
``ResponseMetadata``, and binary values stay in Base64 (no table here has any).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final
from zlib import crc32

from msgspec import DecodeError, json

from chalicelib.aws import tuning
from chalicelib.aws.errors import AWSError, NoAnswer, Refusal
from chalicelib.aws.thin import retries, tracing
from chalicelib.aws.thin.http import Response
from chalicelib.aws.thin.origin import Origin
from chalicelib.aws.thin.sender import Sender

VERSION: Final = "DynamoDB_20120810"
CONTENT_TYPE: Final = "application/x-amz-json-1.0"
FIRST_ERROR_STATUS: Final = 300

Answer = dict[str, Any]


class ThinClient:
    """Safe to share between threads.

    Parameters
    ----------
    origin : Origin
        Where DynamoDB is, and who asks.
    others : callable
        Makes or finds the client for the operations that this one does not have, such as those on tables.

    Attributes
    ----------
    sender : Sender
        What sends requests, one for each attempt.
    """

    def __init__(self, origin: Origin, others: Callable[[], Any]) -> None:
        self._others = others
        self._quota = retries.Quota()
        self.sender = Sender(origin, CONTENT_TYPE)

    def get_item(self, **request: Any) -> Answer:
        """One item by its key."""
        return self._call("GetItem", request)

    def put_item(self, **request: Any) -> Answer:
        """Put an item in place of what is there."""
        return self._call("PutItem", request)

    def update_item(self, **request: Any) -> Answer:
        """Change attributes of an item."""
        return self._call("UpdateItem", request)

    def delete_item(self, **request: Any) -> Answer:
        """Delete an item by its key."""
        return self._call("DeleteItem", request)

    def query(self, **request: Any) -> Answer:
        """One page of the items of a partition."""
        return self._call("Query", request)

    def scan(self, **request: Any) -> Answer:
        """One page of the items of a table."""
        return self._call("Scan", request)

    def batch_get_item(self, **request: Any) -> Answer:
        """Up to a hundred items by their keys."""
        return self._call("BatchGetItem", request)

    def transact_write_items(self, **request: Any) -> Answer:
        """Up to a hundred writes, all or nothing.

        Without a ``ClientRequestToken`` it gets one, so that a retry of what was done already does nothing.
        """
        request.setdefault("ClientRequestToken", str(uuid.uuid4()))
        return self._call("TransactWriteItems", request)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            others = self._others()
            if name in others.meta.method_to_api_mapping:
                return getattr(others, name)
        raise AttributeError(f"{type(self).__name__} has no operation {name}")

    def _call(self, operation: str, request: dict[str, Any]) -> Answer:
        """The answer to a request.

        Raises
        ------
        Refusal, NoAnswer
            What the last attempt ended in.
        """
        body = json.encode(request)
        taken = retries.RETURN
        with tracing.subsegment("DynamoDB", operation, request):
            for attempt in range(1, tuning.ATTEMPTS + 1):
                try:
                    answer = self._attempt(operation, body)
                except AWSError as error:
                    cost = retries.cost_of(error)
                    if attempt == tuning.ATTEMPTS or not retries.is_retried(error) or not self._quota.take(cost):
                        raise
                    taken = cost
                else:
                    self._quota.give_back(taken)
                    return answer
                retries.pause(attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _attempt(self, operation: str, body: bytes) -> Answer:
        return answer_of(self.sender.post(body, f"{VERSION}.{operation}"), operation)


def answer_of(response: Response, operation: str) -> Answer:
    """What a response says.

    Raises
    ------
    Refusal
        It is an error.
    NoAnswer
        Its checksum is wrong, or it is no JSON.
    """
    checksum = response.headers.get(b"x-amz-crc32")
    if checksum is not None and checksum != b"%d" % crc32(response.body):
        raise NoAnswer(f"{operation}: the answer does not have its checksum")
    if response.status >= FIRST_ERROR_STATUS:
        raise Refusal(_error_of(response), operation)
    try:
        answer: Answer = json.decode(response.body, type=dict)
    except DecodeError:
        # The cause would quote what it could not read.
        raise NoAnswer(f"{operation}: the answer is no JSON") from None
    return answer


def _error_of(response: Response) -> Answer:
    """An error as `Refusal.response` has it; one that is not DynamoDB's has the status as its code."""
    try:
        stated: Answer = json.decode(response.body, type=dict)
    except DecodeError:
        stated = {}
    code = str(stated.pop("__type", response.status)).rpartition("#")[2].partition(":")[0]
    message = stated.pop("message", None) or stated.pop("Message", None) or ""
    error = {"Code": code, "Message": message}
    return {**stated, "Error": error, "ResponseMetadata": {"HTTPStatusCode": response.status}}
