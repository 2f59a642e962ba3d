"""JSON-RPC's errors, as the Model Context Protocol uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
# Of revision 2026-07-28.
HEADER_MISMATCH: Final = -32020
UNSUPPORTED_PROTOCOL_VERSION: Final = -32022


class RpcError(Exception):
    """A request that gets an error of the protocol instead of a result.

    Attributes
    ----------
    status : int, optional
        The HTTP status, if the error has one in every revision.
    """

    def __init__(
        self, code: int, message: str, data: Mapping[str, Any] | None = None, *, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.status = status

    def answer(self, request_id: str | int | None) -> dict[str, Any]:
        """The error as a JSON-RPC message; its id is null if the request's could not be read."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = dict(self.data)
        return {"jsonrpc": "2.0", "id": request_id, "error": error}
