"""Input that no honest client sends is refused with the reason, and leaves nothing in ledger or views."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.client import MERGE_PATCH, Client, problem
from tests.support.waiting import PATIENCE_SECONDS

# What Python's own repr would show of the service: none of it may reach a caller.
INSIDE = ("Traceback", "chalice", "botocore", "pynamodb", "DynamoDB", "dynamodb", "arn:aws", "-events", "-views")

BODIES: dict[str, tuple[bytes, int, set[str]]] = {
    "nothing": (b"", 400, set()),
    "no JSON": (b"title=x", 400, set()),
    "half of it": (b'{"title": "x"', 400, set()),
    "more than one value": (b'{"title": "x"} {}', 400, set()),
    "single quotes": (b"{'title': 'x'}", 400, set()),
    "a comment": (b'{"title": "x" /* y */}', 400, set()),
    "null": (b"null", 400, {"#"}),
    "true": (b"true", 400, {"#"}),
    "a number": (b"7", 400, {"#"}),
    "text": (b'"title"', 400, {"#"}),
    "an array": (b'[{"title": "x"}]', 400, {"#"}),
    "a name twice": (b'{"title": "x", "title": "y"}', 400, {"#/title"}),
    "a name twice, once escaped": (b'{"title": "x", "\\u0074itle": "y"}', 400, {"#/title"}),
    "a name twice, deep within": (b'{"title": "x", "metadata": {"a": [{"b": 1, "b": 2}]}}', 400, {"#/metadata/a/0/b"}),
    "NaN": (b'{"title": "x", "order": NaN}', 400, {"#/order"}),
    "Infinity": (b'{"title": "x", "order": Infinity}', 400, {"#/order"}),
    "-Infinity in metadata": (b'{"title": "x", "metadata": {"a": [1, -Infinity]}}', 400, {"#/metadata/a/1"}),
    "1e400": (b'{"title": "x", "order": 1e400}', 400, {"#/order"}),
    "5000 digits": (b'{"title": "x", "order": 1' + b"0" * 5000 + b"}", 400, {"#/order"}),
    "5000 digits after the point": (b'{"title": "x", "order": -1e' + b"9" * 5000 + b"}", 400, {"#/order"}),
    "a number no double holds exactly": (b'{"title": "x", "order": 9007199254740993}', 400, {"#/order"}),
    "300 digits": (b'{"title": "x", "order": 1' + b"0" * 300 + b"}", 400, {"#/order"}),
    "a number instead of everything": (b"1e400", 400, {"#"}),
    "a lone surrogate": (b'{"title": "a\\ud800b"}', 400, {"#/title"}),
    "a lone surrogate in a tag": (b'{"title": "x", "tags": ["a", "\\udfff"]}', 400, {"#/tags/1"}),
    "a lone surrogate in metadata": (b'{"title": "x", "metadata": {"a": ["\\ud800"]}}', 400, {"#/metadata"}),
    "a lone surrogate in a name of metadata": (b'{"title": "x", "metadata": {"\\ud800": 1}}', 400, {"#/metadata"}),
    "a lone surrogate in a name": (b'{"title": "x", "\\ud800": 1}', 400, {"#/%3F"}),
    "NUL": (b'{"title": "a\\u0000b"}', 400, {"#/title"}),
    "NUL in notes": (b'{"title": "x", "notes": "\\u0000"}', 400, {"#/notes"}),
    "NUL in a name": (b'{"title": "x", "a\\u0000b": 1}', 400, {"#/a%00b"}),
    "NUL as it is": (b'{"title": "a\x00b"}', 400, set()),
    "a control character in a list's name": (b'{"title": "x", "list": "a\\u0085b"}', 400, {"#/list"}),
    "a control character in a tag": (b'{"title": "x", "tags": ["a", "a", "\\u001b[31m"]}', 400, {"#/tags/2"}),
    "no UTF-8": (b'{"title": "a\xffb"}', 400, set()),
    "UTF-16": ('{"title": "x"}'.encode("utf-16"), 400, set()),
    "Latin-1": ('{"title": "Café"}'.encode("latin-1"), 400, set()),
    "a surrogate in UTF-8": (b'{"title": "\xed\xa0\x80"}', 400, set()),
    "a byte order mark": (b'\xef\xbb\xbf{"title": "x"}', 400, set()),
    "100,000 brackets": (b"[" * 100_000, 400, set()),
    "50,000 brackets, closed": (b"[" * 50_000 + b"]" * 50_000, 400, set()),
    "20,000 objects": (b"[" + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"]", 400, set()),
    "101 levels": (b'{"title": "x", "metadata": ' + b'{"a":' * 101 + b"1" + b"}" * 102, 400, {"#/metadata"}),
    "129 KB": (b'{"title": "x", "notes": "' + b"x" * 129 * 1024 + b'"}', 413, set()),
    "5 MB": (b'{"title": "' + b"x" * 5_000_000 + b'"}', 413, set()),
}  # fmt: skip

WRONG: dict[str, list[Any]] = {
    "title": [None, 1, True, [], {}, ["x"]],
    "notes": [1, False, [], {}],
    "completed": [0, 1, "true", [], {}],
    "list": [1, True, [], {}],
    "tags": ["a", 1, {}, [1], [None], [["a"]], [{}]],
    "priority": [0, True, [], {}, "HIGH", ""],
    "due": [0, 1795000000, True, [], {}, "", "tomorrow", "2026-13-01", "2026-12-01 10:00:00Z"],
    "remind_at": [0, True, [], {}, "", "2026-12-01T25:00:00Z"],
    "order": ["1", True, [], {}],
    "repeat": [1, True, [], {}, "", "FREQ=NEVER"],
    "parent": [1, True, [], {}, "", "x"],
    "source": [1, True, [], {}, ""],
    "metadata": ["{}", 1, True, [], [{}]],
}
UNREADABLE = "x" * 64 + "\ud800\0"


@pytest.fixture
def unwritten(client: Client) -> Iterator[dict[str, Any]]:
    """A todo that stays as it is, the only one of its owner: whatever the test sends leaves nothing behind."""
    todo = client.created_and_seen("Plant the garlic")
    yield todo
    assert len(client.events(todo["id"])) == 1
    assert client.rows("/todos") == [todo]
    assert client.stats()["total"] == 1


def told(answer: Any, status: int) -> set[str]:
    """Where the answer says that the request is wrong; that it tells nothing of the service's inside is checked."""
    document = problem(answer, status)
    assert not [name for name in INSIDE if name in answer.text], answer.text
    return {error.get("pointer") or error["parameter"] for error in document.get("errors", [])}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_refused_wherever_it_is_sent(client: Client, unwritten: dict[str, Any], name: str) -> None:
    body, status, expected = BODIES[name]
    path = f"/todos/{unwritten['id']}"

    refused = [
        client.post("/todos", body),
        client.put(path, body, if_match='"1"'),
        client.patch(path, body, content_type=MERGE_PATCH),
        client.post("/lists/garden/todos", body),
    ]

    for answer in refused:
        assert told(answer, status) == expected


