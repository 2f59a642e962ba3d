"""The REST API: its definition in the compute stack's template, and the responses of API Gateway itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from chalicelib.mcp.paths import METADATA_PATH

GATEWAY_RESPONSES: Final = "x-amazon-apigateway-gateway-responses"
_CHALLENGE: Final = "gatewayresponse.header.WWW-Authenticate"
INTEGRATION: Final = "x-amazon-apigateway-integration"


def definition_in(template: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document of the REST API in a template of the compute stack."""
    document: dict[str, Any] = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    return document


def other_integrations(template: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The methods that another function serves than the API's: path, method in lower case, the function's resource.

    Parameters
    ----------
    template : dict
        .chalice/compute.yaml, which says so of these alone.
    """
    for path, methods in definition_in(template)["paths"].items():
        for method, described in methods.items():
            found = re.search(r"\$\{(\w+)\.Arn\}", described[INTEGRATION]["uri"]["Fn::Sub"])
            assert found is not None, f"{method} {path} names no function"
            yield path, method, found[1]


def with_metadata_address(responses: dict[str, Any], address: str) -> dict[str, Any]:
    """The responses whose challenges name where the metadata of `/mcp` is (RFC 9728, section 5.1), by its absolute URL.

    API Gateway puts values together in a body, but not in a header. And only its own responses can carry this header:
    it renames a Lambda's.
    """
    found = {}
    for kind, response in responses.items():
        parameters = dict(response.get("responseParameters", {}))
        if _CHALLENGE in parameters:
            metadata = f'resource_metadata="{address}{METADATA_PATH}"'
            parameters[_CHALLENGE] = f"{parameters[_CHALLENGE].removesuffix(chr(39))}, {metadata}'"
        found[kind] = {**response, "responseParameters": parameters}
    return found


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
