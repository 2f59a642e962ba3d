"""`/webhooks`: subscribing, seeing one's subscriptions, and ending them."""

from __future__ import annotations

import base64
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.aws import dynamodb
from chalicelib.aws.errors import Refusal, TimedOut
from chalicelib.todos.ids import Owner, Partition
from chalicelib.webhooks import health, subscriptions, url_claims
from chalicelib.webhooks.webhook import GONE, MAX_WEBHOOKS, Webhook
from tests.support.client import Client
from tests.support.in_process import InProcess
from tests.triggers.delivery.conftest import aws

URL = "https://hooks.example/todo"


def another_url() -> str:
    return f"{URL}/{uuid.uuid4()}"


def create(api: InProcess, **fields: Any) -> dict[str, Any]:
    """A webhook of these fields, at a URL of its own, as the API answers it."""
    created = api.post("/webhooks", {"url": another_url(), **fields})
    assert created.status_code == 201, created.text
    webhook: dict[str, Any] = created.json()
    return webhook


def listed(api: InProcess) -> list[dict[str, Any]]:
    webhooks: list[dict[str, Any]] = api.get("/webhooks").json()
    return webhooks


def delete(api: InProcess, webhook_id: str) -> int:
    return int(api.delete(f"/webhooks/{webhook_id}").status_code)


def test_a_webhook_is_made_with_a_secret_that_is_told_once(here: InProcess) -> None:
    answer = here.post("/webhooks", {"url": URL, "types": ["TodoCompleted"], "lists": ["inbox"]})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"https://todo.example/webhooks/{made['id']}"
    assert made["secret"].startswith("whsec_")
    assert 24 <= len(base64.b64decode(made["secret"].removeprefix("whsec_"), validate=True)) <= 64
    (seen,) = listed(here)
    assert seen == {name: value for name, value in made.items() if name != "secret"}
    assert (seen["url"], seen["types"], seen["lists"]) == (URL, ["TodoCompleted"], ["inbox"])
    assert made["secret"] not in here.get("/webhooks").text


def test_each_webhook_has_a_secret_of_its_own(here: InProcess) -> None:
    secrets = {create(here)["secret"] for _ in range(3)}
    assert len(secrets) == 3


@pytest.mark.parametrize("body", [{"url": URL}, {"url": URL, "types": None, "lists": None}])
def test_without_types_and_lists_it_is_for_all(here: InProcess, body: dict[str, Any]) -> None:
    made = here.post("/webhooks", body).json()
    assert (made["types"], made["lists"]) == (None, None)


def test_names_are_kept_once_and_composed(here: InProcess) -> None:
    made = create(here, types=["TodoEdited"] * 2, lists=["Ka\u0308se", "K\u00e4se"])
    assert (made["types"], made["lists"]) == (["TodoEdited"], ["K\u00e4se"])


def test_they_are_listed_oldest_first_and_are_each_owners_own(here: InProcess) -> None:
    urls = [f"{URL}/{n}" for n in range(5)]
    for url in urls:
        create(here, url=url)
    create(InProcess("bob"))
    assert sorted(each["url"] for each in listed(here)) == urls
    assert [each["created_at"] for each in listed(here)] == sorted(each["created_at"] for each in listed(here))
    assert len(listed(InProcess("bob"))) == 1
    assert listed(InProcess("bo")) == []


def test_a_deleted_webhook_is_gone(here: InProcess) -> None:
    made = create(here)
    assert delete(here, made["id"]) == 204
    assert listed(here) == []
    assert delete(here, made["id"]) == 404


@pytest.mark.parametrize(
    "webhook_id", ["77fedb31-6d2e-485a-b177-43718f207552", "x", "x" * 2000, "%23", "webhooks"], ids=len
)
def test_an_unknown_webhook_is_not_found(here: InProcess, webhook_id: str) -> None:
    assert delete(here, webhook_id) == 404


