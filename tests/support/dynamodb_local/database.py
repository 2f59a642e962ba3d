"""Requests to DynamoDB Local."""

from __future__ import annotations

import json
from typing import Any, Final

import urllib3

from stack.aws import REGION

# Requests that are under way at once; further ones wait.
CONNECTIONS: Final = 32

DYNAMODB: Final = "DynamoDB_20120810."
STREAMS: Final = "DynamoDBStreams_20120810."


class Refused(Exception):
    """DynamoDB Local refused a request.

    Attributes
    ----------
    status : int
    body : bytes
        Its answer, as a client would get it.
    """

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(body.decode(errors="replace"))
        self.status = status
        self.body = body


class Database:
    """One of its databases: it has one for each access key.

    Parameters
    ----------
    url : str
        Its endpoint URL.
    access_key : str
        Letters and digits.
    """

    def __init__(self, url: str, access_key: str) -> None:
        self._url = url
        self._http = urllib3.PoolManager(maxsize=CONNECTIONS, block=True, retries=False)
        # It reads the key and the region, and verifies no signature.
        scope = f"{access_key}/20120810/{REGION}/dynamodb/aws4_request"
        signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        self._headers = {"content-type": "application/x-amz-json-1.0", "authorization": signature}

    def send(self, target: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Pass a request on as it is; the status, headers and body of the answer.

        Parameters
        ----------
        target : str
            The value of ``X-Amz-Target``.
        """
        headers = self._headers | {"x-amz-target": target}
        answer = self._http.request("POST", self._url, body=body, headers=headers)
        return answer.status, dict(answer.headers), answer.data

    def ask(self, target: str, request: dict[str, Any]) -> dict[str, Any]:
        """The parsed answer to a request.

        Raises
        ------
        Refused
        """
        status, _, body = self.send(target, json.dumps(request).encode())
        if status != 200:
            raise Refused(status, body)
        answer: dict[str, Any] = json.loads(body)
        return answer
