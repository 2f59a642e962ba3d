"""Clients that take a tenth of botocore's CPU, for what the service does most (docs/adr/0014-thin-client.md).

`connect` is the door to DynamoDB's items, and `connect_sns` to SNS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalicelib.aws.thin.client import ThinClient
    from chalicelib.aws.thin.sns import ThinTopic


def connect(session: Callable[[], Any], client: Callable[[], Any]) -> ThinClient | None:
    """The thin client; None if something is set that only botocore can do.

    Parameters
    ----------
    session, client : callable
        Make or find botocore's, whose credentials and endpoint it has outside of a Lambda. The client has the
        operations on tables; in a Lambda it is not called before one of these is.
    """
    from chalicelib.aws.thin import origin
    from chalicelib.aws.thin.client import ThinClient

    found = origin.from_lambda("dynamodb") or origin.from_botocore(session(), client())
    return None if found is None else ThinClient(found, client)


def connect_sns() -> ThinTopic | None:
    """The thin client for SNS, in a Lambda whose environment says all that it needs; elsewhere None."""
    from chalicelib.aws.thin import origin
    from chalicelib.aws.thin.sns import ThinTopic

    found = origin.from_lambda("sns")
    return None if found is None else ThinTopic(found)
