"""Which errors of AWS are transient, and which are permanent: decided here for every handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.todos.errors import Permanent, ServiceError, Transient, Unavailable


class AWSError(ServiceError):
    """What a request to an AWS service ended in, other than the answer to it."""


class Refusal(AWSError):
    """The service answered with an error.

    Attributes
    ----------
    response : mapping
        As botocore's ``ClientError`` has it: ``Error`` with ``Code`` and ``Message``, ``ResponseMetadata`` with
        ``HTTPStatusCode``, and what else the service says, such as ``CancellationReasons``.
    operation : str
    """

    def __init__(self, response: Mapping[str, Any], operation: str) -> None:
        self.response = dict(response)
        self.operation = operation
        message = self.response.get("Error", {}).get("Message", "")
        super().__init__(f"An error occurred ({self.code}) when calling the {operation} operation: {message}")

    @property
    def code(self) -> str:
        """The code of the error, such as ``ValidationException``; empty if the answer has none."""
        code: str = self.response.get("Error", {}).get("Code", "")
        return code

    @property
    def status(self) -> int:
        """The HTTP status; 0 if it is unknown."""
        status: int = self.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status


class NoAnswer(AWSError):
    """No answer, or none that can be read: what was asked may have happened, or not."""


class TimedOut(NoAnswer):
    """No connection, or no answer, within the time that there is for it."""


class Unconfigured(NoAnswer):
    """The request was not sent: there are no credentials, or no region."""


class RequestInvalid(Permanent, AWSError):
    """The request was not sent: it has not the form that the service asks for."""


# What AWS services answer when the same request may succeed later. ConditionalCheckFailed is not among them: the code
# that sets a condition knows what its failure means.
TRANSIENT_CODES: Final = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "KMSThrottlingException",
        "LimitExceededException",
        "OverLimit",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttled",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)

# What DynamoDB answers when an item is too large or malformed, or its partition (10 GB with local indexes) is full.
REFUSED_CODES: Final = frozenset(
    {
        "ItemCollectionSizeLimitExceeded",
        "ItemCollectionSizeLimitExceededException",
        "ValidationError",
        "ValidationException",
    }
)

_SERVER_ERROR: Final = 500
# The code of a write that is no reason for its transaction's cancellation.
_NO_REASON: Final = "None"


class KeysUnprocessed(Transient):
    """DynamoDB repeatedly left keys of a BatchGetItem unprocessed: it throttles."""


# What a read of DynamoDB raises without an answer, or if it is refused.
READ_ERRORS: Final = (AWSError, KeysUnprocessed)


def ask(call: Callable[..., Any], **request: Any) -> Any:
    """The answer of an AWS service to a request of a client.

    Raises
    ------
    Unavailable
        Whatever went wrong, as its cause.
    """
    try:
        return call(**request)
    except AWSError as error:
        raise Unavailable(str(error)) from error


def codes_of(error: BaseException) -> frozenset[str]:
    """The error codes in an AWS answer: of the request, or of each item that cancelled a transaction."""
    if not isinstance(error, Refusal):
        return frozenset()
    reasons = {reason.get("Code", _NO_REASON) for reason in cancellation_reasons(error)} - {_NO_REASON}
    return frozenset(reasons or {error.code})


def cancellation_reasons(error: BaseException) -> list[dict[str, Any]]:
    """Why a transaction was cancelled, write by write in its order; empty for any other error.

    Each reason has a ``Code``, which is "None" for a write that was not in the way, and the ``Item`` that made a
    condition fail if the write asked for it (``ReturnValuesOnConditionCheckFailure``).
    """
    if not isinstance(error, Refusal):
        return []
    reasons: Any = error.response.get("CancellationReasons", [])
    return list(reasons)


def failed_conditions(error: BaseException) -> list[bool]:
    """Which writes of a cancelled transaction had a condition that failed, in its order; empty for any other error."""
    return [reason.get("Code") == "ConditionalCheckFailed" for reason in cancellation_reasons(error)]


def is_transient(error: BaseException) -> bool:
    """Whether the same call may succeed later, so that a handler should raise and be called again.

    An unknown error counts as transient: to lose nothing matters more than to make progress.
    """
    if isinstance(error, Permanent | ValueError | TypeError | LookupError | AttributeError):
        return False
    return not is_refused(error)


def is_refused(error: BaseException) -> bool:
    """Whether DynamoDB refused for size or form: our bug, or a full partition. No retry helps."""
    if not isinstance(error, Refusal) or codes_of(error) & TRANSIENT_CODES:
        return False
    return error.status < _SERVER_ERROR and bool(codes_of(error) & REFUSED_CODES)


def is_conflict(error: BaseException) -> bool:
    """Whether a transaction conflicted with another one, or another writer made a condition fail."""
    return bool(codes_of(error) & {"ConditionalCheckFailed", "TransactionConflict", "TransactionConflictException"})
