"""The app's own handler, called in this process as Lambda calls it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests.structures import CaseInsensitiveDict

from chalicelib.api import auth
from chalicelib.aws import sqs
from chalicelib.commands import execute
from chalicelib.ledger import model
from tests.support import conformance
from tests.support.client import Verbs
from tests.support.gateway import matching_route


@dataclass
class LambdaAnswer:
    """What the handler gives the gateway, read as a client would read it."""

    status_code: int
    headers: CaseInsensitiveDict[str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


class InProcess(Verbs):
    """One owner whose requests are served here: this process remembers what it wrote, as a warm Lambda does."""

    def __init__(self, owner: str, scope: str = "todos:read todos:write", expires_in: float = 600) -> None:
        self.owner = owner
        self.scope = scope
        self.expires_in = expires_in

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> LambdaAnswer:
        import app

        answer = app.app(self._event(app.app.routes, method, path, body, headers), None)
        found = LambdaAnswer(answer["statusCode"], CaseInsensitiveDict(answer["headers"]), answer["body"])
        conformance.check(method, path, found.status_code, found.headers, found.text)
        return found

    def _event(self, routes: Any, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        """A request as API Gateway hands it to a Lambda (REST API, proxy integration)."""
        url = urlsplit(path)
        route, parameters = matching_route(routes, url.path)
        return {
            "resource": route,
            "path": url.path,
            "httpMethod": method,
            "headers": {"accept": "*/*", **headers},
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "pathParameters": parameters,
            "multiValueQueryStringParameters": parse_qs(url.query, keep_blank_values=True) or None,
            "stageVariables": None,
            "body": body.decode() if body is not None else None,
            "isBase64Encoded": False,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": route,
                "path": f"/local{url.path}",
                "stage": "local",
                "requestId": "in-process",
                "domainName": "localhost",
                "identity": {"sourceIp": "127.0.0.1"},
                "authorizer": {
                    "principalId": self.owner,
                    "scope": self.scope,
                    "exp": str(int(time.time() + self.expires_in)),
                },
            },
        }


def forget_everything() -> None:
    """As a process that has just started: no model bound to a table or a client, no remembered key or event."""
    sqs.sqs.cache_clear()
    auth._keys.cache_clear()
    model.events.cache_clear()
    model.EventItem._connection = None
    forget_todos()


def forget_todos() -> None:
    """A cold Lambda's memory, with its connections kept."""
    execute._latest_events._events.clear()
