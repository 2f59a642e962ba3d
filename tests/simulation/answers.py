"""DynamoDB's errors, as botocore raises them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from tests.simulation.expressions import Item

_CONDITION_FAILED = "The conditional request failed"
_STATUS = {"InternalServerError": 500, "ServiceUnavailable": 503}
ENDPOINT = "https://dynamodb.simulated"


def client_error(code: str, operation: str, message: str = "", **members: Any) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": _STATUS.get(code, 400), "HTTPHeaders": {}},
        "message": message or code,
        **members,
    }
    return ClientError(answer, operation)


def condition_failed(operation: str) -> ClientError:
    return client_error("ConditionalCheckFailedException", operation, _CONDITION_FAILED)


def conflict(operation: str) -> ClientError:
    return client_error("TransactionConflictException", operation, "Transaction is ongoing for the item")


def cancelled(found: Sequence[tuple[str, Item | None]]) -> ClientError:
    """A transaction's refusal, with one reason for each of its items, and with the item where that was asked for."""
    messages = {
        "ConditionalCheckFailed": _CONDITION_FAILED,
        "TransactionConflict": "Transaction is ongoing for the item",
    }
    reasons = [
        {
            "Code": code,
            **({} if code == "None" else {"Message": messages.get(code, code)}),
            **({} if item is None else {"Item": item}),
        }
        for code, item in found
    ]
    codes = ", ".join(code for code, _ in found)
    said = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return client_error("TransactionCanceledException", "TransactWriteItems", said, CancellationReasons=reasons)


def invalid(operation: str, message: str) -> ClientError:
    return client_error("ValidationException", operation, message)


def no_table(name: str) -> ClientError:
    return client_error("ResourceNotFoundException", "", f"Requested resource not found: Table: {name} not found")


def no_connection() -> ConnectTimeoutError:
    """The request never left."""
    return ConnectTimeoutError(endpoint_url=ENDPOINT)


def no_answer() -> ReadTimeoutError:
    """The request may have been carried out, or may be yet."""
    return ReadTimeoutError(endpoint_url=ENDPOINT)
