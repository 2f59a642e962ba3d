"""Every key that the service builds is one that DynamoDB takes, at the extremes of what it accepts from callers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from moto import mock_aws

from chalicelib.api import waits
from chalicelib.settings import BOTOCORE
from chalicelib.todos import content, ids
from chalicelib.todos.fields import MAX_ORDER
from chalicelib.webhooks import delivery_log
from tests.support.alone import Alone, of_engine
from tests.support.client import NOTHING, next_path
from tests.support.dynamodb_rules import MAX_KEY_BYTES, Refused, check, key_roles, keys_in
from tests.support.faults import Call, calls_watched
from tests.support.in_process import InProcess
from tests.support.reset import become, forget_everything

# Of four bytes of UTF-8, each of which takes three in a key; of one that takes three; and of one that stays as it is.
CHARACTERS = ["😀", "/", "a"]
KEY_LENGTH = 255
OPERATION = "%" * 64
LATEST = "9999-12-30T23:59:59.999999999+23:59"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, set[str]]]:
    """The values of each attribute of a key that goes to DynamoDB, in moto, which deploys the service's own tables."""
    found: defaultdict[str, set[str]] = defaultdict(set)

    def note(operation: str, request: Mapping[str, Any], call: Call) -> Any:
        for name, value in keys_in(request):
            found[name] |= {str(text) for text in value.values()}
        return call(request)

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    # Moto is found in botocore alone.
    become(
        monkeypatch,
        {"AWS_DEFAULT_REGION": "us-east-1", "WEBHOOKS_ALLOW_PRIVATE": "1", "TODO_LEDGER_CLIENT": BOTOCORE},
    )
    with mock_aws(), calls_watched(note):
        forget_everything()
        of_engine.cache_clear()
        yield found
    of_engine.cache_clear()
    forget_everything()


@pytest.fixture
def alone(keys: object, monkeypatch: pytest.MonkeyPatch) -> Alone:
    made = Alone.made()
    become(monkeypatch, made.environment)
    monkeypatch.setenv("DELIVER_QUEUE_URL", of_engine("sqs").create_queue(QueueName="deliver")["QueueUrl"])
    return made


def longest(character: str, accepted: Any) -> str:
    """The longest text of one character that is accepted."""
    text = character
    while accepted(text + character):
        text += character
    return text


def longest_list(character: str, last: str = "") -> str:
    return longest(character, lambda name: content.list_name_error(name + last) is None) + last


def ok(answer: Any) -> Any:
    assert answer.ok, answer.text
    return answer


def follow(api: InProcess, path: str) -> None:
    """Every page, so that each position becomes a key's beginning."""
    while path:
        path = next_path(ok(api.get(path)))


def use_everything(alone: Alone, owner: str, list_name: str, other_list: str) -> None:
    """Every route that has a part in a key, with the longest of what it accepts."""
    api = alone.api(owner)
    keys = (str(number).rjust(KEY_LENGTH, "~") for number in count())
    fields = {
        "title": list_name[:1] * 500, "list": list_name, "order": -MAX_ORDER + 0.5, "due": LATEST, "remind_at": LATEST,
        "time_zone": "America/Argentina/ComodRivadavia",
    }  # fmt: skip
    created = ok(api.post("/todos", fields, idempotency_key=next(keys))).json()
    ok(api.post("/todos", fields | {"due": "0001-01-02", "remind_at": "0001-01-02"}))
    ok(api.patch(f"/todos/{created['id']}", {"title": "x"}, idempotency_key=next(keys), operation_id=OPERATION))
    ok(api.post("/batch", {"commands": [{"op": "create", "body": fields, "key": next(keys)}]}))
    batch = {"commands": [{"op": "create", "body": fields}]}
    ok(api.post("/batch", batch, idempotency_key=next(keys), operation_id=OPERATION))
    follow(api, f"/operations/{quote(OPERATION)}?limit=1")
    ok(api.get(f"/todos/{created['id']}?at={quote(LATEST)}"))
    follow(api, f"/todos/{created['id']}/events?limit=1")
    assert len(alone.events(created["id"], owner)) == 2
    alone.project()
    alone.remind()
    in_list = f"/lists/{quote(list_name, safe='')}"
    ok(api.put(in_list))
    for path in ("/todos", f"/todos?list={quote(list_name)}", f"{in_list}/todos", "/lists", "/export"):
        follow(api, f"{path}{'&' if '?' in path else '?'}limit=1")
    for sort in ("due", "created"):
        follow(api, f"/todos?sort={sort}&limit=1")
    for bound in ("due_before", "due_after", "due_from", "due_until"):
        for instant in (LATEST, "0001-01-02", "9999-12-30"):
            follow(api, f"/todos?sort=due&limit=1&{bound}={quote(instant)}")
    cursor = ok(api.get("/changes?limit=1")).json()["cursor"]
    ok(api.get(f"/changes?limit=1&since={cursor}"))
    ok(api.get("/stats"))
    with waits.one_more(api.owner, 1):
        pass
    webhook = ok(
        api.post("/webhooks", {"url": "http://127.0.0.1:9/".ljust(2000, "a")}, idempotency_key=next(keys))
    ).json()
    ok(api.post(f"/webhooks/{webhook['id']}/rotate"))
    entry = delivery_log.Entry(webhook["id"], "TodoCreated", LATEST, delivery_log.DELIVERED, 200, 1, None)
    delivery_log.write([(ids.partition_of(api.owner), webhook["id"], entry)])
    ok(api.get(f"/webhooks/{webhook['id']}/deliveries"))
    ok(api.post(f"/webhooks/{webhook['id']}/ping"))
    ok(api.delete(f"/webhooks/{webhook['id']}"))
    ok(api.post("/feeds", {"name": "x", "lists": [list_name]}, idempotency_key=next(keys)))
    ok(api.post(f"{in_list}/rename", {"to": other_list}, idempotency_key=next(keys)))
    alone.project()
    ok(api.delete(f"/lists/{quote(other_list, safe='')}/todos", idempotency_key=next(keys)))
    ok(api.delete(f"/lists/{quote(other_list, safe='')}"))
    alone.project()