@pytest.mark.parametrize("name", BODIES)
def test_such_a_body_makes_no_webhook_and_reverts_nothing(client: Client, unwritten: dict[str, Any], name: str) -> None:
    body, status, _ = BODIES[name]

    told(client.post("/webhooks", body), status)
    told(client.post(f"/todos/{unwritten['id']}/revert", body), status)
    assert client.get("/webhooks").json() == []


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"types": ["\ud800"]}, "#/types"), ({"types": ["a\0"]}, "#/types/0"), ({"types": "TodoCreated"}, "#/types"),
        ({"types": []}, "#/types"), ({"types": [1]}, "#/types/0"), ({"lists": ["a", "b\n"]}, "#/lists/1"),
        ({"lists": ["\ud800"]}, "#/lists/0"), ({"lists": {}}, "#/lists"), ({"lists": [None]}, "#/lists/0"),
        ({"url": 1}, "#/url"), ({"url": "\ud800"}, "#/url"), ({"url": "http://127.0.0.1/\0"}, "#/url"),
        ({"url": None}, "#/url"), ({"url": "file:///etc/passwd"}, "#/url"), ({"\ud800": 1}, "#/%3F"),
    ],
)  # fmt: skip
def test_a_wrong_field_of_a_webhook_is_pointed_at(client: Client, fields: dict[str, Any], place: str) -> None:
    refused = client.post("/webhooks", {"url": "http://127.0.0.1:9/", **fields})

    assert told(refused, 400) == {place}
    assert client.get("/webhooks").json() == []


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_type_is_pointed_at_in_each_field(client: Client, unwritten: dict[str, Any], field: str) -> None:
    path = f"/todos/{unwritten['id']}"
    values = [*WRONG[field], *([] if field in ("completed", "order", "metadata", "tags") else [UNREADABLE])]

    for value in values:
        for answer in (
            client.post("/todos", {"title": "x", field: value}),
            client.put(path, {"title": "x", field: value}, if_match='"1"'),
            client.patch(path, {field: value}),
        ):
            places = told(answer, 400)
            assert {place.split("/")[1] for place in places} == {field}, (value, places)


