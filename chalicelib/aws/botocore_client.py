"""Clients of botocore whose errors are this service's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from chalicelib.aws.errors import AWSError, NoAnswer, Refusal, RequestInvalid, TimedOut, Unconfigured


class BotocoreClient:
    """A botocore client; what its methods for the service's operations raise is an `AWSError`.

    Everything else is botocore's: ``meta``, paginators, and what their methods raise.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in self._client.meta.method_to_api_mapping:
            found = translating(found)
            # Found without this method the next time.
            self.__dict__[name] = found
        return found


def translating(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, with an `AWSError` for each error of botocore, which is its cause."""

    @wraps(method)
    def call(*args: Any, **request: Any) -> Any:
        try:
            return method(*args, **request)
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise translated(error) from error

    return call


def translated(error: Exception) -> AWSError:
    """The `AWSError` that says what an error of botocore says."""
    match error:
        case ClientError():
            return Refusal(error.response, error.operation_name)
        case ParamValidationError():
            return RequestInvalid(str(error))
        case NoCredentialsError() | NoRegionError():
            return Unconfigured(str(error))
        case ConnectTimeoutError() | ReadTimeoutError():
            return TimedOut(str(error))
        case _:
            return NoAnswer(str(error))
