"""`PATCH /webhooks/{id}`, rotation and the log: what an owner changes, since when, and what tries may write."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws import settings_table
from chalicelib.todos import instants
from chalicelib.todos.ids import Owner, Partition
from chalicelib.webhooks import health, subscriptions
from chalicelib.webhooks.changes import MAX_OLD_SECRETS, OVERLAP_MILLISECONDS
from chalicelib.webhooks.versions import DELAY_MILLISECONDS, MAX_VERSIONS
from chalicelib.webhooks.webhook import Webhook
from tests.support.in_process import InProcess
from tests.support.lambda_events import image, message
from tests.support.receiver import Receiver
from tests.support.server import Received
from tests.support.webhooks import find, put_in_force, subscribe
from tests.triggers.delivery.conftest import Worker, aws

MERGE_PATCH = "application/merge-patch+json"


@pytest.fixture
def webhook(environment: None, receiver: Receiver) -> Webhook:
    return subscribe("alice", receiver.url)


@pytest.fixture
def patch(here: InProcess, webhook: Webhook) -> Callable[..., dict[str, Any]]:
    def patch(**fields: Any) -> dict[str, Any]:
        answer = here.patch(f"/webhooks/{webhook.webhook_id}", fields, content_type=MERGE_PATCH)
        assert answer.status_code == 200, answer.text
        changed: dict[str, Any] = answer.json()
        return changed

    return patch


def at(instant: str, **fields: Any) -> dict[str, Any]:
    return message({**image("alice", **fields), "occurred_at": {"S": instant}})


def now() -> str:
    return instants.instant_after(None)


def before(instant: str) -> str:
    return instants.format_milliseconds(instants.milliseconds_of(instant) - 1)


def test_a_change_counts_for_events_from_the_instant_that_the_answer_states(
    worker: Worker, receiver: Receiver, patch: Callable[..., dict[str, Any]]
) -> None:
    asked_at = instants.now_milliseconds()
    changed = patch(lists=["garden"])
    assert changed["lists"] == ["garden"]
    since = changed["active_from"]
    assert asked_at + DELAY_MILLISECONDS <= instants.milliseconds_of(since)
    worker.tell(
        at(before(since), title="1", list="inbox"),
        at(since, title="2", list="inbox"),
        at(since, title="3", list="garden"),
    )
    assert {json.loads(request.body)["data"]["state"]["title"] for request in receiver.requests} == {"1", "3"}


def test_an_event_that_comes_again_after_a_change_finds_the_recipients_that_it_had(
    worker: Worker, webhook: Webhook, receiver: Receiver, patch: Callable[..., dict[str, Any]]
) -> None:
    told, untold = at(now()), at(now())
    worker.tell(told)
    assert len(receiver.requests) == 1
    patch(types=["TodoDeleted"])
    worker.handle(told, untold)
    assert len(worker.waiting()) == 2
    patch(types=None)
    for _ in range(2):
        worker.handle(told)
        assert len(worker.waiting()) == 1


def test_a_new_webhook_is_not_told_of_older_events_that_come_late(worker: Worker, receiver: Receiver) -> None:
    """Their tries meanwhile look the webhooks up, too."""
    with Receiver(lambda _: 500) as failing:
        subscribe("alice", failing.url)
        old = at(now())
        again = worker.tell(old)
        made = subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
        assert health.verified(made) is not None
        worker.try_again(*again)
        worker.tell(old)
    assert receiver.requests == []


def test_one_that_is_created_again_under_its_key_is_not_told_what_waited_for_the_one_before(
    here: InProcess, worker: Worker, receiver: Receiver
) -> None:
    def create() -> Webhook:
        made = here.post("/webhooks", {"url": receiver.url}, idempotency_key="k").json()
        assert worker.try_again(*worker.waiting()) == []
        found = subscriptions.find(Partition("alice"), made["id"])
        assert found is not None
        assert found.verified_at is not None
        return found

    first = put_in_force(create())
    receiver.answer = lambda _: 500
    waiting = worker.tell(message(image("alice")))
    assert (len(waiting), len(receiver.requests)) == (1, 1)
    assert here.delete(f"/webhooks/{first.webhook_id}").status_code == 204
    assert create().webhook_id == first.webhook_id
    assert worker.try_again(*waiting) == []
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(("fields", "enabled"), [({}, True), ({"enabled": False}, False)])
def test_another_url_for_one_whose_receiver_is_gone_enables_it_unless_the_owner_says_otherwise(
    worker: Worker, receiver: Receiver, patch: Callable[..., dict[str, Any]], fields: dict[str, Any], enabled: bool
) -> None:
    receiver.answer = lambda _: 410
    worker.tell(at(now()))
    mended = patch(url="http://127.0.0.1:9/mended", **fields)
    assert mended["enabled"] is enabled
    assert mended["disabled_reason"] == (None if enabled else "owner")
    assert mended["active_from"] is None


def test_a_webhook_that_is_disabled_is_told_nothing_more_at_once_and_again_once_it_is_enabled(
    worker: Worker, receiver: Receiver, patch: Callable[..., dict[str, Any]]
) -> None:
    worker.handle(at(now()))
    disabled = patch(enabled=False)
    assert (disabled["enabled"], disabled["disabled_reason"], disabled["active_from"]) == (False, "owner", None)
    assert worker.try_again(*worker.waiting()) == []
    enabled = patch(enabled=True)
    assert (enabled["enabled"], enabled["disabled_at"], enabled["disabled_reason"]) == (True, None, None)
    assert enabled["active_from"] is not None
    assert receiver.requests == []
    worker.tell(at(enabled["active_from"]))
    assert len(receiver.requests) == 1


def test_a_new_url_is_verified_before_anything_is_sent_to_it(
    worker: Worker, receiver: Receiver, patch: Callable[..., dict[str, Any]]
) -> None:
    with Receiver() as other:
        waiting = at(now())
        worker.handle(waiting)
        (delivery,) = worker.waiting()
        moved = patch(url=other.url)
        (ping,) = worker.waiting()
        assert (moved["url"], moved["verified_at"], moved["active_from"]) == (other.url, None, None)
        (again,) = worker.try_again(delivery)
        assert (other.requests, other.pings) == ([], [])
        assert worker.try_again(ping) == []
        assert len(other.pings) == 1
        assert worker.try_again(again) == []
        assert len(other.requests) == 1
    assert receiver.requests == []


def test_a_late_410_of_the_old_url_does_not_disable_the_webhook_at_the_new_one(
    worker: Worker, webhook: Webhook, receiver: Receiver, patch: Callable[..., dict[str, Any]]
) -> None:
    with Receiver() as other:

        def move(_: Received) -> int:
            patch(url=other.url)
            return 410

        receiver.answer = move
        worker.tell(at(now()))
        assert (find(webhook).disabled_at, find(webhook).url) == (None, other.url)


def test_a_late_failure_of_the_old_url_is_not_counted_against_the_new_one(
    worker: Worker, webhook: Webhook, receiver: Receiver, patch: Callable[..., dict[str, Any]]
) -> None:
    with Receiver() as other:

        def move(_: Received) -> int:
            patch(url=other.url)
            return 500

        receiver.answer = move
        worker.tell(at(now()))
        assert (find(webhook).failing_since, find(webhook).failures) == (None, 0)


def test_another_webhooks_url_is_refused_and_ones_own_in_another_spelling_is_not(
    here: InProcess, webhook: Webhook, patch: Callable[..., dict[str, Any]]
) -> None:
    other = subscribe("alice", "http://127.0.0.1:9/other")
    answer = here.patch(f"/webhooks/{webhook.webhook_id}", {"url": other.url})
    assert (answer.status_code, answer.json()["webhook"]) == (409, other.webhook_id)
    assert find(webhook).url == webhook.url
    respelled = patch(url=webhook.url.replace("http", "HTTP"))
    assert respelled["verified_at"] is not None
    patch(url="http://127.0.0.1:9/mine")
    assert here.post("/webhooks", {"url": webhook.url}).status_code == 201
    assert here.post("/webhooks", {"url": "http://127.0.0.1:9/mine"}).status_code == 409
    assert here.delete(f"/webhooks/{webhook.webhook_id}").status_code == 204
    assert here.post("/webhooks", {"url": "http://127.0.0.1:9/mine"}).status_code == 201


def test_what_changes_nothing_is_not_written(
    webhook: Webhook, receiver: Receiver, patch: Callable[..., dict[str, Any]]
) -> None:
    stored = find(webhook)
    for fields in ({}, {"enabled": True}, {"types": None, "lists": None}, {"url": receiver.url}):
        patch(**fields)
    assert find(webhook) == stored


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], "#"),
        ({"url": None}, "#/url"),
        ({"url": "ftp://hooks.example"}, "#/url"),
        ({"url": "https://169.254.169.254/"}, "#/url"),
        ({"types": []}, "#/types"),
        ({"types": ["TodoEaten"]}, "#/types/0"),
        ({"lists": ["inbox", ""]}, "#/lists/1"),
        ({"enabled": None}, "#/enabled"),
        ({"enabled": "yes"}, "#/enabled"),
        ({"secret": "whsec_mine"}, "#/secret"),
        ({"id": "x"}, "#/id"),
    ],
)
def test_a_patch_that_makes_no_webhook_is_refused_with_a_pointer(
    here: InProcess, webhook: Webhook, body: object, pointer: str
) -> None:
    answer = here.patch(f"/webhooks/{webhook.webhook_id}", body)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert find(webhook) == webhook


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("PATCH", ""), ("POST", "/ping"), ("POST", "/rotate"), ("GET", "/deliveries")]
)
def test_anothers_or_no_webhook_is_not_found(here: InProcess, webhook: Webhook, method: str, path: str) -> None:
    bob = InProcess("bob")
    body: list[Any] = [{}] if method == "PATCH" else []
    for webhook_id in (webhook.webhook_id, "77fedb31-6d2e-485a-b177-43718f207552", "x", "%23"):
        assert bob.request(method, f"/webhooks/{webhook_id}{path}", *body).status_code == 404
    assert find(webhook) == webhook


def test_a_change_that_meets_another_is_decided_again(
    webhook: Webhook, patch: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = settings_table.transact
    raced: list[bool] = []

    def lose_once(writes: list[dict[str, Any]]) -> list[bool]:
        if not raced:
            raced.append(True)
            patch(types=["TodoCreated"])
        return write(writes)

    monkeypatch.setattr(settings_table, "transact", lose_once)
    changed = patch(lists=["garden"])
    assert (changed["types"], changed["lists"]) == (["TodoCreated"], ["garden"])
    assert [(each.types, each.lists) for each in find(webhook).versions][1:] == [
        (("TodoCreated",), None),
        (("TodoCreated",), ("garden",)),
    ]


def test_so_many_changes_that_events_under_way_would_be_forgotten_are_refused_but_disabling_is_not(
    here: InProcess, webhook: Webhook, patch: Callable[..., dict[str, Any]]
) -> None:
    for number in range(MAX_VERSIONS - 1):
        patch(lists=[f"list {number}"])
    refused = here.patch(f"/webhooks/{webhook.webhook_id}", {"lists": None})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600 + 10
    assert patch(enabled=False)["enabled"] is False


def test_a_rotation_signs_with_the_old_and_the_new_secret(
    here: InProcess, worker: Worker, webhook: Webhook, receiver: Receiver
) -> None:
    answer = here.post(f"/webhooks/{webhook.webhook_id}/rotate")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    secret = answer.json()["secret"]
    assert secret != webhook.secret
    worker.tell(at(now()))
    (request,) = receiver.requests
    assert request.verified(webhook.secret) == request.verified(secret)
    assert len(request.headers["webhook-signature"].split(" ")) == 2


def test_if_the_answer_to_a_rotation_is_lost_the_secret_that_the_receiver_knows_still_signs(
    here: InProcess, worker: Worker, webhook: Webhook, receiver: Receiver
) -> None:
    here.post(f"/webhooks/{webhook.webhook_id}/rotate")
    secret = here.post(f"/webhooks/{webhook.webhook_id}/rotate").json()["secret"]
    worker.tell(at(now()))
    (request,) = receiver.requests
    assert request.verified(webhook.secret) == request.verified(secret)


def test_when_the_overlap_is_over_only_the_new_secret_signs(here: InProcess, webhook: Webhook) -> None:
    made = here.post(f"/webhooks/{webhook.webhook_id}/rotate").json()
    rotated, ends = find(webhook), made["old_secret_expires_at"]
    assert instants.milliseconds_of(ends) - instants.now_milliseconds() <= OVERLAP_MILLISECONDS
    assert rotated.signing_secrets(before(ends)) == (webhook.secret, made["secret"])
    assert rotated.signing_secrets(ends) == (made["secret"],)


def test_too_many_rotations_within_the_overlap_are_refused(here: InProcess, webhook: Webhook) -> None:
    for _ in range(MAX_OLD_SECRETS):
        assert here.post(f"/webhooks/{webhook.webhook_id}/rotate").status_code == 200
    refused = here.post(f"/webhooks/{webhook.webhook_id}/rotate")
    assert (refused.status_code, bool(refused.headers["Retry-After"])) == (429, True)


def test_no_answer_but_that_of_creating_and_rotating_has_a_secret(here: InProcess, webhook: Webhook) -> None:
    path = f"/webhooks/{webhook.webhook_id}"
    here.post(f"{path}/rotate")
    shown = [here.get("/webhooks"), here.get(path), here.patch(path, {"types": None}), here.post(f"{path}/ping")]
    assert not any("whsec_" in answer.text for answer in (*shown, here.get(f"{path}/deliveries")))


def test_the_log_has_each_try_the_last_first_with_when_the_next_follows(
    here: InProcess, worker: Worker, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 503
    event = at(now())
    again = worker.tell(event)
    receiver.answer = lambda _: 204
    worker.try_again(*again)
    worker.tell(event)
    second, first = here.get(f"/webhooks/{webhook.webhook_id}/deliveries").json()
    event_id = json.loads(event["body"])["id"]
    assert (first["event_id"], first["type"], first["result"], first["status"]) == (
        event_id, "TodoCreated", "rejected", 503,
    )  # fmt: skip
    assert first["next_try_at"] > first["tried_at"]
    assert (second["event_id"], second["result"], second["status"], second["next_try_at"]) == (
        event_id, "delivered", 204, None,
    )  # fmt: skip
    assert second["tried_at"] >= first["tried_at"]


def test_the_log_ends_after_fifty(here: InProcess, worker: Worker, webhook: Webhook) -> None:
    for _ in range(6):
        worker.tell(*(at(now()) for _ in range(10)))
    assert len(here.get(f"/webhooks/{webhook.webhook_id}/deliveries").json()) == 50


def test_the_tries_of_a_batch_share_one_item_of_the_log(worker: Worker, webhook: Webhook) -> None:
    worker.tell(*(at(now()) for _ in range(10)))
    items = aws("dynamodb").scan(TableName="settings")["Items"]
    (logged,) = [item for item in items if item["sk"]["S"].startswith("webhook-log#")]
    assert len(json.dumps(logged)) < 2 * 1024
    assert int(logged["expires_at"]["N"]) > instants.now_milliseconds() // 1000


def test_the_log_names_no_address_that_a_name_leads_to(
    here: InProcess, worker: Worker, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = replace(find(webhook), url="https://10.0.0.1/")
    assert subscriptions.replace_unless_changed(find(webhook), moved) is not None
    worker.tell(at(now()))
    (tried,) = here.get(f"/webhooks/{webhook.webhook_id}/deliveries").json()
    assert (tried["result"], tried["status"]) == ("address-refused", None)