@pytest.mark.parametrize("version", ["1", 1.0, 1.5, True, None, [1], {}, 0, -1, 10**15, 10**30, 10**300])
def test_a_version_to_revert_to_is_a_version(client: Client, unwritten: dict[str, Any], version: object) -> None:
    assert told(client.post(f"/todos/{unwritten['id']}/revert", {"to_version": version}), 400) == {"#/to_version"}


def test_a_name_that_is_not_composed_is_the_composed_one_and_lengths_count_code_points(client: Client) -> None:
    todo = client.create("e\u0301" * 500, list="e\u0301" * 100, tags=["\U0001f331" * 64, "e\u0301" * 64])

    assert (todo["title"], todo["list"]) == ("é" * 500, "é" * 100)
    assert todo["tags"] == ["\U0001f331" * 64, "é" * 64]
    assert told(client.post("/todos", {"title": "\U0001f331" * 501}), 400) == {"#/title"}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("q=%FF", "q"), ("tag=%C3%28", "tag"), ("list=%80", "list"), ("q=%ED%A0%80", "q"), ("q=%00", "q"),
        ("tag=a%00", "tag"), ("list=a%0Ab", "list"), ("list=%00", "list"), ("list=.", "list"),
        ("limit=5&limit=5", "limit"), ("q=a&q=b", "q"), ("limit=1e1", "limit"), ("limit=%D9%A3", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("colour", "colour"), ("Limit=1", "Limit"), ("=x", ""), ("%FF=x", "\ufffd"), ("due_before=%FF", "due_before"),
        ("cursor=%00", "cursor"), ("sort=", "sort"), ("completed=True", "completed"),
    ],
)  # fmt: skip
def test_a_parameter_of_the_query_that_is_wrong_is_named(client: Client, query: str, name: str) -> None:
    refused = ask(client, "GET", f"/todos?{query}")

    assert told(refused, 400) == {name}


@pytest.mark.parametrize("name", ["%FF", "%C3%28", "a%ED%A0%80", "%", "%zz", "a%2", "%E2%82", "%00", "%0A"])
def test_a_list_in_the_path_that_cannot_be_read_is_refused(client: Client, name: str) -> None:
    for method in ("GET", "DELETE"):
        assert told(ask(client, method, f"/lists/{name}/todos"), 400) == {"list_name"}
    body = json.dumps({"title": "x"}).encode()
    assert told(ask(client, "POST", f"/lists/{name}/todos", body), 400) == {"list_name"}
    assert client.stats()["total"] == 0


@pytest.mark.parametrize("todo_id", ["%FF", "%zz", "%", "%ED%A0%80"])
def test_an_id_in_the_path_that_cannot_be_read_is_refused(client: Client, todo_id: str) -> None:
    for method, path in (("GET", ""), ("GET", "/events"), ("DELETE", ""), ("POST", "/restore")):
        assert told(ask(client, method, f"/todos/{todo_id}{path}"), 400) == {"todo_id"}


@pytest.mark.parametrize(
    ("header", "value"),
    [
        *((header, value) for header in ("if_match", "if_none_match") for value in ("", '"', "é", "a b")),
        # A quotation mark is one of the visible characters that these two are made of.
        *((header, value) for header in ("idempotency_key", "x_request_id") for value in ("", "é", "a b")),
    ],
)
def test_a_header_that_makes_no_sense_is_named(
    client: Client, unwritten: dict[str, Any], header: str, value: str
) -> None:
    path = f"/todos/{unwritten['id']}"
    if header == "if_none_match":
        refused = client.get(path, if_none_match=value)
    else:
        refused = client.patch(path, {"title": "x"}, **{header: value})

    told(refused, 400)
    assert header.replace("_", "-") in refused.json()["detail"].lower()


class Raw:
    """An answer to what no HTTP library would send."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status_code = answer.status
        self.headers = answer.headers
        self.text = answer.read().decode()
        self.json: Callable[[], Any] = lambda: json.loads(self.text)


def ask(client: Client, method: str, target: str, body: bytes | None = None) -> Raw:
    """Send the target as it is written: a library would encode or mend it."""
    connection = http.client.HTTPConnection(urlsplit(client.url).netloc, timeout=PATIENCE_SECONDS)
    try:
        headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
        connection.request(method, target, body=body, headers=headers)
        return Raw(connection.getresponse())
    finally:
        connection.close()
