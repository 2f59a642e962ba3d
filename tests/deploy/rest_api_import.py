"""The engine with two calls that it lacks, ImportRestApi and PutRestApi, so that Chalice's own deployer finds them.

They are served by what the engine does have: a stack with one ``AWS::ApiGateway::RestApi`` whose ``Body`` is the
document that was sent. Everything else goes through unchanged.
"""

from __future__ import annotations

import http.client
import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stack.aws import LocalEndpoint, local_client
from stack.deploy.artifacts import Artifacts
from stack.deploy.cloudformation import Stack
from stack.deploy.rest_api import GATEWAY_RESPONSES, put_gateway_responses
from tests.support.server import Received, Reply, Server
from tests.support.waiting import PATIENCE_SECONDS

# The engine's account.
ACCOUNT = "000000000000"
API = re.compile(r"/restapis/([^/]+)")


@contextmanager
def in_front_of(endpoint: LocalEndpoint) -> Iterator[str]:
    """The address of the engine with both calls."""
    with Server(answering(endpoint)) as server:
        yield server.url


def answering(endpoint: LocalEndpoint) -> Callable[[Received], Reply]:
    engine = urlsplit(endpoint.url)
    cloudformation = local_client("cloudformation", endpoint)
    apigateway = local_client("apigateway", endpoint)
    templates = Artifacts(local_client("s3", endpoint), "imported-rest-apis", ACCOUNT)

    def imported(body: bytes) -> Reply:
        stack = Stack(cloudformation, f"rest-api-{uuid.uuid4().hex}")
        deploy(stack, body)
        api = stack.resources()["Api"]
        stacks[api] = stack
        set_responses(apigateway, api, body)
        return described(201, api)

    def put(api: str, body: bytes) -> Reply:
        deploy(stacks[api], body)
        set_responses(apigateway, api, body)
        return described(200, api)

    def deploy(stack: Stack, body: bytes) -> None:
        change_set = stack.prepare(templates.template(template(body)), {})
        if change_set is not None:
            change_set.execute()

    def described(status: int, api: str) -> Reply:
        name = apigateway.get_rest_api(restApiId=api)["name"]
        return Reply(status, json.dumps({"id": api, "name": name}).encode(), {"Content-Type": "application/json"})

    def pass_on(request: Received) -> Reply:
        connection = http.client.HTTPConnection(str(engine.hostname), engine.port, timeout=PATIENCE_SECONDS)
        headers = request.headers | {"Host": engine.netloc, "Connection": "close"}
        connection.request(request.method, request.target, request.content, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        left = ("transfer-encoding", "content-length", "connection")
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in left}
        return Reply(answer.status, content, kept)

    def answer(request: Received) -> Reply:
        address = urlsplit(request.target)
        api = API.fullmatch(address.path)
        if request.method == "POST" and parse_qs(address.query).get("mode") == ["import"]:
            return imported(request.content)
        if request.method == "PUT" and api:
            return put(api[1], request.content)
        return pass_on(request)

    stacks: dict[str, Stack] = {}
    return answer


def set_responses(apigateway: Any, api: str, body: bytes) -> None:
    """As AWS does, which the engine does not: an import leaves the gateway the responses of its document alone."""
    for response in apigateway.get_gateway_responses(restApiId=api)["items"]:
        if not response.get("defaultResponse"):
            apigateway.delete_gateway_response(restApiId=api, responseType=response["responseType"])
    put_gateway_responses(apigateway, api, json.loads(body).get(GATEWAY_RESPONSES, {}))


def template(body: bytes) -> str:
    document = json.loads(body)
    name = document["info"]["title"]
    api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": name, "Body": document}}
    return json.dumps({"Resources": {"Api": api}})