def test_anothers_webhook_is_not_found_and_stays(here: InProcess) -> None:
    made = create(here)
    assert delete(InProcess("bob"), made["id"]) == 404
    assert len(listed(here)) == 1


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
def test_bad_input_is_refused_with_a_pointer(here: InProcess, body: object, pointer: str) -> None:
    answer = here.post("/webhooks", body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert listed(here) == []


def test_every_field_that_is_wrong_is_named(here: InProcess) -> None:
    errors = here.post("/webhooks", {"types": [], "lists": 1, "x": 1}).json()["errors"]
    assert {error["pointer"] for error in errors} == {"#/url", "#/types", "#/lists", "#/x"}


@pytest.mark.parametrize(
    "url", ["http://hooks.example/", "http://127.0.0.1:8080/", "https://localhost/", "https://[::1]/"]
)
def test_in_production_only_https_to_elsewhere_is_taken(
    here: InProcess, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.delenv("WEBHOOKS_ALLOW_PRIVATE")
    assert here.post("/webhooks", {"url": url}).status_code == 400


def test_on_a_laptop_this_machine_is_taken_too(here: InProcess) -> None:
    assert here.post("/webhooks", {"url": "http://127.0.0.1:8080/"}).status_code == 201


def test_an_owner_may_have_twenty(here: InProcess) -> None:
    made = [create(here)["id"] for _ in range(MAX_WEBHOOKS)]
    answer = here.post("/webhooks", {"url": another_url()})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/too-many-webhooks")
    assert "20" in answer.json()["detail"]
    assert create(InProcess("bob"))
    assert delete(here, made[0]) == 204
    assert delete(here, made[0]) == 404
    assert create(here)
    assert here.post("/webhooks", {"url": another_url()}).status_code == 409


def test_a_url_has_one_webhook_of_an_owner_and_the_refusal_names_it(here: InProcess) -> None:
    made = create(here, url="https://hooks.example/a")
    for spelling in ("https://hooks.example/a", "https://HOOKS.example:443/a", "https://hooks.example./a"):
        answer = here.post("/webhooks", {"url": spelling, "types": ["TodoCreated"]}, idempotency_key=spelling)
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("/webhook-exists")
        assert answer.json()["webhook"] == made["id"]
    assert create(here, url="https://hooks.example/a?b")
    assert create(InProcess("bob"), url="https://hooks.example/a")
    assert delete(here, made["id"]) == 204
    assert create(here, url="https://hooks.example/a")


def test_a_url_of_a_webhook_that_was_stored_without_a_claim_is_taken_all_the_same(here: InProcess) -> None:
    made = create(here, url="https://hooks.example/a")
    for item in aws("dynamodb").scan(TableName="settings")["Items"]:
        if item["sk"]["S"].startswith("webhook-url#"):
            aws("dynamodb").delete_item(TableName="settings", Key={"owner": item["owner"], "sk": item["sk"]})
    answer = here.post("/webhooks", {"url": "https://hooks.example/a"})
    assert (answer.status_code, answer.json()["webhook"]) == (409, made["id"])
    assert delete(here, made["id"]) == 204
    assert create(here, url="https://hooks.example/a")


def test_of_two_at_once_one_gets_the_url(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other looked when the URL was still free."""
    made = create(here, url="https://hooks.example/a")
    monkeypatch.setattr(url_claims, "check_free", lambda *_: None)
    answer = here.post("/webhooks", {"url": "https://hooks.example/a"})
    assert (answer.status_code, answer.json()["webhook"]) == (409, made["id"])
    assert len(listed(here)) == 1


def test_a_repeat_with_its_key_gets_the_same_again(here: InProcess) -> None:
    headers = {"idempotency_key": "key-1"}
    first = here.post("/webhooks", {"url": URL}, **headers)
    assert here.post("/webhooks", {"url": URL}, **headers) == first
    assert len(listed(here)) == 1
    assert InProcess("bob").post("/webhooks", {"url": URL}, **headers).json()["id"] != first.json()["id"]


def test_a_twin_that_comes_while_the_first_is_being_created_gets_the_same(
    here: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"idempotency_key": "key-1"}
    twins = []
    look = subscriptions.of_partition

    def look_after_the_twin(partition: Partition) -> list[Webhook]:
        monkeypatch.setattr(subscriptions, "of_partition", look)
        twins.append(here.post("/webhooks", {"url": URL}, **headers))
        return look(partition)

    monkeypatch.setattr(subscriptions, "of_partition", look_after_the_twin)
    answer = here.post("/webhooks", {"url": URL}, **headers)
    assert [answer] == twins
    assert answer.status_code == 201


def test_a_repeat_gets_the_same_again_also_when_there_is_no_room_for_another(here: InProcess) -> None:
    headers = {"idempotency_key": "key-1"}
    first = here.post("/webhooks", {"url": URL}, **headers)
    for _ in range(MAX_WEBHOOKS - 1):
        create(here)
    assert here.post("/webhooks", {"url": URL}, **headers) == first


def test_a_key_for_another_webhook_is_refused(here: InProcess) -> None:
    headers = {"idempotency_key": "key-1"}
    here.post("/webhooks", {"url": URL}, **headers)
    answer = here.post("/webhooks", {"url": URL + "/other"}, **headers)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/idempotency-key-reused")
    assert len(listed(here)) == 1


def test_other_methods_are_answered_with_what_is_allowed(here: InProcess) -> None:
    answer = here.put("/webhooks", {})
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


def test_a_query_that_means_nothing_is_refused(here: InProcess) -> None:
    assert here.get("/webhooks?limit=1").status_code == 400


@pytest.mark.parametrize(
    "error",
    [
        Refusal({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "Query"),
        TimedOut(),
    ],
)
def test_a_store_that_does_not_answer_is_a_503(
    here: InProcess, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(**_: Any) -> None:
        raise error

    for operation in ("query", "transact_write_items"):
        monkeypatch.setattr(dynamodb.client(), operation, fail)
    for answer in (here.get("/webhooks"), here.post("/webhooks", {"url": URL})):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]


def test_a_transaction_that_meets_another_is_tried_again(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    write = dynamodb.client().transact_write_items
    tries: list[int] = []

    def conflict_twice(**request: Any) -> Any:
        tries.append(1)
        if len(tries) <= 2:
            reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
            answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise Refusal(answer, "TransactWriteItems")
        return write(**request)

    monkeypatch.setattr(dynamodb.client(), "transact_write_items", conflict_twice)
    assert here.post("/webhooks", {"url": URL}).status_code == 201
    assert len(tries) == 3


def test_a_webhook_that_was_disabled_is_still_seen(here: InProcess) -> None:
    create(here)
    (webhook,) = subscriptions.of_owner(Owner("alice"))
    health.disable(webhook, GONE)
    (seen,) = listed(here)
    assert seen["disabled_at"] is not None
    assert (seen["disabled_reason"], seen["enabled"]) == ("gone", False)
    health.disable(webhook, GONE)
    assert listed(here) == [seen]


def test_a_webhook_that_was_deleted_meanwhile_is_not_brought_back_by_disabling(here: InProcess) -> None:
    made = create(here)
    (webhook,) = subscriptions.of_owner(Owner("alice"))
    delete(here, made["id"])
    health.disable(webhook, GONE)
    assert listed(here) == []


def test_owners_are_kept_apart_by_their_encoding(here: InProcess) -> None:
    for owner in ("a", "a#webhook", "a%23webhook", "#views"):
        create(InProcess(owner), url=f"{URL}/{owner.replace('#', '-')}")
    found = aws("dynamodb").scan(TableName="settings")["Items"]
    partitions = {item["owner"]["S"] for item in found}
    assert len(partitions) == 4
    assert not any("#" in partition for partition in partitions)


def test_many_at_once_are_no_more_than_twenty(stack: Any) -> None:
    """On the engine: moto has no isolation between threads."""
    client = Client(stack.url, stack.token(f"owner-{uuid.uuid4()}"))

    def create(_: int) -> int:
        return int(client.another().post("/webhooks", {"url": another_url()}).status_code)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(create, range(24)))
    assert answers.count(201) == 20
    assert answers.count(409) == 4
    assert len(client.get("/webhooks").json()) == 20
