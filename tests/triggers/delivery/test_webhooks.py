"""`/webhooks`: subscribing, seeing one's subscriptions, and ending them."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from chalicelib.aws import dynamodb
from chalicelib.webhooks import subscriptions
from tests.triggers.delivery.conftest import aws

Call = Callable[..., dict[str, Any]]
URL = "https://hooks.example/todo"


def body_of(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"]) if answer["body"] else None


def post(call: Call, body: object, **options: Any) -> dict[str, Any]:
    return call("POST", "/webhooks", body, **options)


def delete(call: Call, webhook_id: str, **options: Any) -> int:
    answer = call("DELETE", f"/webhooks/{webhook_id}", route="/webhooks/{webhook_id}", **options)
    return int(answer["statusCode"])


def test_a_webhook_is_made_with_a_secret_that_is_told_once(call: Call) -> None:
    answer = post(call, {"url": URL, "types": ["TodoCompleted"], "lists": ["inbox"]})
    made = body_of(answer)
    assert answer["statusCode"] == 201
    assert answer["headers"]["Location"] == f"https://todo.example/webhooks/{made['id']}"
    assert made["secret"].startswith("whsec_")
    assert 24 <= len(base64.b64decode(made["secret"].removeprefix("whsec_"), validate=True)) <= 64
    (seen,) = body_of(call("GET", "/webhooks"))
    assert seen == {name: value for name, value in made.items() if name != "secret"}
    assert (seen["url"], seen["types"], seen["lists"]) == (URL, ["TodoCompleted"], ["inbox"])
    assert made["secret"] not in call("GET", "/webhooks")["body"]


def test_each_webhook_has_a_secret_of_its_own(call: Call) -> None:
    secrets = {body_of(post(call, {"url": URL}))["secret"] for _ in range(3)}
    assert len(secrets) == 3


@pytest.mark.parametrize("body", [{"url": URL}, {"url": URL, "types": None, "lists": None}])
def test_without_types_and_lists_it_is_for_all(call: Call, body: dict[str, Any]) -> None:
    made = body_of(post(call, body))
    assert (made["types"], made["lists"]) == (None, None)


def test_names_are_kept_once_and_composed(call: Call) -> None:
    made = body_of(post(call, {"url": URL, "types": ["TodoEdited"] * 2, "lists": ["Ka\u0308se", "K\u00e4se"]}))
    assert (made["types"], made["lists"]) == (["TodoEdited"], ["K\u00e4se"])


def test_they_are_listed_oldest_first_and_are_each_owners_own(call: Call) -> None:
    urls = [f"{URL}/{n}" for n in range(5)]
    for url in urls:
        post(call, {"url": url})
    post(call, {"url": URL}, owner="bob")
    assert sorted(each["url"] for each in body_of(call("GET", "/webhooks"))) == urls
    assert [each["created_at"] for each in body_of(call("GET", "/webhooks"))] == sorted(
        each["created_at"] for each in body_of(call("GET", "/webhooks"))
    )
    assert len(body_of(call("GET", "/webhooks", owner="bob"))) == 1
    assert body_of(call("GET", "/webhooks", owner="bo")) == []


def test_a_deleted_webhook_is_gone(call: Call) -> None:
    made = body_of(post(call, {"url": URL}))
    assert delete(call, made["id"]) == 204
    assert body_of(call("GET", "/webhooks")) == []
    assert delete(call, made["id"]) == 404


@pytest.mark.parametrize(
    "webhook_id", ["77fedb31-6d2e-485a-b177-43718f207552", "x", "x" * 2000, "%23", "webhooks"], ids=len
)
def test_an_unknown_webhook_is_not_found(call: Call, webhook_id: str) -> None:
    assert delete(call, webhook_id) == 404


def test_anothers_webhook_is_not_found_and_stays(call: Call) -> None:
    made = body_of(post(call, {"url": URL}))
    assert delete(call, made["id"], owner="bob") == 404
    assert len(body_of(call("GET", "/webhooks"))) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], "#"),
        ("x", "#"),
        ({}, "#/url"),
        ({"url": None}, "#/url"),
        ({"url": 1}, "#/url"),
        ({"url": ""}, "#/url"),
        ({"url": "ftp://hooks.example"}, "#/url"),
        ({"url": "https://user:password@hooks.example"}, "#/url"),
        ({"url": "https://hooks.example/" + "x" * 2000}, "#/url"),
        ({"url": "https://169.254.169.254/"}, "#/url"),
        ({"url": "https://10.0.0.1/"}, "#/url"),
        ({"url": URL, "types": []}, "#/types"),
        ({"url": URL, "types": "TodoCreated"}, "#/types"),
        ({"url": URL, "types": ["TodoCreated", "TodoEaten"]}, "#/types/1"),
        ({"url": URL, "types": [1]}, "#/types/0"),
        ({"url": URL, "lists": []}, "#/lists"),
        ({"url": URL, "lists": ["inbox", ""]}, "#/lists/1"),
        ({"url": URL, "lists": ["a\x00b"]}, "#/lists/0"),
        ({"url": URL, "lists": ["x"] * 51}, "#/lists"),
        ({"url": URL, "list": "inbox"}, "#/list"),
        ({"url": URL, "secret": "whsec_mine"}, "#/secret"),
    ],
)
def test_bad_input_is_refused_with_a_pointer(call: Call, body: object, pointer: str) -> None:
    answer = post(call, body)
    assert answer["statusCode"] == 400
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert [error["pointer"] for error in body_of(answer)["errors"]] == [pointer]
    assert body_of(call("GET", "/webhooks")) == []


def test_every_field_that_is_wrong_is_named(call: Call) -> None:
    errors = body_of(post(call, {"types": [], "lists": 1, "x": 1}))["errors"]
    assert {error["pointer"] for error in errors} == {"#/url", "#/types", "#/lists", "#/x"}


@pytest.mark.parametrize(
    "url", ["http://hooks.example/", "http://127.0.0.1:8080/", "https://localhost/", "https://[::1]/"]
)
def test_in_production_only_https_to_elsewhere_is_taken(call: Call, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.delenv("WEBHOOKS_ALLOW_PRIVATE")
    assert post(call, {"url": url})["statusCode"] == 400


def test_on_a_laptop_this_machine_is_taken_too(call: Call) -> None:
    assert post(call, {"url": "http://127.0.0.1:8080/"})["statusCode"] == 201


def test_an_owner_may_have_twenty(call: Call) -> None:
    made = [body_of(post(call, {"url": URL}))["id"] for _ in range(subscriptions.MAX_WEBHOOKS)]
    answer = post(call, {"url": URL})
    assert answer["statusCode"] == 409
    assert body_of(answer)["type"].endswith("/too-many-webhooks")
    assert "20" in body_of(answer)["detail"]
    assert post(call, {"url": URL}, owner="bob")["statusCode"] == 201
    assert delete(call, made[0]) == 204
    assert delete(call, made[0]) == 404
    assert post(call, {"url": URL})["statusCode"] == 201
    assert post(call, {"url": URL})["statusCode"] == 409


def test_a_repeat_with_its_key_gets_the_same_again(call: Call) -> None:
    headers = {"idempotency-key": "key-1"}
    first = post(call, {"url": URL}, headers=headers)
    assert post(call, {"url": URL}, headers=headers) == first
    assert len(body_of(call("GET", "/webhooks"))) == 1
    assert body_of(post(call, {"url": URL}, headers=headers, owner="bob"))["id"] != body_of(first)["id"]


def test_a_repeat_gets_the_same_again_also_when_there_is_no_room_for_another(call: Call) -> None:
    headers = {"idempotency-key": "key-1"}
    first = post(call, {"url": URL}, headers=headers)
    for _ in range(subscriptions.MAX_WEBHOOKS - 1):
        post(call, {"url": URL})
    assert post(call, {"url": URL}, headers=headers) == first


def test_a_key_for_another_webhook_is_refused(call: Call) -> None:
    headers = {"idempotency-key": "key-1"}
    post(call, {"url": URL}, headers=headers)
    answer = post(call, {"url": URL + "/other"}, headers=headers)
    assert answer["statusCode"] == 422
    assert body_of(answer)["type"].endswith("/idempotency-key-reused")
    assert len(body_of(call("GET", "/webhooks"))) == 1


def test_other_methods_are_answered_with_what_is_allowed(call: Call) -> None:
    answer = call("PUT", "/webhooks", {})
    assert answer["statusCode"] == 405
    assert set(answer["headers"]["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


def test_a_query_that_means_nothing_is_refused(call: Call) -> None:
    assert call("GET", "/webhooks?limit=1")["statusCode"] == 400


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "Query"),
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
    ],
)
def test_a_store_that_does_not_answer_is_a_503(call: Call, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(**_: Any) -> None:
        raise error

    for operation in ("query", "transact_write_items"):
        monkeypatch.setattr(dynamodb.client(), operation, fail)
    for answer in (call("GET", "/webhooks"), post(call, {"url": URL})):
        assert answer["statusCode"] == 503
        assert answer["headers"]["Retry-After"]


def test_a_transaction_that_meets_another_is_tried_again(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    write = dynamodb.client().transact_write_items
    tries: list[int] = []

    def conflict_twice(**request: Any) -> Any:
        tries.append(1)
        if len(tries) <= 2:
            reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
            answer = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise ClientError(answer, "TransactWriteItems")
        return write(**request)

    monkeypatch.setattr(dynamodb.client(), "transact_write_items", conflict_twice)
    assert post(call, {"url": URL})["statusCode"] == 201
    assert len(tries) == 3


def test_a_webhook_that_was_disabled_is_still_seen(call: Call) -> None:
    post(call, {"url": URL})
    (webhook,) = subscriptions.of_owner("alice")
    subscriptions.disable(webhook)
    (seen,) = body_of(call("GET", "/webhooks"))
    assert seen["disabled_at"] is not None
    subscriptions.disable(webhook)
    assert body_of(call("GET", "/webhooks")) == [seen]


def test_a_webhook_that_was_deleted_meanwhile_is_not_brought_back_by_disabling(call: Call) -> None:
    made = body_of(post(call, {"url": URL}))
    (webhook,) = subscriptions.of_owner("alice")
    delete(call, made["id"])
    subscriptions.disable(webhook)
    assert body_of(call("GET", "/webhooks")) == []


def test_owners_are_kept_apart_by_their_encoding(call: Call) -> None:
    for owner in ("a", "a#webhook", "a%23webhook", "#views"):
        post(call, {"url": f"{URL}/{owner.replace('#', '-')}"}, owner=owner)
    found = aws("dynamodb").scan(TableName="settings")["Items"]
    partitions = {item["owner"]["S"] for item in found}
    assert len(partitions) == 4
    assert not any("#" in partition for partition in partitions)


def test_many_at_once_are_no_more_than_twenty(stack: Any) -> None:
    """On the engine: moto has no isolation between threads."""
    import requests

    token = stack.token(f"owner-{uuid.uuid4()}")
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {token}"

    def create(_: int) -> int:
        return session.post(f"{stack.url}/webhooks", json={"url": URL}, timeout=30).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(create, range(24)))
    assert answers.count(201) == 20
    assert answers.count(409) == 4
    assert len(session.get(f"{stack.url}/webhooks", timeout=30).json()) == 20
