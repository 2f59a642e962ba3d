"""Credentials from an address of this machine, as a Lambda has them that starts from a snapshot (SnapStart).

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from msgspec import DecodeError, json

from chalicelib.aws.errors import AWSError, Unconfigured
from chalicelib.aws.thin.http import Address, Pool
from chalicelib.aws.thin.signing import Credentials

URL: Final = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN: Final = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105 - a name
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
# They are asked for again so long before they expire.
_EARLY_SECONDS: Final = 300
_OK: Final = 200


class ContainerCredentials:
    """Asks for credentials when there are none, and again before they expire. Safe to share between threads."""

    def __init__(self, host: str, port: int, path: str, token: str) -> None:
        self._pool = Pool(Address(host, port))
        name = f"[{host}]" if ":" in host else host
        authorization = f"authorization:{token}\r\n" if token else ""
        self._request = (
            f"GET {path} HTTP/1.1\r\nhost:{name}:{port}\r\naccept:application/json\r\n{authorization}\r\n"
        ).encode("latin-1")
        self._lock = threading.Lock()
        self._found: tuple[Credentials, float] | None = None

    def __call__(self) -> Credentials:
        """Who asks now.

        Raises
        ------
        Unconfigured
            There are none, and those from before have expired.
        """
        with self._lock:
            now = time.time()
            if self._found is None or now >= self._found[1] - _EARLY_SECONDS:
                try:
                    self._found = self._ask()
                except (AWSError, DecodeError, LookupError, TypeError, ValueError) as error:
                    if self._found is None or now >= self._found[1]:
                        # Without the cause, which might quote what it could not read.
                        raise Unconfigured(f"no credentials from this Lambda: {type(error).__name__}") from None
            return self._found[0]

    def _ask(self) -> tuple[Credentials, float]:
        """The credentials, and when they expire (seconds since 1970)."""
        response = self._pool.exchange(self._request)
        if response.status != _OK:
            raise Unconfigured(f"no credentials from this Lambda: status {response.status}")
        found = json.decode(response.body, type=dict[str, str])
        expires = datetime.fromisoformat(found["Expiration"]).timestamp()
        return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found.get("Token") or None), expires


def from_environment(environment: Mapping[str, str]) -> ContainerCredentials | None:
    """What the environment says; None if it says nothing, or names another machine, which is left to botocore."""
    parts, token = urlsplit(environment.get(URL, "")), environment.get(TOKEN, "")
    is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not is_here or parts.hostname is None or not (token.isascii() and (token + parts.path).isprintable()):
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return ContainerCredentials(parts.hostname, parts.port or 80, path, token)
