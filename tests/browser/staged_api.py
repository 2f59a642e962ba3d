"""The local stack below the path of a stage, as API Gateway serves it."""

from __future__ import annotations

import requests

from stack.local.local_stack import LocalStack
from tests.support.gateway import api_event
from tests.support.server import Received, Reply, Server

STAGE = "/dev"
# What belongs to one connection alone (RFC 9110, section 7.6.1), or no longer holds.
LEFT_OUT = ("connection", "transfer-encoding", "content-length", "content-encoding", "host", "accept-encoding")


class StagedApi:
    """The local stack, below the path of a stage."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self.asked: list[str] = []
        self.server = Server(self._answer)

    @property
    def url(self) -> str:
        return f"{self.server.url}{STAGE}"

    def _answer(self, received: Received) -> Reply:
        self.asked.append(received.target)
        path, _, query = received.target.partition("?")
        if path == STAGE:
            return self._without_its_slash(query)
        if not path.startswith(f"{STAGE}/"):
            return Reply(403, b'{"message":"Forbidden"}')
        headers = {name: value for name, value in received.headers.items() if name.lower() not in LEFT_OUT}
        headers = {name: value.replace(self.server.url, self._stack.url) for name, value in headers.items()}
        address = f"{self._stack.url}{received.target.removeprefix(STAGE)}"
        answer = requests.request(
            received.method, address, data=received.content, headers=headers, allow_redirects=False, timeout=60
        )
        return Reply(answer.status_code, self._as_own(answer.text).encode(), self._headers(answer.headers))

    def _without_its_slash(self, query: str) -> Reply:
        """What the API answers where the gateway's path has no slash at its end; the local one always has it."""
        import app

        event = api_event("GET", f"/?{query}", headers={"accept": "text/html"}, owner="")
        event["requestContext"] |= {"path": STAGE, "stage": STAGE.strip("/")}
        answer = app.app(event, None)
        location = answer["headers"]["Location"].replace(f"https://localhost{STAGE}", self.url)
        return Reply(answer["statusCode"], b"", {**answer["headers"], "Location": location})

    def _headers(self, headers: requests.structures.CaseInsensitiveDict[str]) -> dict[str, str]:
        kept = {name: value for name, value in headers.items() if name.lower() not in LEFT_OUT}
        policy = kept.pop("Content-Security-Policy", None)
        found = {name: self._as_own(value) for name, value in kept.items()}
        # A policy names origins, which have no path.
        own = {} if policy is None else {"Content-Security-Policy": policy.replace(self._stack.url, self.server.url)}
        return {**found, **own}

    def _as_own(self, text: str) -> str:
        return text.replace(self._stack.url, self.url)
