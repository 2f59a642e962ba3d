"""`/webhooks` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.media_types import JSON, MERGE_PATCH
from chalicelib.api.openapi import examples
from chalicelib.api.openapi.operations import answer, json_body, link, operation
from chalicelib.api.openapi.parameters import IDEMPOTENCY_KEY, WEBHOOK_ID
from chalicelib.api.openapi.schemas import NewWebhook, RotatedWebhook, Webhook, WebhookDelivery, reference
from chalicelib.api.resources.webhooks import Subscription, WebhookPatch
from chalicelib.webhooks.delivery_log import MAX_ENTRIES
from chalicelib.webhooks.webhook import MAX_WEBHOOKS

TAG: Final = "webhooks"

TAGS: Final = (
    {
        "name": TAG,
        "description": "Events sent to an address, each as a CloudEvent signed as Standard Webhooks specifies.",
    },
)

_SUBSCRIPTION: Final = {name: examples.WEBHOOK[name] for name in ("url", "types", "lists")}
_SECRET: Final = {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfgh2Fm0Dg="}

PATHS: Final[dict[str, Any]] = {
    "/webhooks": {
        "get": operation(
            "listWebhooks",
            "List the webhooks",
            "All of the owner's webhooks, oldest first, without their secrets.",
            tag=TAG,
            answers={
                200: answer(
                    "The webhooks.",
                    {"type": "array", "maxItems": MAX_WEBHOOKS, "items": reference(Webhook)},
                    example=[examples.WEBHOOK],
                )
            },
        ),
        "post": operation(
            "createWebhook",
            "Subscribe to events",
            "The answer contains the secret that signs messages. Only a repeat with the same key returns it again. A "
            "challenge is sent to the URL at once; events follow ten seconds after the receiver has repeated it.",
            tag=TAG,
            parameters=(IDEMPOTENCY_KEY,),
            body=json_body(
                reference(Subscription),
                {"all events": {"url": examples.WEBHOOK["url"]}, "some events of some lists": _SUBSCRIPTION},
            ),
            answers={
                201: answer(
                    "The webhook, with its secret.",
                    reference(NewWebhook),
                    example={**examples.WEBHOOK, **_SECRET},
                    sends=("Location",),
                    links={
                        "delete": link("deleteWebhook", "Unsubscribe.", webhook_id="$response.body#/id"),
                        "ping": link("pingWebhook", "Send the challenge again.", webhook_id="$response.body#/id"),
                        "deliveries": link("listWebhookDeliveries", "See it.", webhook_id="$response.body#/id"),
                    },
                )
            },
            refusals=(problem_types.TOO_MANY_WEBHOOKS, problem_types.WEBHOOK_EXISTS, problem_types.KEY_REUSED),
        ),
    },
    "/webhooks/{webhook_id}": {
        "get": operation(
            "readWebhook",
            "Read a webhook",
            "Its state, without its secret.",
            tag=TAG,
            parameters=(WEBHOOK_ID,),
            answers={200: answer("The webhook.", reference(Webhook), example=examples.WEBHOOK)},
            refusals=(problem_types.NOT_FOUND,),
        ),
        "patch": operation(
            "changeWebhook",
            "Change a webhook",
            "A change is in force from `active_from` on, ten seconds later; earlier events are sent as it was then. A "
            "new URL must be verified first. `enabled: false` stops everything at once.",
            tag=TAG,
            parameters=(WEBHOOK_ID,),
            body=json_body(
                reference(WebhookPatch),
                {
                    "other lists": {"lists": ["groceries", "garden"]},
                    "all types": {"types": None},
                    "enable it again": {"enabled": True},
                },
                MERGE_PATCH,
                JSON,
            ),
            answers={200: answer("The webhook.", reference(Webhook), example=examples.WEBHOOK)},
            refusals=(problem_types.NOT_FOUND, problem_types.WEBHOOK_EXISTS),
        ),
        "delete": operation(
            "deleteWebhook",
            "Unsubscribe",
            "Nothing more is sent to it.",
            tag=TAG,
            parameters=(WEBHOOK_ID,),
            answers={204: answer("The webhook was deleted.")},
            refusals=(problem_types.NOT_FOUND,),
        ),
    },
    "/webhooks/{webhook_id}/ping": {
        "post": operation(
            "pingWebhook",
            "Send a challenge",
            "A signed `todo-ledger.webhook.ping`. The right answer verifies a URL that is not verified yet. The "
            "deliveries show the result.",
            tag=TAG,
            parameters=(WEBHOOK_ID,),
            answers={202: answer("It will be sent.", reference(Webhook), example=examples.WEBHOOK)},
            refusals=(problem_types.NOT_FOUND,),
        )
    },
    "/webhooks/{webhook_id}/rotate": {
        "post": operation(
            "rotateWebhookSecret",
            "Replace the secret",
            "For a day, messages are signed with the old secret and the new one. If the answer is lost, rotate again: "
            "the secret that the receiver knows stays valid for its day.",
            tag=TAG,
            parameters=(WEBHOOK_ID,),
            answers={
                200: answer(
                    "The webhook, with its new secret.",
                    reference(RotatedWebhook),
                    example={
                        **examples.WEBHOOK,
                        **_SECRET,
                        "old_secret_expires_at": "2026-11-22T07:00:00.000Z",
                    },
                    sends=("Cache-Control",),
                )
            },
            refusals=(problem_types.NOT_FOUND,),
        )
    },
    "/webhooks/{webhook_id}/deliveries": {
        "get": operation(
            "listWebhookDeliveries",
            "List the last deliveries",
            f"The last {MAX_ENTRIES} tries of the last 14 days, the last first.",
            tag=TAG,
            parameters=(WEBHOOK_ID,),
            answers={
                200: answer(
                    "The tries.",
                    {"type": "array", "maxItems": MAX_ENTRIES, "items": reference(WebhookDelivery)},
                    example=[examples.DELIVERY],
                )
            },
            refusals=(problem_types.NOT_FOUND,),
        )
    },
}
