"""The metadata by which an OAuth client finds who issues tokens for the server (RFC 9728)."""

from __future__ import annotations

from chalicelib import settings
from chalicelib.api.represent import answer
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.api.routes import MCP_PATH
from chalicelib.api.scopes import READ, WRITE


def read(request: Request) -> Response:
    """The protected resource's metadata, public; the same at the root."""
    parameters(request)
    return answer(
        200,
        {
            "resource": request.base_url + MCP_PATH,
            "authorization_servers": [settings.token_issuer()],
            "scopes_supported": [READ, WRITE],
            "bearer_methods_supported": ["header"],
            "resource_name": "todo-ledger",
        },
    )
