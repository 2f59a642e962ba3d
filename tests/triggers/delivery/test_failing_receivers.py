"""A receiver that keeps us waiting is slowed and in the end disabled, visibly; others are not held up by it."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.todos import instants
from chalicelib.webhooks import health, subscriptions
from chalicelib.webhooks.errors import TimedOut
from chalicelib.webhooks.http_post import Answer
from chalicelib.webhooks.webhook import Webhook
from tests.support.in_process import InProcess
from tests.support.lambda_events import image, message
from tests.support.receiver import Receiver
from tests.support.webhooks import find, subscribe
from tests.triggers.delivery.conftest import Worker


@pytest.fixture
def webhook(environment: None, receiver: Receiver) -> Webhook:
    return subscribe("alice", receiver.url)


def kept_waiting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No receiver answers in time; which were called."""
    called: list[str] = []

    def post(destination: Any, *_: object) -> Answer:
        called.append(destination.canonical)
        raise TimedOut("no answer within 10 s")

    monkeypatch.setattr("chalicelib.webhooks.http_post.post", post)
    return called


def set_back(webhook: Webhook, **changed: Any) -> None:
    """Make the webhook as time would."""
    assert subscriptions.replace_unless_changed(find(webhook), replace(find(webhook), **changed)) is not None


def ago(milliseconds: int) -> str:
    return instants.format_milliseconds(instants.now_milliseconds() - milliseconds)


def test_after_a_time_out_a_receiver_is_left_alone_and_what_waits_is_not_refused(
    here: InProcess, worker: Worker, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = kept_waiting(monkeypatch)
    worker.tell(message(image("alice")))
    (seen,) = here.get("/webhooks").json()
    assert seen["failing_since"] is not None
    assert seen["paused_until"] >= ago(-health.MIN_PAUSE_MILLISECONDS + 5_000)
    worker.handle(*(message(image("alice")) for _ in range(5)))
    deliveries = worker.waiting()
    again = worker.try_again(*deliveries)
    assert len(called) == 1
    assert sorted(each["body"] for each in again) == sorted(each["body"] for each in deliveries)
    assert all("tries" not in each["messageAttributes"] for each in again)


def test_when_the_pause_is_over_one_message_is_tried_and_the_others_wait_for_what_comes_of_it(
    worker: Worker, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = kept_waiting(monkeypatch)
    set_back(webhook, failing_since=ago(60_000), failures=1, paused_until=ago(1))
    worker.handle(*(message(image("alice")) for _ in range(5)))
    assert len(worker.try_again(*worker.waiting())) == 5
    assert len(called) == 1


def test_the_pause_grows_with_the_time_that_it_has_failed(webhook: Webhook) -> None:
    pauses = []
    for minutes in (0, 1, 10, 60, 600):
        set_back(webhook, failing_since=ago(minutes * 60_000), failures=1)
        pauses.append(health.failed(find(webhook), kept_waiting=True))
    assert pauses == [30, 30, 300, 1800, 3600]
    assert health.failed(find(webhook), kept_waiting=False) == 0


def test_a_receiver_that_is_not_running_is_unreachable_and_not_slowed(
    here: InProcess, worker: Worker, environment: None
) -> None:
    # Nobody listens where a socket is only bound, and nobody else can.
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        webhook = subscribe("alice", f"http://127.0.0.1:{bound.getsockname()[1]}/")
        assert len(worker.tell(message(image("alice")))) == 1
    (tried,) = here.get(f"/webhooks/{webhook.webhook_id}/deliveries").json()
    assert (tried["result"], tried["status"]) == ("unreachable", None)
    assert find(webhook).failing_since is not None
    assert find(webhook).paused_until is None


def test_a_receiver_that_refuses_quickly_is_not_slowed(worker: Worker, webhook: Webhook, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    worker.tell(message(image("alice")), message(image("alice")))
    worker.tell(message(image("alice")))
    assert len(receiver.requests) == 3
    assert (find(webhook).paused_until, find(webhook).failures) == (None, 3)


def test_one_success_ends_it(worker: Worker, webhook: Webhook) -> None:
    set_back(webhook, failing_since=ago(600_000), failures=7, paused_until=ago(1))
    worker.tell(message(image("alice")))
    healthy = find(webhook)
    assert (healthy.failing_since, healthy.failures, healthy.paused_until) == (None, 0, None)


def test_a_healthy_webhook_costs_no_write_of_its_own(worker: Worker, webhook: Webhook) -> None:
    before = find(webhook)
    worker.tell(message(image("alice")))
    assert find(webhook) == before


@pytest.mark.parametrize(
    ("milliseconds", "failures", "reason"),
    [
        (health.FAILING_MILLISECONDS + 1000, health.MIN_FAILURES, "failing"),
        (health.FAILING_MILLISECONDS + 1000, health.MIN_FAILURES - 1, None),
        (health.FAILING_MILLISECONDS - 60_000, 1000, None),
    ],
)
def test_a_receiver_of_which_every_try_has_failed_for_long_is_disabled_visibly(
    here: InProcess, worker: Worker, webhook: Webhook, receiver: Receiver, milliseconds: int, failures: int,
    reason: str | None,
) -> None:  # fmt: skip
    set_back(webhook, failing_since=ago(milliseconds), failures=failures)
    receiver.answer = lambda _: 500
    worker.tell(message(image("alice")))
    (seen,) = here.get("/webhooks").json()
    assert (seen["disabled_reason"], seen["disabled_at"] is not None) == (reason, reason is not None)
    if reason is not None:
        enabled = here.patch(f"/webhooks/{webhook.webhook_id}", {"enabled": True}).json()
        assert (enabled["disabled_at"], enabled["failing_since"]) == (None, None)


def test_a_pause_that_ends_with_the_owner_enabling_it_again_is_over_at_once(
    here: InProcess, worker: Worker, webhook: Webhook, receiver: Receiver
) -> None:
    set_back(webhook, failing_since=ago(600_000), failures=7, paused_until=ago(-600_000))
    for enabled in (False, True):
        here.patch(f"/webhooks/{webhook.webhook_id}", {"enabled": enabled})
    assert find(webhook).paused_until is None
