"""Fanning an event out: a message of its own for each webhook that receives it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from chalicelib.todos.ids import Partition
from chalicelib.webhooks import queue, versions
from chalicelib.webhooks.messages import EventMessage, Record
from chalicelib.webhooks.webhook import Webhook


def fan_out(record: Record, event: EventMessage, webhooks_of: Callable[[Partition], Iterable[Webhook]]) -> int:
    """Send the message of an event to each recipient; returns how many there are.

    Raises
    ------
    Unavailable, LedgerUnavailable
        The whole can be done again.
    """
    chosen = recipients(event, webhooks_of(event.partition))
    queue.send_to_each(record, [webhook.webhook_id for webhook in chosen])
    return len(chosen)


def recipients(event: EventMessage, webhooks: Iterable[Webhook]) -> list[Webhook]:
    """The webhooks that receive an event: it follows from the event and their versions alone.

    Raises
    ------
    LedgerUnavailable
    """

    @cache
    def previous_list() -> str | None:
        return _list_before(event)

    return [
        webhook
        for webhook in webhooks
        if versions.wants(
            webhook.versions,
            event_type=event.event_type,
            occurred_at=event.occurred_at,
            list_name=event.list_name,
            previous_list=previous_list,
        )
    ]


def _list_before(event: EventMessage) -> str | None:
    """The list that the event took the todo out of; None if it did not."""
    if event.moved_from is None:
        return None
    # Imported here because only an event that moves a todo needs it.
    from chalicelib.ledger import ledger

    before = ledger.at_version(*event.moved_from)
    return None if before is None else before.state["list"]
