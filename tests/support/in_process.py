"""The app's own handler, called in this process as Lambda calls it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from requests.structures import CaseInsensitiveDict

from chalicelib.todos.ids import Owner
from tests.support import conformance
from tests.support.client import Verbs
from tests.support.gateway import READ_AND_WRITE, api_event


@dataclass
class LambdaAnswer:
    """What the handler gives the gateway, read as a client would read it."""

    status_code: int
    headers: CaseInsensitiveDict[str]
    text: str

    @property
    def ok(self) -> bool:
        return self.status_code < 400

    def json(self) -> Any:
        return json.loads(self.text)


class InProcess(Verbs):
    """One owner whose requests are served here: this process remembers what it wrote, as a warm Lambda does."""

    def __init__(
        self, owner: str, scope: str = READ_AND_WRITE, expires_in: float = 600, client: str | None = None
    ) -> None:
        self.owner = Owner(owner)
        self.client = client
        self.scope = scope
        self.expires_in = expires_in

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, Any]) -> LambdaAnswer:
        import app

        event = api_event(
            method,
            path,
            None if body is None else body.decode(),
            {"accept": "*/*", **headers},
            owner=self.owner,
            scope=self.scope,
            expires_in=self.expires_in,
        )
        if self.client is not None:
            event["requestContext"]["authorizer"]["client"] = self.client
        answer = app.app(event, None)
        found = LambdaAnswer(answer["statusCode"], CaseInsensitiveDict(answer["headers"]), answer["body"])
        conformance.check(method, path, found.status_code, found.headers, found.text)
        return found
