"""The engine with two calls that it lacks, ImportRestApi and PutRestApi, so that Chalice's own deployer finds them.

They are served by what the engine does have: a stack with one ``AWS::ApiGateway::RestApi`` whose ``Body`` is the
document that was sent. Everything else goes through unchanged.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stack.aws import local_client
from stack.deploy.artifacts import Artifacts
from stack.deploy.cloudformation import Stack

API = re.compile(r"/restapis/([^/]+)")


@contextmanager
def in_front_of(engine_url: str) -> Iterator[str]:
    """The address of the engine with both calls."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(engine_url))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def handler(engine_url: str) -> type[BaseHTTPRequestHandler]:
    engine = urlsplit(engine_url)
    cloudformation = local_client("cloudformation", engine_url)
    apigateway = local_client("apigateway", engine_url)
    templates = Artifacts(local_client("s3", engine_url), "imported-rest-apis")

    def imported(body: bytes) -> tuple[int, Any]:
        stack = Stack(cloudformation, f"rest-api-{uuid.uuid4().hex}")
        deploy(stack, body)
        api = stack.resources()["Api"]
        stacks[api] = stack
        return 201, told(api)

    def put(api: str, body: bytes) -> tuple[int, Any]:
        deploy(stacks[api], body)
        return 200, told(api)

    def deploy(stack: Stack, body: bytes) -> None:
        change_set = stack.prepare(templates.upload_template(template(body)), {})
        if change_set is not None:
            change_set.execute()

    def told(api: str) -> Any:
        answer = apigateway.get_rest_api(restApiId=api)
        return {"id": api, "name": answer["name"]}

    stacks: dict[str, Stack] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            address = urlsplit(self.path)
            api = API.fullmatch(address.path)
            if self.command == "POST" and parse_qs(address.query).get("mode") == ["import"]:
                self.answer(*imported(body))
            elif self.command == "PUT" and api:
                self.answer(*put(api[1], body))
            else:
                self.pass_on(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_one  # noqa: N815

        def answer(self, status: int, content: Any) -> None:
            self.respond(status, [("Content-Type", "application/json")], json.dumps(content).encode())

        def pass_on(self, body: bytes) -> None:
            connection = http.client.HTTPConnection(str(engine.hostname), engine.port, timeout=120)
            headers = dict(self.headers.items()) | {"Connection": "close"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            left = ("transfer-encoding", "content-length", "connection")
            self.respond(answer.status, [pair for pair in answer.getheaders() if pair[0].lower() not in left], content)

        def respond(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def template(body: bytes) -> str:
    document = json.loads(body)
    name = document["info"]["title"]
    api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": name, "Body": document}}
    return json.dumps({"Resources": {"Api": api}})
