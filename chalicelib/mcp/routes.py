"""The routes of the server; a function of its own serves them, behind the same gateway as the API's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.api.route import Route
from chalicelib.api.routes import MCP_PATH
from chalicelib.api.scopes import READ
from chalicelib.mcp.paths import METADATA_PATH, WELL_KNOWN

if TYPE_CHECKING:
    # The authorizer reads the table, too, and needs nothing of a request.
    from chalicelib.api.request import Handler


def _metadata() -> Handler:
    from chalicelib.mcp import metadata

    return metadata.read


def _server() -> Handler:
    from chalicelib.mcp import server

    return server.handle


# A tool that writes takes the other scope, too: a token that lacks it can still read.
ROUTES: Final = (
    Route("POST", MCP_PATH, _server, READ),
    Route("GET", WELL_KNOWN, _metadata, None),
    Route("GET", METADATA_PATH, _metadata, None),
)
