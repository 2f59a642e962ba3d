"""A request's message and the revision of the protocol that it speaks, checked in the order that the revisions give.

A revision is of one of two eras. Before 2026-07-28 a client begins with `initialize`; this server keeps no session, so
that every request stands alone in both eras. Since then each request states its revision in `_meta`, and mirrors parts
of the body in headers, by which gateways route it: a header that differs from the body is refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.mcp.errors import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    UNSUPPORTED_PROTOCOL_VERSION,
    RpcError,
)
from chalicelib.todos import content

MODERN: Final = "2026-07-28"
# The newest first: it is offered to a client that asks for another.
LEGACY: Final = ("2025-11-25", "2025-06-18")
SUPPORTED: Final = (MODERN, *LEGACY)

VERSION_HEADER: Final = "mcp-protocol-version"
METHOD_HEADER: Final = "mcp-method"
NAME_HEADER: Final = "mcp-name"
# What clients send beside what every request has (for CORS).
REQUEST_HEADERS: Final = ("MCP-Protocol-Version", "Mcp-Method", "Mcp-Name")

VERSION_KEY: Final = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY: Final = "io.modelcontextprotocol/clientCapabilities"
SERVER_KEY: Final = "io.modelcontextprotocol/serverInfo"

# Clients count, or send a UUID.
MAX_ID_LENGTH: Final = 500

_DATE: Final = re.compile(r"20\d\d-[01]\d-[0-3]\d")
_SENTINEL: Final = re.compile(r"=\?base64\?(.*)\?=", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Message:
    """A JSON-RPC request, or a notification (without an id).

    Attributes
    ----------
    is_modern : bool
        Whether it speaks 2026-07-28.
    """

    method: str
    params: Mapping[str, Any]
    id: str | int | None
    is_modern: bool

    @property
    def is_notification(self) -> bool:
        """Whether nobody waits for a result."""
        return self.id is None


def is_modern(headers: Mapping[str, str]) -> bool:
    """Whether a request is not of an era before 2026-07-28, whose first requests have no header of a revision."""
    version = headers.get(VERSION_HEADER)
    return version is not None and not (_DATE.fullmatch(version) and version < MODERN)


def read(body: object, headers: Mapping[str, str]) -> Message:
    """The message of a request.

    Parameters
    ----------
    headers : mapping
        By their names in lower case; several lines of one are joined by commas.

    Raises
    ------
    RpcError
        The body is not one message (-32600), or `check` does.
    """
    modern = is_modern(headers)
    if isinstance(body, list):
        raise RpcError(INVALID_REQUEST, "Send one message in each request: batches are not supported.", status=400)
    if not isinstance(body, dict) or body.get("jsonrpc") != "2.0" or not isinstance(body.get("method"), str):
        raise RpcError(INVALID_REQUEST, "The body is not a JSON-RPC 2.0 request or notification.", status=400)
    if "id" in body and not _is_id(body["id"]):
        raise RpcError(INVALID_REQUEST, "The id of a request is a short string or an integer.", status=400)
    params = body.get("params", {})
    if not isinstance(params, dict):
        raise RpcError(INVALID_PARAMS, "params must be an object.")
    return Message(body["method"], params, body.get("id"), modern)


def id_of(body: object) -> str | int | None:
    """The id of a request that may be malformed; None if it has none that can be given back."""
    found = body.get("id") if isinstance(body, dict) else None
    return found if _is_id(found) else None


def check(message: Message, headers: Mapping[str, str]) -> None:
    """What a request must say about its revision.

    Raises
    ------
    RpcError
        -32602 if `_meta` lacks the revision or the client's capabilities; -32020 if a header is missing or differs
        from the body; -32022 if this server does not speak the revision; the first of these. A revision of an era
        before, but older than those it speaks, -32600.
    """
    if not message.is_modern:
        version = headers.get(VERSION_HEADER, LEGACY[0])
        if version not in LEGACY:
            detail = f"Unsupported protocol version {version}; supported: {', '.join(SUPPORTED)}."
            raise RpcError(INVALID_REQUEST, detail, status=400)
        return
    meta = message.params.get("_meta")
    keys = (VERSION_KEY, CAPABILITIES_KEY)
    missing = [key for key in keys if key not in meta] if isinstance(meta, dict) else [*keys]
    if missing:
        raise RpcError(INVALID_PARAMS, f"params._meta lacks {' and '.join(missing)}.")
    assert isinstance(meta, dict)
    _check_header(headers, VERSION_HEADER, "params._meta", meta[VERSION_KEY])
    _check_header(headers, METHOD_HEADER, "method", message.method)
    if message.method == "tools/call":
        _check_header(headers, NAME_HEADER, "params.name", message.params.get("name"))
    if meta[VERSION_KEY] != MODERN:
        data = {"supported": [*SUPPORTED], "requested": meta[VERSION_KEY]}
        raise RpcError(UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version", data)


def _check_header(headers: Mapping[str, str], name: str, where: str, expected: object) -> None:
    given = headers.get(name)
    if name == NAME_HEADER and given is not None:
        given = decode(given)
    # A header that comes twice differs, too: its lines are joined.
    if given is None or given != expected:
        raise RpcError(HEADER_MISMATCH, f"Header mismatch: {name} is missing, malformed or differs from {where}.")


def decode(value: str) -> str | None:
    """A header's value, decoded if it has the form ``=?base64?…?=``; None if it is malformed."""
    found = _SENTINEL.fullmatch(value)
    if found is None:
        return value
    try:
        decoded = base64.b64decode(found[1], validate=True)
        # Of the several texts that decode to the same bytes, clients send one.
        is_canonical = base64.b64encode(decoded).decode() == found[1]
        return decoded.decode() if is_canonical else None
    except (binascii.Error, ValueError):
        return None


def _is_id(value: object) -> bool:
    """Whether a value may be an id: it is given back, and so must be text that can be encoded."""
    if isinstance(value, str):
        return len(value) <= MAX_ID_LENGTH and content.is_unicode(value)
    return isinstance(value, int) and not isinstance(value, bool)
