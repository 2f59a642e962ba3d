"""The REST API of a stage: its compression, its throttling, and the responses of API Gateway itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from stack.deploy.deployment import Deployment
from stack.deploy.functions import deployed_api
from stack.deploy.rest_api import put_gateway_responses
from stack.drift.differences import Difference, Properties, Settings

# The key of a stage's settings for every method of every path.
_ALL_METHODS: Final = "*/*"


def settings(deployment: Deployment) -> Iterator[Settings]:
    """The API's compression, which a deployment sets, and the gateway's own responses by their types."""
    api = deployed_api(deployment)
    if api is None:
        yield Settings("API", {"RestApi": "deployed"}, {})
        return
    client = deployment.client("apigateway")
    compression = {"MinimumCompressionSize": deployment.stage.chalice().minimum_compression_size}
    found = client.get_rest_api(restApiId=api).get("minimumCompressionSize")
    yield Settings("API", compression, {"MinimumCompressionSize": found})
    stage = client.get_stage(restApiId=api, stageName=deployment.stage.api_stage)
    throttling, methods = deployment.throttling(), stage.get("methodSettings", {}).get(_ALL_METHODS, {})
    yield Settings(
        "throttling of the API",
        throttling,
        {name: methods.get(name) for name in throttling},
        partial(_throttle, deployment, api),
    )
    wanted = deployment.gateway_responses()
    responses = {one["responseType"]: one for one in client.get_gateway_responses(restApiId=api)["items"]}
    yield Settings(
        "gateway responses of the API",
        {kind: _described(response) for kind, response in wanted.items()},
        {kind: _found(responses.get(kind, {}), response) for kind, response in wanted.items()},
        partial(_put, deployment, api),
    )


def _throttle(deployment: Deployment, api: str, _: list[Difference]) -> None:
    wanted = deployment.throttling()
    changes = {"rateLimit": wanted["throttlingRateLimit"], "burstLimit": int(wanted["throttlingBurstLimit"])}
    deployment.client("apigateway").update_stage(
        restApiId=api,
        stageName=deployment.stage.api_stage,
        patchOperations=[
            {"op": "replace", "path": f"/{_ALL_METHODS}/throttling/{name}", "value": str(value)}
            for name, value in changes.items()
        ],
    )


def _put(deployment: Deployment, api: str, differences: list[Difference]) -> None:
    """Set all responses, and deploy the API: its stage keeps the responses of its last deployment."""
    client = deployment.client("apigateway")
    put_gateway_responses(client, api, deployment.gateway_responses())
    client.create_deployment(restApiId=api, stageName=deployment.stage.api_stage)


def _found(response: Properties, wanted: Properties) -> Properties:
    # Where none is set, API Gateway returns the default.
    return _described(response) | ({} if "statusCode" in wanted else {"statusCode": None})


def _described(response: Properties) -> Properties:
    kept = {name: response.get(name) or {} for name in ("responseParameters", "responseTemplates")}
    return {"statusCode": response.get("statusCode"), **kept}
