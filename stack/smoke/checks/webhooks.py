"""Webhooks: the challenge, a delivery, and what is refused.

On AWS, a program that the functions can reach is needed for the whole of it (`--webhook-url`). Without one the webhook
is the API's own `/health`: it answers POST with 405, which the log of deliveries must show.
"""

from __future__ import annotations

import json
from typing import Any, Final

from standardwebhooks import Webhook, WebhookVerificationError

from stack.smoke.outcome import CheckFailed, Skipped, expect
from stack.smoke.receiver import Receiver
from stack.smoke.run import Run

_WEBHOOK: Final = "webhook"
_RECEIVER: Final = "receiver"
_SECONDS: Final = 60
_PING: Final = "todo-ledger.webhook.ping"


def begin(run: Run) -> None:
    """Make the webhook, whose receiver is challenged then."""
    if run.options.webhook_url is not None:
        url = run.options.webhook_url
    elif run.takes_local_webhooks:
        receiver = run.begun[_RECEIVER] = Receiver()
        run.on_end("the receiver", receiver.close)
        url = receiver.url
    elif run.url.startswith("https://"):
        # No two webhooks of an owner may have the same URL, and a run that was killed leaves its own.
        url = f"{run.url}/health?{run.name}"
    else:
        return
    made = run.api.quiet.post("/webhooks", {"url": url, "lists": [run.list_name("webhook")]}).expect(201).json()
    run.on_end("the webhook", lambda: run.api.quiet.delete(f"/webhooks/{made['id']}").expect(204))
    run.begun[_WEBHOOK] = made


def challenged(run: Run) -> str:
    """A webhook's receiver is called from the functions, and the log of deliveries shows it."""
    webhook = _webhook(run)

    def tries() -> Any:
        return run.api.quiet.get(f"/webhooks/{webhook['id']}/deliveries").expect(200).json()

    last = run.wait_for("a try in the log of deliveries", tries, seconds=_SECONDS)[0]
    found = f"{last['result']}, {last['status']}"
    wanted = "delivered" if _is_answered(run) else "rejected, 405"
    expect(found.startswith(wanted), f"the try ended as {found}, and should be {wanted}")
    return f"{found}, in {last['milliseconds']} ms"


def is_made(run: Run) -> bool:
    """Whether this run has a webhook. `deliver` is called for nobody else."""
    return _WEBHOOK in run.begun


def delivered(run: Run) -> str:
    """A verified webhook gets the event of its list, signed, with absolute URLs."""
    webhook = _webhook(run)
    if not _is_answered(run):
        raise Skipped("no receiver is given that repeats the challenge (--webhook-url)")
    path = f"/webhooks/{webhook['id']}"
    run.wait_for("verified_at", lambda: run.api.quiet.get(path).expect(200).json()["verified_at"], seconds=_SECONDS)
    # It takes effect some seconds later; events before that are not sent.
    todo_id = run.create("for a webhook", suffix="webhook").json()["id"]
    edits = 0

    def is_sent() -> Any:
        nonlocal edits
        edits += 1
        run.api.quiet.patch(f"/todos/{todo_id}", {"order": edits}).expect(200)
        tries = run.api.quiet.get(f"{path}/deliveries").expect(200).json()
        return [one for one in tries if one["event_id"] is not None]

    last = run.wait_for("an event in the log of deliveries", is_sent, seconds=_SECONDS, poll=2)[0]
    expect(last["result"] == "delivered", f"the event was {last['result']} ({last['status']})")
    if (receiver := run.begun.get(_RECEIVER)) is None:
        return f"{last['type']} in {last['milliseconds']} ms; what it contained is for its receiver to say"
    return _received(run, receiver, webhook["secret"], todo_id)


def refused(run: Run) -> str:
    """A webhook to an address inside, or over http, is refused."""
    if run.takes_local_webhooks:
        raise Skipped("the local stage allows them")
    for url in ("https://169.254.169.254/latest", "https://10.0.0.1/", "http://example.com/"):
        answer = run.api.post("/webhooks", {"url": url})
        if answer.status == 201:
            run.api.quiet.delete(f"/webhooks/{answer.json()['id']}")
        answer.expect_problem(400)
    return ""


def _webhook(run: Run) -> Any:
    if _WEBHOOK not in run.begun:
        raise Skipped("no receiver can be reached: the API is not served over https, and no --webhook-url is given")
    return run.begun[_WEBHOOK]


def _is_answered(run: Run) -> bool:
    """Whether the receiver is one that repeats the challenge."""
    return run.options.webhook_url is not None or _RECEIVER in run.begun


def _received(run: Run, receiver: Receiver, secret: str, todo_id: str) -> str:
    events = [(headers, body) for headers, body in receiver.received if json.loads(body)["type"] != _PING]
    expect(events, "the log has a delivery that never came")
    headers, body = events[0]
    try:
        event = Webhook(secret).verify(body.decode(), headers)
    except WebhookVerificationError as error:
        raise CheckFailed(f"the signature is not valid: {error}") from error
    wanted = f"{run.url}/todos/{todo_id}"
    expect(event["source"] == wanted, f"the source is {event['source']}, and should be {wanted}")
    return str(event["type"])
