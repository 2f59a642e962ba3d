"""The table of the API, row by row: each route's success, and each refusal that it documents, over real HTTP.

What is the same on every route stands elsewhere: 401, 405 and 406 in test_problem_documents, 403 in
test_expiry_and_scopes, 503 in test_refused_by_dynamodb.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from tests.support.client import MERGE_PATCH, NOTHING, Client, problem

TITLE = {"title": "x"}
LONG = {"title": "x", "notes": "x" * 140_000}
NO_EVENT_FITS = {"title": "x", "notes": "\u0001" * 16_384}
UNKNOWN = "0197e1f0-0000-7000-8000-00000000000a"


class Row(NamedTuple):
    """A request and what comes of it; ``{live}``, ``{deleted}`` and so on stand for what the fixture made."""

    status: int
    path: str
    body: object = NOTHING
    headers: Mapping[str, str] = {}


KEYED = {"idempotency_key": "used"}
ANOTHER_KEY = {"idempotency_key": "another"}
STALE = {"if_match": '"9"'}
CURRENT = {"if_match": '"1"'}
NEW = {"if_none_match": "*"}
OPERATIONS = {"content_type": "application/json-patch+json"}
TEXT = {"content_type": "text/plain"}

# The refusals of a row come first, and change nothing for those after them.
TABLE: dict[str, list[Row]] = {
    "GET /todos": [
        Row(400, "/todos?limit=201"), Row(400, "/todos?cursor=x"), Row(400, "/todos?colour=red"), Row(200, "/todos"),
        Row(200, "/todos?completed=false&list=garden&tag=a&priority=none&due_before=2027-01-01&q=x&sort=due&limit=1"),
    ],
    "POST /todos": [
        Row(400, "/todos", {}), Row(413, "/todos", LONG), Row(413, "/todos", NO_EVENT_FITS),
        Row(415, "/todos", TITLE, TEXT), Row(422, "/todos", {"title": "another"}, KEYED),
        Row(201, "/todos", TITLE, KEYED), Row(201, "/todos", TITLE),
    ],
    "GET /todos/{id}": [
        Row(400, "/todos/{live}?version=0"), Row(400, "/todos/{live}?at=soon"), Row(404, "/todos/{unknown}"),
        Row(404, "/todos/{live}?version=2"), Row(404, "/todos/{live}?at=2001-01-01"), Row(410, "/todos/{deleted}"),
        Row(410, "/todos/{deleted}?version=2"), Row(304, "/todos/{live}", NOTHING, {"if_none_match": '"1"'}),
        Row(200, "/todos/{live}"), Row(200, "/todos/{deleted}?version=1"), Row(200, "/todos/{live}?at=2999-01-01"),
    ],
    "PUT /todos/{id}": [
        Row(400, "/todos/{live}", {}, CURRENT), Row(400, "/todos/no-id", TITLE, NEW),
        Row(400, "/todos/{live}", TITLE, CURRENT | NEW), Row(404, "/todos/{unknown}", TITLE, CURRENT),
        Row(410, "/todos/{deleted}", TITLE, STALE), Row(412, "/todos/{live}", TITLE, STALE),
        Row(412, "/todos/{live}", TITLE, NEW), Row(413, "/todos/{live}", LONG, CURRENT),
        Row(413, "/todos/{live}", NO_EVENT_FITS, CURRENT), Row(415, "/todos/{live}", TITLE, CURRENT | TEXT),
        Row(428, "/todos/{live}", TITLE), Row(200, "/todos/{live}", TITLE, CURRENT | KEYED),
        Row(422, "/todos/{live}", {"title": "another"}, CURRENT | KEYED), Row(201, "/todos/{deleted}", TITLE, NEW),
        Row(201, "/todos/{unknown}", TITLE, NEW),
    ],
    "PATCH /todos/{id}": [
        Row(400, "/todos/{live}", {"title": None}), Row(404, "/todos/{unknown}", TITLE),
        Row(410, "/todos/{deleted}", TITLE), Row(412, "/todos/{live}", TITLE, STALE), Row(413, "/todos/{live}", LONG),
        Row(413, "/todos/{live}", NO_EVENT_FITS), Row(415, "/todos/{live}", TITLE, TEXT),
        Row(200, "/todos/{live}", TITLE, CURRENT | KEYED | {"content_type": MERGE_PATCH}),
        Row(422, "/todos/{live}", {"title": "another"}, KEYED), Row(200, "/todos/{live}", {"title": "y"}),
        Row(400, "/todos/{live}", [{"op": "copy", "path": "/due", "from": "/due"}], OPERATIONS),
        Row(409, "/todos/{live}", [{"op": "remove", "path": "/tags/0"}], OPERATIONS),
        Row(200, "/todos/{live}", [{"op": "add", "path": "/tags/-", "value": "a"}], OPERATIONS),
    ],
    "DELETE /todos/{id}": [
        Row(400, "/todos/{live}?colour=red"), Row(404, "/todos/{unknown}"), Row(410, "/todos/{deleted}"),
        Row(412, "/todos/{live}", NOTHING, STALE), Row(204, "/todos/{live}", NOTHING, CURRENT | KEYED),
        Row(204, "/todos/{live}", NOTHING, CURRENT | KEYED), Row(410, "/todos/{live}"),
    ],
    "POST /todos/{id}/restore": [
        Row(400, "/todos/{live}/restore?colour=red"), Row(404, "/todos/{unknown}/restore"),
        Row(412, "/todos/{live}/restore", NOTHING, STALE), Row(200, "/todos/{live}/restore"),
        Row(422, "/todos/{deleted}/restore", NOTHING, KEYED),
        Row(200, "/todos/{deleted}/restore", NOTHING, {"if_match": '"2"'}),
    ],
    "POST /todos/{id}/revert": [
        Row(400, "/todos/{live}/revert", {}), Row(400, "/todos/{live}/revert", {"to_version": 2}),
        Row(400, "/todos/{deleted}/revert", {"to_version": 2}), Row(404, "/todos/{unknown}/revert", {"to_version": 1}),
        Row(412, "/todos/{live}/revert", {"to_version": 1}, STALE), Row(413, "/todos/{live}/revert", LONG),
        Row(415, "/todos/{live}/revert", {"to_version": 1}, TEXT), Row(200, "/todos/{live}/revert", {"to_version": 1}),
        Row(422, "/todos/{deleted}/revert", {"to_version": 1}, KEYED),
        Row(200, "/todos/{deleted}/revert", {"to_version": 1}),
    ],
    "GET /todos/{id}/events": [
        Row(400, "/todos/{live}/events?limit=0"), Row(404, "/todos/{unknown}/events"), Row(200, "/todos/{live}/events"),
        Row(200, "/todos/{deleted}/events"),
    ],
    "GET /lists": [Row(400, "/lists?limit=201"), Row(400, "/lists?cursor=x"), Row(200, "/lists")],
    "PUT /lists/{list}": [
        Row(400, "/lists/%00"), Row(400, "/lists/a?colour=red"), Row(201, "/lists/a"), Row(200, "/lists/a"),
    ],
    "DELETE /lists/{list}": [
        Row(400, "/lists/%00"), Row(404, "/lists/nothing"), Row(204, "/lists/garden"), Row(204, "/lists/garden"),
    ],
    "POST /lists/{list}/rename": [
        Row(400, "/lists/%00/rename", {"to": "b"}), Row(400, "/lists/garden/rename", {}),
        Row(413, "/lists/garden/rename", LONG), Row(415, "/lists/garden/rename", {"to": "b"}, TEXT),
        Row(200, "/lists/nothing/rename", {"to": "b"}, ANOTHER_KEY), Row(200, "/lists/garden/rename", {"to": "b"}),
        Row(422, "/lists/garden/rename", {"to": "b"}, ANOTHER_KEY),
    ],
    "GET /lists/{list}/todos": [
        Row(400, "/lists/%00/todos"), Row(400, "/lists/garden/todos?list=a"), Row(200, "/lists/garden/todos"),
        Row(200, "/lists/nothing/todos"),
    ],
    "POST /lists/{list}/todos": [
        Row(400, "/lists/%00/todos", TITLE), Row(400, "/lists/garden/todos", {"title": "x", "list": "inbox"}),
        Row(413, "/lists/garden/todos", LONG), Row(415, "/lists/garden/todos", TITLE, TEXT),
        Row(422, "/lists/garden/todos", TITLE, KEYED), Row(201, "/lists/garden/todos", TITLE),
    ],
    "DELETE /lists/{list}/todos": [
        Row(400, "/lists/%00/todos"), Row(400, "/lists/garden/todos?colour=red"), Row(204, "/lists/nothing/todos"),
        Row(204, "/lists/garden/todos"),
    ],
    "GET /preferences": [
        Row(400, "/preferences?colour=red"), Row(200, "/preferences"), Row(412, "/preferences", NOTHING, STALE),
    ],
    "PUT /preferences": [
        Row(400, "/preferences", []), Row(412, "/preferences", {"a": 1}, STALE), Row(413, "/preferences", LONG),
        Row(415, "/preferences", {}, TEXT), Row(201, "/preferences", {"a": 1}, NEW), Row(412, "/preferences", {}, NEW),
        Row(412, "/preferences", {}, STALE), Row(200, "/preferences", {"a": 2}, CURRENT),
    ],
    "GET /stats": [Row(400, "/stats?colour=red"), Row(200, "/stats")],
    "POST /webhooks": [
        Row(400, "/webhooks", {}), Row(413, "/webhooks", LONG), Row(415, "/webhooks", {}, TEXT),
        Row(201, "/webhooks", {"url": "http://127.0.0.1:9/a"}, KEYED), Row(409, "/webhooks", {"url": "http://127.0.0.1:9/a"}),
        Row(422, "/webhooks", {"url": "http://127.0.0.1:9/b"}, KEYED),
    ],
    "GET /webhooks": [Row(400, "/webhooks?colour=red"), Row(200, "/webhooks")],
    "GET /webhooks/{id}": [
        Row(400, "/webhooks/{webhook}?colour=red"), Row(404, "/webhooks/{unknown}"), Row(404, "/webhooks/x"),
        Row(200, "/webhooks/{webhook}"),
    ],
    "PATCH /webhooks/{id}": [
        Row(400, "/webhooks/{webhook}?colour=red", {}), Row(400, "/webhooks/{webhook}", {"url": None}),
        Row(404, "/webhooks/{unknown}", {}), Row(404, "/webhooks/x", {}),
        Row(413, "/webhooks/{webhook}", LONG), Row(415, "/webhooks/{webhook}", {}, TEXT),
        Row(200, "/webhooks/{webhook}", {"types": ["TodoCreated"], "enabled": False}),
        Row(200, "/webhooks/{webhook}", {"lists": None}, {"content_type": "application/merge-patch+json"}),
    ],
    "POST /webhooks/{id}/ping": [
        Row(400, "/webhooks/{webhook}/ping?colour=red"), Row(404, "/webhooks/{unknown}/ping"),
        Row(202, "/webhooks/{webhook}/ping"),
    ],
    "POST /webhooks/{id}/rotate": [
        Row(400, "/webhooks/{webhook}/rotate?colour=red"), Row(404, "/webhooks/{unknown}/rotate"),
        Row(200, "/webhooks/{webhook}/rotate"),
    ],
    "GET /webhooks/{id}/deliveries": [
        Row(400, "/webhooks/{webhook}/deliveries?colour=red"), Row(404, "/webhooks/{unknown}/deliveries"),
        Row(200, "/webhooks/{webhook}/deliveries"),
    ],
    "DELETE /webhooks/{id}": [
        Row(400, "/webhooks/{webhook}?colour=red"), Row(404, "/webhooks/{unknown}"), Row(404, "/webhooks/x"),
        Row(204, "/webhooks/{webhook}"), Row(404, "/webhooks/{webhook}"),
    ],
    "GET /health": [Row(400, "/health?colour=red"), Row(200, "/health")],
}  # fmt: skip
# What Python or the service itself would call things: none of it may reach a caller.
INSIDE = ("Traceback", "chalice", "botocore", "pynamodb", "DynamoDB", "dynamodb", "arn:aws", "todo-ledger-local", ".py")


@pytest.fixture
def made(client: Client) -> dict[str, str]:
    """A live todo in version 1 and in a list, a deleted one, a webhook, and a key that was used."""
    live = client.seen.post("/todos", {"title": "x", "list": "garden"}).json()
    deleted = client.post("/todos", TITLE, idempotency_key="used").json()
    client.delete(f"/todos/{deleted['id']}")
    webhook = client.post("/webhooks", {"url": "http://127.0.0.1:9/"}).json()
    return {"live": live["id"], "deleted": deleted["id"], "webhook": webhook["id"], "unknown": UNKNOWN}


@pytest.mark.parametrize("route", TABLE)
def test_each_request_ends_as_the_table_says(client: Client, made: dict[str, str], route: str) -> None:
    method = route.split()[0]

    for row in TABLE[route]:
        answer = client.request(method, row.path.format(**made), row.body, **row.headers)

        assert answer.status_code == row.status, (row, answer.text)
        check(answer, row)


def check(answer: Any, row: Row) -> None:
    """What every answer has, and no answer may have."""
    assert answer.headers["X-Request-Id"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not [name for name in INSIDE if name in answer.text], row
    if row.status >= 400:
        problem(answer, row.status)
    elif row.status in (204, 304):
        assert answer.text == ""
    else:
        assert answer.headers["Content-Type"] == "application/json"
    if row.status == 201:
        assert answer.headers["Location"].startswith("http://")
