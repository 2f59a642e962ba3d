"""`/webhooks` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.openapi import examples
from chalicelib.api.openapi.operations import answer, json_body, link, operation
from chalicelib.api.openapi.parameters import IDEMPOTENCY_KEY, WEBHOOK_ID
from chalicelib.api.openapi.schemas import NewWebhook, Webhook, reference
from chalicelib.api.resources.webhooks import Subscription
from chalicelib.webhooks.subscriptions import MAX_WEBHOOKS

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
            "The answer contains the secret that signs messages. Only a repeat with the same key returns it again.",
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
                    links={"delete": link("deleteWebhook", "Unsubscribe.", webhook_id="$response.body#/id")},
                )
            },
            refusals=(problem_types.TOO_MANY_WEBHOOKS, problem_types.WEBHOOK_EXISTS, problem_types.KEY_REUSED),
        ),
    },
    "/webhooks/{webhook_id}": {
        "delete": operation(
            "deleteWebhook",
            "Unsubscribe",
            "Nothing more is sent to it.",
            tag=TAG,
            parameters=(WEBHOOK_ID,),
            answers={204: answer("The webhook was deleted.")},
            refusals=(problem_types.NOT_FOUND,),
        )
    },
}
