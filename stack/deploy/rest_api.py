"""The REST API: its definition in the compute stack's template, and the responses of API Gateway itself."""

from __future__ import annotations

from typing import Any, Final

GATEWAY_RESPONSES: Final = "x-amazon-apigateway-gateway-responses"


def definition_in(template: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document of the REST API in a template of the compute stack."""
    document: dict[str, Any] = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    return document


def put_gateway_responses(apigateway: Any, api_id: str, responses: dict[str, Any]) -> None:
    """Set the responses of API Gateway itself; they take effect with the next deployment of the API.

    Parameters
    ----------
    apigateway : API Gateway client
    api_id : str
    responses : dict
        By type, as ``x-amazon-apigateway-gateway-responses`` has them.
    """
    for response_type, response in responses.items():
        status = {"statusCode": response["statusCode"]} if "statusCode" in response else {}
        apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=response_type,
            responseParameters=response.get("responseParameters", {}),
            responseTemplates=response.get("responseTemplates", {}),
            **status,
        )
