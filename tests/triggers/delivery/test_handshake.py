"""A webhook's receiver is asked for its consent before it is sent anything: it repeats a challenge."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import settings_table
from chalicelib.todos import instants
from chalicelib.todos.ids import Partition
from chalicelib.webhooks import subscriptions
from chalicelib.webhooks.quota import PINGS_PER_HOUR
from chalicelib.webhooks.versions import DELAY_MILLISECONDS
from chalicelib.webhooks.webhook import COLLECTION, Webhook
from tests.support.in_process import InProcess
from tests.support.lambda_events import image, message
from tests.support.receiver import Receiver
from tests.support.server import Reply
from tests.triggers.delivery.conftest import Worker


@pytest.fixture
def create(here: InProcess) -> Callable[[str], dict[str, Any]]:
    def create(url: str) -> dict[str, Any]:
        made = here.post("/webhooks", {"url": url})
        assert made.status_code == 201, made.text
        webhook: dict[str, Any] = made.json()
        return webhook

    return create


def stored(made: dict[str, Any]) -> Webhook:
    found = subscriptions.find(Partition("alice"), made["id"])
    assert found is not None
    return found


def at(instant: str, **fields: Any) -> dict[str, Any]:
    """The message of an event of an instant."""
    return message({**image("alice", **fields), "occurred_at": {"S": instant}})


def later(instant: str, milliseconds: int) -> str:
    return instants.format_milliseconds(instants.milliseconds_of(instant) + milliseconds)


def test_a_new_webhook_is_sent_a_signed_challenge_and_events_only_once_it_was_repeated(
    here: InProcess, worker: Worker, receiver: Receiver, create: Callable[[str], dict[str, Any]]
) -> None:
    made = create(receiver.url)
    assert (made["verified_at"], made["active_from"]) == (None, None)
    assert worker.tell(at("2099-01-01T00:00:00.000Z")) == []
    assert receiver.requests == []
    (ping,) = receiver.pings
    sent = ping.verified(made["secret"])
    assert (sent["type"], sent["subject"]) == ("todo-ledger.webhook.ping", made["id"])
    assert sent["source"] == f"https://todo.example/webhooks/{made['id']}"
    seen = here.get(f"/webhooks/{made['id']}").json()
    assert seen["active_from"] == later(seen["verified_at"], DELAY_MILLISECONDS)
    assert worker.tell(at(later(seen["active_from"], -1)), at(seen["active_from"])) == []
    assert [json.loads(request.body)["time"] for request in receiver.requests] == [seen["active_from"]]


@pytest.mark.parametrize(
    "repeat",
    [
        lambda challenge: Reply(200, challenge.encode()),
        lambda challenge: Reply(201, f"\n{challenge}\n".encode()),
        lambda challenge: Reply(200, json.dumps({"challenge": challenge}).encode()),
        lambda challenge: Reply(202, json.dumps({"ok": True, "challenge": challenge}).encode()),
    ],
)
def test_a_challenge_is_repeated_as_the_body_or_in_an_object(
    worker: Worker, create: Callable[[str], dict[str, Any]], repeat: Callable[[str], Reply]
) -> None:
    with Receiver(repeat=repeat) as receiver:
        made = create(receiver.url)
        assert worker.try_again(*worker.waiting()) == []
    assert stored(made).verified_at is not None


@pytest.mark.parametrize(
    "repeat",
    [
        lambda _: Reply(200),
        lambda _: Reply(204),
        lambda _: Reply(200, b"ok"),
        lambda challenge: Reply(500, challenge.encode()),
        lambda challenge: Reply(302, challenge.encode(), {"Location": "https://elsewhere.example/"}),
        lambda challenge: Reply(410, challenge.encode()),
        lambda challenge: Reply(200, f"{challenge}{challenge}".encode()),
        lambda challenge: Reply(200, json.dumps([challenge]).encode()),
        lambda challenge: Reply(200, json.dumps({"data": {"challenge": challenge}}).encode()),
        lambda _: Reply(200, b'{"challenge": null}'),
        lambda _: Reply(200, b'{"challenge":' + b"[" * 15_000),
        lambda _: Reply(200, b"\xff\xfe"),
        lambda _: None,
    ],
)
def test_any_other_answer_leaves_it_unverified_and_is_asked_for_at_most_twice(
    worker: Worker, create: Callable[[str], dict[str, Any]], repeat: Callable[[str], Reply | None]
) -> None:
    with Receiver(repeat=repeat) as receiver:
        made = create(receiver.url)
        again = worker.waiting()
        while again:
            again = worker.try_again(*again)
        assert len(receiver.pings) <= 2
    webhook = stored(made)
    assert (webhook.verified_at, webhook.versions, webhook.disabled_at) == (None, (), None)


def test_a_challenge_that_was_lost_is_repeated_by_a_ping(
    here: InProcess, worker: Worker, receiver: Receiver, create: Callable[[str], dict[str, Any]]
) -> None:
    made = create(receiver.url)
    worker.waiting()
    answer = here.post(f"/webhooks/{made['id']}/ping")
    assert (answer.status_code, answer.json()["verified_at"]) == (202, None)
    assert worker.try_again(*worker.waiting()) == []
    assert stored(made).verified_at is not None


def test_a_ping_of_a_verified_webhook_changes_nothing_and_is_in_the_log(
    here: InProcess, worker: Worker, receiver: Receiver, create: Callable[[str], dict[str, Any]]
) -> None:
    made = create(receiver.url)
    worker.try_again(*worker.waiting())
    before = stored(made)
    receiver.repeat = lambda _: Reply(500)
    assert here.post(f"/webhooks/{made['id']}/ping").status_code == 202
    assert worker.try_again(*worker.waiting()) == []
    assert stored(made) == before
    newest, first = here.get(f"/webhooks/{made['id']}/deliveries").json()
    assert (newest["type"], newest["result"], newest["status"]) == ("webhook.ping", "rejected", 500)
    assert (first["event_id"], first["result"], first["status"]) == (None, "delivered", 200)


def test_the_log_has_the_status_of_an_answer_that_does_not_repeat_the_challenge(
    here: InProcess, worker: Worker, receiver: Receiver, create: Callable[[str], dict[str, Any]]
) -> None:
    made = create(receiver.url)
    receiver.repeat = lambda _: Reply(202, b"accepted")
    worker.handle(*worker.waiting())
    (tried,) = here.get(f"/webhooks/{made['id']}/deliveries").json()
    assert (tried["result"], tried["status"]) == ("wrong-answer", 202)


def test_two_challenges_that_are_repeated_at_once_make_one_version(
    here: InProcess, worker: Worker, receiver: Receiver, create: Callable[[str], dict[str, Any]]
) -> None:
    made = create(receiver.url)
    here.post(f"/webhooks/{made['id']}/ping")
    assert worker.try_again(*worker.waiting()) == []
    assert len(receiver.pings) == 2
    assert len(stored(made).versions) == 1


def test_a_challenge_of_the_old_url_that_is_repeated_late_does_not_verify_the_new_one(
    here: InProcess, worker: Worker, receiver: Receiver, create: Callable[[str], dict[str, Any]]
) -> None:
    made = create(receiver.url)

    def move(challenge: str) -> Reply:
        moved = here.patch(f"/webhooks/{made['id']}", {"url": "http://127.0.0.1:9/victim"})
        assert moved.status_code == 200
        return Reply(200, challenge.encode())

    receiver.repeat = move
    worker.handle(*worker.waiting())
    assert stored(made).verified_at is None
    assert stored(made).active_from is None


@pytest.fixture
def exhausted(here: InProcess, create: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    made = create("http://127.0.0.1:9/")
    for _ in range(PINGS_PER_HOUR - 1):
        assert here.post(f"/webhooks/{made['id']}/ping").status_code == 202
    return made


def test_an_owner_has_a_quota_of_challenges_an_hour(here: InProcess, worker: Worker, exhausted: dict[str, Any]) -> None:
    sent = len(worker.waiting())
    assert sent == PINGS_PER_HOUR
    for refused in (
        here.post(f"/webhooks/{exhausted['id']}/ping"),
        here.post("/webhooks", {"url": "http://127.0.0.1:9/another"}),
        here.patch(f"/webhooks/{exhausted['id']}", {"url": "http://127.0.0.1:9/another"}),
    ):
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 3600
        assert refused.json()["type"].endswith("/too-many-requests")
    assert worker.waiting() == []
    assert here.patch(f"/webhooks/{exhausted['id']}", {"lists": ["inbox"]}).status_code == 200
    assert InProcess("bob").post("/webhooks", {"url": "http://127.0.0.1:9/"}).status_code == 201


def test_a_repeated_creation_gets_its_answer_beyond_the_quota_without_another_challenge(
    here: InProcess, worker: Worker
) -> None:
    headers = {"idempotency_key": "key-1"}
    first = here.post("/webhooks", {"url": "http://127.0.0.1:9/"}, **headers)
    for _ in range(PINGS_PER_HOUR):
        assert here.post("/webhooks", {"url": "http://127.0.0.1:9/"}, **headers) == first
    assert len(worker.waiting()) == PINGS_PER_HOUR


def test_a_repeated_creation_of_a_verified_webhook_counts_as_no_challenge(
    here: InProcess, worker: Worker, receiver: Receiver
) -> None:
    headers = {"idempotency_key": "key-1"}
    here.post("/webhooks", {"url": receiver.url}, **headers)
    worker.try_again(*worker.waiting())
    for _ in range(PINGS_PER_HOUR):
        assert here.post("/webhooks", {"url": receiver.url}, **headers).status_code == 201
    assert worker.waiting() == []
    assert here.post("/webhooks", {"url": "http://127.0.0.1:9/"}).status_code == 201


def test_a_webhook_of_before_there_were_challenges_counts_as_verified(
    here: InProcess, worker: Worker, receiver: Receiver
) -> None:
    """As the version of the service before this one stored it."""
    partition, created_at = Partition("alice"), "2026-11-20T10:00:00.000Z"
    item = COLLECTION.item(
        partition,
        "77fedb31-6d2e-485a-b177-43718f207552",
        {
            "url": {"S": receiver.url},
            "secret": {"S": subscriptions.new_secret()},
            "created_at": {"S": created_at},
            "lists": {"S": '["garden"]'},
        },
    )
    assert COLLECTION.add(item)
    assert settings_table.find(partition, item["sk"]["S"]) == item
    (seen,) = here.get("/webhooks").json()
    assert (seen["verified_at"], seen["active_from"], seen["enabled"]) == (created_at, created_at, True)
    old, other = at(later(created_at, -1), list="garden"), at(created_at, list="inbox")
    assert worker.tell(old, other, at(created_at, list="garden")) == []
    assert len(receiver.requests) == 1
    changed = here.patch(f"/webhooks/{seen['id']}", {"lists": None}).json()
    assert worker.tell(at(created_at, list="inbox"), at(changed["active_from"], list="inbox")) == []
    assert len(receiver.requests) == 2
    assert here.delete(f"/webhooks/{seen['id']}").status_code == 204
