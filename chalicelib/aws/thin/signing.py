"""AWS Signature Version 4 of a POST to the path ``/`` without a query, as every operation of DynamoDB is one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass, field
from typing import Final

CONTENT_TYPE: Final = "application/x-amz-json-1.0"
_SERVICE: Final = "dynamodb"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs. The secrets are in no text that this has."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


class Signer:
    """Signs requests to one host in one region.

    Parameters
    ----------
    host : str
        As the header ``Host`` has it: with its port, unless that is the scheme's own.
    """

    def __init__(self, host: str, region: str) -> None:
        self._host = host
        self._region = region
        # The key of a day, and what it was derived from. Replaced as a whole: threads share it.
        self._derived: tuple[str, str, bytes] = ("", "", b"")

    def headers(self, target: str, body: bytes, credentials: Credentials, now: float) -> str:
        """The header lines of a request, ``Host`` to ``Authorization``, each with its end.

        Parameters
        ----------
        target : str
            The header ``X-Amz-Target``: the service's version and the operation.
        now : float
            Seconds since 1970.
        """
        instant = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        date = instant[:8]
        token_line, token_name = "", ""
        if credentials.token:
            token_line, token_name = f"x-amz-security-token:{credentials.token}\n", "x-amz-security-token;"
        signed = f"content-type;host;x-amz-date;{token_name}x-amz-target"
        lines = (
            f"content-type:{CONTENT_TYPE}\nhost:{self._host}\nx-amz-date:{instant}\n{token_line}x-amz-target:{target}\n"
        )
        canonical = f"POST\n/\n\n{lines}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{date}/{self._region}/{_SERVICE}/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{instant}\n{scope}\n{digest}"
        key = self._key(credentials.secret_key, date)
        signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
        return lines.replace("\n", "\r\n") + (
            f"authorization:AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={signed}, Signature={signature}\r\n"
        )

    def _key(self, secret_key: str, date: str) -> bytes:
        of_secret, of_date, key = self._derived
        if of_secret != secret_key or of_date != date:
            key = f"AWS4{secret_key}".encode()
            for part in (date, self._region, _SERVICE, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._derived = (secret_key, date, key)
        return key
