"""Where the server and its metadata are."""

from __future__ import annotations

from typing import Final

from chalicelib.api.routes import MCP_PATH

# RFC 9728, section 3.1: the well-known name comes before the path of the resource. Some clients ask at the root.
WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
METADATA_PATH: Final = f"{WELL_KNOWN}{MCP_PATH}"