@pytest.mark.slow
@pytest.mark.parametrize("character", CHARACTERS)
def test_the_longest_that_is_accepted_makes_keys_that_dynamodb_takes(
    character: str, alone: Alone, keys: Mapping[str, set[str]]
) -> None:
    owner = longest(character, lambda text: ids.owner_error(text) is None)
    use_everything(alone, owner, longest_list(character), longest_list(character, "b"))
    roles = key_roles()
    # All but the table of deliveries, whose keys are hashes.
    assert set(keys) == set(roles) - {"id"}
    for name, role in roles.items():
        for value in keys[name]:
            assert 1 <= len(value.encode()) <= MAX_KEY_BYTES[role], (name, value)
    assert any(value.startswith(quote(owner, safe="") + "#") for value in keys["stream_id"])
    assert any(quote(longest_list(character), safe="") in value for value in keys["by_list"])
    assert any(value.endswith(f"#{quote(OPERATION)}#0") for value in keys["operation"])
    assert max(map(len, keys["idempotency_key"])) == KEY_LENGTH


TAKE_ANY_NAME = {
    "/todos/{name}": ("GET", "PATCH", "DELETE"),
    "/todos/{name}/events": ("GET",),
    "/todos/{name}/restore": ("POST",),
    "/todos/{name}/revert": ("POST",),
    "/todos?cursor={name}": ("GET",),
    "/todos?list={name}": ("GET",),
    "/changes?since={name}": ("GET",),
    "/operations/{name}": ("GET",),
    "/operations/a?cursor={name}": ("GET",),
    "/lists?cursor={name}": ("GET",),
    "/lists/{name}": ("PUT", "DELETE"),
    "/lists/{name}/rename": ("POST",),
    "/lists/{name}/todos": ("GET", "POST", "DELETE"),
    "/webhooks/{name}": ("GET", "PATCH", "DELETE"),
    "/webhooks/{name}/ping": ("POST",),
    "/webhooks/{name}/rotate": ("POST",),
    "/webhooks/{name}/deliveries": ("GET",),
    "/feeds/{name}": ("DELETE",),
    "/todos.ics?token={name}": ("GET",),
}


@pytest.mark.parametrize("character", CHARACTERS)
def test_what_is_longer_than_a_key_never_becomes_one(character: str, alone: Alone) -> None:
    """The rules of every test (`dynamodb_rules`) would turn it into an error of the server."""
    bodies = {"POST": {"title": "x", "to": "y", "to_version": 1}, "PATCH": {}}
    for path, methods in TAKE_ANY_NAME.items():
        sent = path.format(name=quote(character * 2049, safe=""))
        for method in methods:
            answer = alone.api().request(method, sent, bodies.get(method, NOTHING))
            assert 400 <= answer.status_code < 500, (method, path, answer.text)


@pytest.mark.parametrize("size", [0, KEY_LENGTH + 1, 2049])
def test_another_idempotency_key_is_refused(size: int, alone: Alone) -> None:
    assert alone.api().post("/todos", {"title": "x"}, idempotency_key="~" * size).status_code == 400


KEY = {"owner": {"S": "o"}, "sk": {"S": "s"}}


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"Key": {**KEY, "owner": {"S": "é" * 1025}}}, "owner has 2050"),
        ({"Item": {**KEY, "by_list": {"S": "x" * 1025}}}, "by_list has 1025"),
        ({"Item": {**KEY, "by_list": {"S": ""}}}, "by_list has 0"),
        ({"RequestItems": {"t": {"Keys": [KEY, {**KEY, "sk": {"S": "x" * 1025}}]}}}, "sk has 1025"),
        ({"TransactItems": [{"Delete": {"Key": {**KEY, "sk": {"S": "x" * 1025}}}}]}, "sk has 1025"),
        ({"ExclusiveStartKey": {"stream_id": {"S": "x" * 2049}}}, "stream_id has 2049"),
        (
            {
                "KeyConditionExpression": "#o = :o AND sk BETWEEN :low AND :high",
                "ExpressionAttributeNames": {"#o": "owner"},
                "ExpressionAttributeValues": {":o": {"S": "o"}, ":low": {"S": "a"}, ":high": {"S": "x" * 1025}},
            },
            "sk has 1025",
        ),
        (
            {
                "KeyConditionExpression": "#o = :o AND begins_with(sk, :prefix)",
                "ExpressionAttributeNames": {"#o": "owner"},
                "ExpressionAttributeValues": {":o": {"S": "x" * 2049}, ":prefix": {"S": "a"}},
            },
            "owner has 2049",
        ),
    ],
)  # fmt: skip
def test_a_key_that_is_too_long_is_refused_in_every_test(request_: dict[str, Any], error: str) -> None:
    with pytest.raises(Refused, match=re.escape(error)):
        check(request_)
