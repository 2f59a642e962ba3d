"""A client for the operations on DynamoDB's items that takes a tenth of botocore's CPU (docs/adr/0014-thin-client.md).

`connect` is its one door.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalicelib.aws.thin.client import ThinClient


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

    found = origin.from_lambda() or origin.from_botocore(session(), client())
    return None if found is None else ThinClient(found, client)
