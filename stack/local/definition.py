"""What the local engine leaves out when it imports an API's definition.

AWS reads it from the OpenAPI document: the responses of API Gateway itself, and those of mock integrations (the CORS
preflight). Here API Gateway's own calls add it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stack.deploy.rest_api import INTEGRATION, put_gateway_responses


def complete(
    apigateway: Any, api_id: str, stage: str, definition: dict[str, Any], gateway_responses: dict[str, Any]
) -> None:
    """Complete an API of the engine by its definition, and deploy it.

    Parameters
    ----------
    apigateway : API Gateway client
    api_id, stage : str
    definition : dict
        The OpenAPI document that the API was made from.
    gateway_responses : dict
        Those of the definition, with their references resolved.
    """
    put_gateway_responses(apigateway, api_id, gateway_responses)
    _put_mock_responses(apigateway, api_id, definition)
    # A stage keeps the responses of its last deployment.
    apigateway.create_deployment(restApiId=api_id, stageName=stage)


def _put_mock_responses(apigateway: Any, api_id: str, definition: dict[str, Any]) -> None:
    resources = {resource["path"]: resource["id"] for resource in _resources(apigateway, api_id)}
    for path, method, integration in _mocks(definition):
        for pattern, response in integration.get("responses", {}).items():
            apigateway.put_integration_response(
                restApiId=api_id,
                resourceId=resources[path],
                httpMethod=method,
                statusCode=response["statusCode"],
                selectionPattern="" if pattern == "default" else pattern,
                responseParameters=response.get("responseParameters", {}),
            )


def _resources(apigateway: Any, api_id: str) -> Iterator[dict[str, Any]]:
    for page in apigateway.get_paginator("get_resources").paginate(restApiId=api_id):
        yield from page["items"]


def _mocks(definition: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in definition["paths"].items():
        for method, operation in operations.items():
            integration = operation.get(INTEGRATION, {})
            if integration.get("type") == "mock":
                yield path, method.upper(), integration
