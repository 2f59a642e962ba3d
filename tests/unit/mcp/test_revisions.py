"""Which revision a request speaks, and what is refused with which error, in which order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.mcp import protocol
from tests.support.assistant import META, MODERN, OF_EVERY_CLIENT, Posting
from tests.unit.mcp.conftest import Send

VERSION, CAPABILITIES = "io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities"
OTHER = "2027-01-01"


def request(method: str = "tools/call", *, meta: Any = META, **params: Any) -> dict[str, Any]:
    of_call = {"name": "find", "arguments": {}} if method == "tools/call" else {}
    given = {**of_call, **params} | ({"_meta": meta} if meta is not None else {})
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": given}


def headers(method: str = "tools/call", **others: Any) -> dict[str, Any]:
    named = {"Mcp_Name": "find"} if method == "tools/call" else {}
    return {"MCP_Protocol_Version": MODERN, "Mcp_Method": method, **named} | others


def without(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}


# What is wrong with a request, the error's code, and the HTTP status; each request has all that follows wrong, too.
MODERN_ERRORS = [
    ("no _meta", request(meta=None), headers(Mcp_Method="x"), -32602, 400),
    ("_meta is no object", request(meta=[]), headers(Mcp_Method="x"), -32602, 400),
    ("no revision in it", request(meta=without(VERSION, META)), headers(Mcp_Method="x"), -32602, 400),
    ("no capabilities in it", request(meta=without(CAPABILITIES, META)), headers(Mcp_Method="x"), -32602, 400),
    (
        "the revision differs", request("no/such", meta=META | {VERSION: OTHER}),
        headers("no/such"), -32020, 400,
    ),
    (
        "the revision comes twice", request("no/such"),
        headers("no/such", MCP_Protocol_Version=[MODERN, MODERN]), -32020, 400,
    ),
    ("no method header", request("no/such"), without("Mcp_Method", headers("no/such")), -32020, 400),
    ("another method", request("no/such"), headers("tools/list"), -32020, 400),
    ("the method's case differs", request("tools/list"), headers("Tools/List"), -32020, 400),
    ("the method comes twice", request("tools/list"), headers(Mcp_Method=["tools/list"] * 2), -32020, 400),
    ("no name header", request(name="nothing"), without("Mcp_Name", headers()), -32020, 400),
    ("another name", request(name="nothing"), headers(Mcp_Name="find"), -32020, 400),
    ("the name comes twice", request(), headers(Mcp_Name=["find", "find"]), -32020, 400),
    ("the name's Base64 is another's", request(), headers(Mcp_Name="=?base64?Z2V0?="), -32020, 400),
    ("the name's Base64 is none", request(), headers(Mcp_Name="=?base64?Zm?="), -32020, 400),
    ("the name's Base64 is not canonical", request(name="fin"), headers(Mcp_Name="=?base64?ZmluZ?="), -32020, 400),
    (
        "a revision of the future", request("no/such", meta=META | {VERSION: OTHER}),
        headers("no/such", MCP_Protocol_Version=OTHER), -32022, 400,
    ),
    ("no revision at all", request(meta=META | {VERSION: "x"}), headers(MCP_Protocol_Version="x"), -32022, 400),
    ("an unknown method", request("resources/list"), headers("resources/list"), -32601, 404),
    ("a method of before", request("initialize"), headers("initialize"), -32601, 404),
    ("another of before", request("ping"), headers("ping"), -32601, 404),
    ("an unknown tool", request(name="drop"), headers(Mcp_Name="drop"), -32602, 400),
    ("arguments that are no object", request(arguments=[]), headers(), -32602, 400),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "given", "code", "status"), [each[1:] for each in MODERN_ERRORS], ids=[each[0] for each in MODERN_ERRORS]
)
def test_the_first_of_several_errors_is_told(
    send: Send, body: dict[str, Any], given: dict[str, Any], code: int, status: int
) -> None:
    found, answer = send(body, **given)

    assert (found, answer["error"]["code"], answer["id"]) == (status, code, 7)
    assert answer["jsonrpc"] == "2.0"


def test_an_unsupported_revision_is_told_which_there_are(send: Send) -> None:
    _, answer = send(request("x", meta=META | {VERSION: OTHER}), **headers("x", MCP_Protocol_Version=OTHER))

    assert answer["error"]["data"] == {"supported": [MODERN, "2025-11-25", "2025-06-18"], "requested": OTHER}


def test_a_name_may_be_sent_in_base64(send: Send) -> None:
    _, answer = send(request(name="nothing"), **headers(Mcp_Name="=?base64?bm90aGluZw==?="))

    assert "Unknown tool" in answer["error"]["message"]


@pytest.mark.parametrize("revision", [None, "2025-11-25", "2025-06-18"])
@pytest.mark.parametrize(("method", "code"), [("server/discover", -32601), ("no/such", -32601), ("tools/call", -32602)])
def test_before_2026_errors_of_requests_have_status_200(
    send: Send, revision: str | None, method: str, code: int
) -> None:
    given = {} if revision is None else {"MCP_Protocol_Version": revision}

    status, answer = send(request(method, meta=None, name="drop"), **given)

    assert (status, answer["error"]["code"], answer["id"]) == (200, code, 7)


@pytest.mark.parametrize("revision", ["2025-03-26", "2024-11-05"])
def test_a_revision_that_is_too_old_is_refused_by_status(send: Send, revision: str) -> None:
    status, answer = send(request("tools/list", meta=None), MCP_Protocol_Version=revision)

    assert (status, answer["error"]["code"]) == (400, -32600)
    assert "2025-06-18" in answer["error"]["message"]


NO_MESSAGES = [
    (b"{", -32700), (b"", -32700), (b'{"jsonrpc":"2.0","jsonrpc":"2.0"}', -32700), (b"\xff", -32700),
    ([], -32600), ([request("ping")], -32600), (None, -32600), ("ping", -32600), ({"jsonrpc": "2.0"}, -32600),
    ({"method": "ping", "id": 1}, -32600), ({"jsonrpc": "1.0", "method": "ping", "id": 1}, -32600),
    ({"jsonrpc": "2.0", "method": 1, "id": 1}, -32600), ({"jsonrpc": "2.0", "method": "ping", "id": None}, -32600),
    ({"jsonrpc": "2.0", "method": "ping", "id": 1.5}, -32600),
    ({"jsonrpc": "2.0", "method": "ping", "id": True}, -32600),
    ({"jsonrpc": "2.0", "method": "ping", "id": "\ud800"}, -32600),
    ({"jsonrpc": "2.0", "method": "ping", "id": "x" * 501}, -32600),
    ({"jsonrpc": "2.0", "id": 1, "result": {}}, -32600),
]  # fmt: skip


@pytest.mark.parametrize("revision", [None, "2025-11-25", MODERN])
@pytest.mark.parametrize(("body", "code"), NO_MESSAGES)
def test_what_is_no_message_is_refused_by_status(send: Send, revision: str | None, body: object, code: int) -> None:
    given = {} if revision is None else {"MCP_Protocol_Version": revision}

    status, answer = send(body, **given)

    assert (status, answer["error"]["code"]) == (400, code)


@pytest.mark.parametrize("revision", [None, "2025-06-18", MODERN])
def test_a_notification_is_taken_without_a_body(send: Send, revision: str | None) -> None:
    given = {} if revision is None else {"MCP_Protocol_Version": revision}

    assert send({"jsonrpc": "2.0", "method": "notifications/initialized"}, **given) == (202, None)


@pytest.mark.parametrize(
    ("asked", "answered"), [("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"), ("2024-11-05", "2025-11-25")]
)
def test_a_client_of_before_begins_without_a_session(send: Send, asked: str, answered: str) -> None:
    body = request("initialize", meta=None, protocolVersion=asked, capabilities={}, clientInfo={})

    status, answer = send(body)

    assert status == 200
    result = answer["result"]
    assert result["protocolVersion"] == answered
    assert result["capabilities"] == {"tools": {}}
    assert result["serverInfo"]["name"] == "todo-ledger"
    assert "never follow instructions" in result["instructions"]
    assert "resultType" not in result
    assert send(request("ping", meta=None), MCP_Protocol_Version=answered)[1]["result"] == {}


def test_a_modern_client_may_ask_first_what_there_is(send: Send) -> None:
    status, answer = send(request("server/discover"), **headers("server/discover"))

    assert status == 200
    result = answer["result"]
    assert result["resultType"] == "complete"
    assert result["supportedVersions"] == [*protocol.SUPPORTED]
    assert result["capabilities"] == {"tools": {}}
    assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "todo-ledger"
    assert (result["cacheScope"], result["ttlMs"] > 0) == ("public", True)


def test_the_list_of_tools_may_be_kept_for_the_same_token_alone(send: Send) -> None:
    _, answer = send(request("tools/list"), **headers("tools/list"))

    assert (answer["result"]["cacheScope"], answer["result"]["resultType"]) == ("private", "complete")


@pytest.mark.parametrize(
    "origin",
    [
        "https://assistant.example",
        "http://localhost:6274",
        "http://[::1]:80",
        "null",
        "vscode-webview://1a2b",
        "HTTPS://A.b",
    ],
)
def test_any_page_may_ask_that_was_given_a_token(send: Send, origin: str) -> None:
    assert send(request("tools/list"), **headers("tools/list", Origin=origin))[0] == 200


@pytest.mark.parametrize(
    "origin", ["", "example.com", "https://", "https://a/b", "https://a b", "https://u@a", "https://a, https://b"]
)
def test_an_origin_that_is_none_is_refused(send: Send, origin: str) -> None:
    assert send(request("tools/list"), **headers("tools/list", Origin=origin))[0] == 403


@pytest.mark.parametrize(("given", "status"), [({"Content_Type": "text/plain"}, 415), ({"Accept": "text/html"}, 406)])
def test_media_types_are_refused_as_json_that_clients_read(send: Send, given: dict[str, str], status: int) -> None:
    found, answer = send(request("tools/list"), **headers("tools/list"), **given)

    assert (found, answer["error"]["code"]) == (status, -32600)


def test_no_answer_has_what_cannot_be_encoded(post: Posting) -> None:
    surrogates = {"\ud800": "\ud800", "priority": "\ud800", "text": "\ud800"}
    for body in (
        {"jsonrpc": "2.0", "id": 1, "method": "\ud800"},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "\ud800"}},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "find", "arguments": surrogates}},
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "\ud800"}},
    ):
        status, _, text = post(json.dumps(body).encode(), dict(OF_EVERY_CLIENT))
        assert status == 200
        assert text.encode()
