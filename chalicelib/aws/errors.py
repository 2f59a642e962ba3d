"""Which failures pass by themselves and which no retry can help: the one place that decides it, for every handler."""

from __future__ import annotations

from typing import Final

from botocore.exceptions import ClientError, ParamValidationError

# What AWS services answer when the very same request may succeed later. A ConditionalCheckFailed is not among them:
# whoever sets a condition knows what its failure means.
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


class Unavailable(Exception):
    """A part of this service could not do its work for now; the same again may well succeed."""


class Poison(Exception):
    """A record that no retry can help: it cannot be decoded, or what it says cannot be."""


def codes_of(error: BaseException) -> frozenset[str]:
    """The error codes in an AWS answer: of the request, or of each item that cancelled a transaction."""
    if not isinstance(error, ClientError):
        return frozenset()
    reasons = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])} - {"None"}
    return frozenset(reasons or {error.response.get("Error", {}).get("Code", "")})


def is_transient(error: BaseException) -> bool:
    """Whether the same again may well succeed, so that a handler should raise and be called once more.

    An error of a kind that is not known here counts as transient: to lose nothing is worth more than to go on.
    """
    if isinstance(error, Poison | ParamValidationError | ValueError | TypeError | LookupError | AttributeError):
        return False
    return not is_refused(error)


def is_refused(error: BaseException) -> bool:
    """Whether DynamoDB refused for size or form: our bug, or a full partition. Trying again does not help."""
    if not isinstance(error, ClientError) or codes_of(error) & TRANSIENT_CODES:
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status < _SERVER_ERROR and bool(codes_of(error) & REFUSED_CODES)


def is_conflict(error: BaseException) -> bool:
    """Whether a transaction met another one, or a condition that another writer made fail."""
    return bool(codes_of(error) & {"ConditionalCheckFailed", "TransactionConflict", "TransactionConflictException"})
