"""What the local engine leaves out when it imports an API's definition, added by the API's own calls.

AWS takes all of it from the OpenAPI document: the gateway's own responses, and what a mock integration (the preflight
of CORS) answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

INTEGRATION = "x-amazon-apigateway-integration"


def complete(
    apigateway: Any, api_id: str, stage: str, definition: dict[str, Any], gateway_responses: dict[str, Any]
) -> None:
    """Bring an API of the engine to what its definition says, and deploy it.

    Parameters
    ----------
    apigateway : API Gateway client
    api_id, stage : str
    definition : dict
        The OpenAPI document that the API was made from.
    gateway_responses : dict
        Those of the definition, their references resolved.
    """
    put_gateway_responses(apigateway, api_id, gateway_responses)
    _put_mock_responses(apigateway, api_id, definition)
    # A stage answers with the responses that its deployment was made with.
    apigateway.create_deployment(restApiId=api_id, stageName=stage)


def put_gateway_responses(apigateway: Any, api_id: str, responses: dict[str, Any]) -> None:
    """Set what the gateway itself answers; it takes effect with the next deployment of the API.

    Parameters
    ----------
    apigateway : API Gateway client
    api_id : str
    responses : dict
        By type, as ``x-amazon-apigateway-gateway-responses`` has them.
    """
    for response_type, response in responses.items():
        status = {"statusCode": str(response["statusCode"])} if "statusCode" in response else {}
        apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=response_type,
            responseParameters=response.get("responseParameters", {}),
            responseTemplates=response.get("responseTemplates", {}),
            **status,
        )


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
