"""Signed requests to one service, each sent once."""

from __future__ import annotations

import time
from typing import Final

from chalicelib.aws import tuning
from chalicelib.aws.thin import tracing
from chalicelib.aws.thin.http import Pool, Response
from chalicelib.aws.thin.origin import Origin
from chalicelib.aws.thin.signing import Signer

_FIXED_HEADERS: Final = f"accept-encoding:identity\r\nuser-agent:{tuning.USER_AGENT}\r\n"


class Sender:
    """Safe to share between threads.

    Parameters
    ----------
    origin : Origin
        Where the service is, and who asks.
    content_type : str
        Of every body.

    Attributes
    ----------
    pool : Pool
        What requests are sent through.
    """

    def __init__(self, origin: Origin, content_type: str) -> None:
        self._credentials = origin.credentials
        self._signer = Signer(origin.host, origin.service, origin.region, content_type)
        self.pool = Pool(origin.address)

    def post(self, body: bytes, target: str = "") -> Response:
        """The answer to a body, whatever it says.

        Parameters
        ----------
        target : str
            The header ``X-Amz-Target``, if the service has it.

        Raises
        ------
        TimedOut, NoAnswer
        """
        signed = self._signer.headers(target, body, self._credentials(), time.time())
        head = f"POST / HTTP/1.1\r\n{signed}{_FIXED_HEADERS}{tracing.header()}content-length:{len(body)}\r\n\r\n"
        return self.pool.exchange(head.encode("latin-1") + body)
