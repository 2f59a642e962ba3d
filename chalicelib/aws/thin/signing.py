"""AWS Signature Version 4 of a POST to the path ``/`` without a query, as DynamoDB and SNS have it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs. The secrets are in no text that this has."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


class Signer:
    """Signs requests to one service in one region.

    Parameters
    ----------
    host : str
        As the header ``Host`` has it: with its port, unless that is the scheme's own.
    service, region : str
    content_type : str
        Of every body.
    """

    def __init__(self, host: str, service: str, region: str, content_type: str) -> None:
        self._host = host
        self._service = service
        self._region = region
        self._content_type = content_type
        # The key of a day, and what it was derived from. Replaced as a whole: threads share it.
        self._derived: tuple[str, str, bytes] = ("", "", b"")

    def headers(self, target: str, body: bytes, credentials: Credentials, now: float) -> str:
        """The header lines of a request, ``Host`` to ``Authorization``, each with its end.

        Parameters
        ----------
        target : str
            The header ``X-Amz-Target``: the service's version and the operation. Empty: there is no such header.
        now : float
            Seconds since 1970.
        """
        instant = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        date = instant[:8]
        lines = f"content-type:{self._content_type}\nhost:{self._host}\nx-amz-date:{instant}\n"
        signed = "content-type;host;x-amz-date"
        if credentials.token:
            lines += f"x-amz-security-token:{credentials.token}\n"
            signed += ";x-amz-security-token"
        if target:
            lines += f"x-amz-target:{target}\n"
            signed += ";x-amz-target"
        canonical = f"POST\n/\n\n{lines}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{date}/{self._region}/{self._service}/aws4_request"
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
            for part in (date, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._derived = (secret_key, date, key)
        return key
