"""The topic: a queue of the run's own is subscribed to it for a while."""

from __future__ import annotations

import json
from typing import Any, Final

from stack.smoke.outcome import expect
from stack.smoke.run import Run
from stack.smoke.subscription import Subscription

_SUBSCRIPTION: Final = "subscription of events"
# A reader of the stream that has just been created first publishes what the stream still has.
_SECONDS: Final = 180
# A subscription takes effect some seconds after it is made: events before that do not come.
_EDIT_EVERY_SECONDS: Final = 10


def begin(run: Run) -> None:
    """Subscribe the queue."""
    topic = run.deployment.outputs()["EventsTopicArn"]
    run.begun[_SUBSCRIPTION] = Subscription(run, topic, "events")


def published(run: Run) -> str:
    """An event reaches a subscriber of the topic as a CloudEvent, with absolute URLs and attributes to filter by."""
    subscription = run.begun[_SUBSCRIPTION]
    todo_id = run.create("to be published").json()["id"]
    message: Any = None
    for edit in range(_SECONDS // _EDIT_EVERY_SECONDS):
        message = subscription.find(lambda found: _is_of(found, todo_id), seconds=_EDIT_EVERY_SECONDS)
        if message is not None:
            break
        run.api.quiet.patch(f"/todos/{todo_id}", {"order": edit}).expect(200)
    subscription.close()
    expect(message is not None, f"no event of the todo came within {_SECONDS} s")
    event = json.loads(message["Body"])
    expect(event["specversion"] == "1.0", f"specversion is {event['specversion']}")
    wanted = f"{run.url}/todos/{todo_id}"
    expect(event["source"] == wanted, f"the source is {event['source']}, and should be {wanted}")
    state = event["data"]["state"]
    expect(state["list"] == run.list_name(), f"the state is {state}")
    attributes = sorted(message.get("MessageAttributes", {}))
    expect({"type", "owner", "list"} <= set(attributes), f"the message's attributes are {', '.join(attributes)}")
    return str(event["type"])


def _is_of(message: Any, todo_id: str) -> bool:
    return bool(json.loads(message["Body"]).get("subject") == todo_id)
