"""The REST API of a stage, whichever way it came: found, and its own error responses compared and set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from stack.deploy.deployment import Deployment
from stack.drift.differences import Difference, compare
from stack.local.definition import put_gateway_responses

_WHERE: Final = "API"
_ANSWERS: Final = "gateway responses of the API"


def find(deployment: Deployment) -> str | None:
    """The API's id: what the compute stack made, else what `chalice deploy` did, which names it without its stage."""
    made: str | None = deployment.compute.outputs().get("RestAPIId")
    if made:
        return made
    client = deployment.client("apigateway")
    name = deployment.stage.chalice().app_name
    for page in client.get_paginator("get_rest_apis").paginate():
        for api in page["items"]:
            if api["name"] == name and deployment.stage.api_stage in _stages(client, api["id"]):
                return str(api["id"])
    return None


def differences(deployment: Deployment) -> Iterator[Difference]:
    """What of the API is not what the template says."""
    api = find(deployment)
    if api is None:
        yield Difference(_WHERE, "RestApi", "deployed", None)
        return
    client = deployment.client("apigateway")
    compression = client.get_rest_api(restApiId=api).get("minimumCompressionSize")
    wanted = {"MinimumCompressionSize": deployment.stage.chalice().minimum_compression_size}
    yield from compare(_WHERE, wanted, {"MinimumCompressionSize": compression})
    found = {one["responseType"]: one for one in client.get_gateway_responses(restApiId=api)["items"]}
    for kind, response in deployment.gateway_responses().items():
        here = _described(found.get(kind, {}))
        if "statusCode" not in response:
            # Whoever set none is told of the default.
            here["statusCode"] = None
        yield from compare(_ANSWERS, {kind: _described(response)}, {kind: here})


def settle(deployment: Deployment) -> Iterator[Difference]:
    """Set the gateway's own responses where one differs, and deploy the API with them; yields what differed."""
    found = [one for one in differences(deployment) if one.where == _ANSWERS]
    if found:
        client, api = deployment.client("apigateway"), find(deployment)
        put_gateway_responses(client, str(api), deployment.gateway_responses())
        client.create_deployment(restApiId=api, stageName=deployment.stage.api_stage)
    yield from found


def _described(response: dict[str, Any]) -> dict[str, Any]:
    status = response.get("statusCode")
    kept = {name: response.get(name) or {} for name in ("responseParameters", "responseTemplates")}
    return {"statusCode": str(status) if status else None, **kept}


def _stages(client: Any, api: str) -> list[str]:
    return [stage["stageName"] for stage in client.get_stages(restApiId=api)["item"]]
