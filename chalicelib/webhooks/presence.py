"""Whether an owner has webhooks at all: for the events of who has none, the deliver queue needs no message.

That is as much a function of the event as its recipients are. A webhook that is created after this look is in force ten
seconds later, at `since`, and the event is older. One that comes later in the event's life cannot receive it either.
"""

from __future__ import annotations

from chalicelib.aws import settings_table
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Partition
from chalicelib.webhooks.webhook import COLLECTION


def may_have_webhooks(partition: Partition) -> bool:
    """Whether an owner has webhooks, verified or not, by a strongly consistent read; True if that cannot be read."""
    try:
        return bool(settings_table.newest(partition, COLLECTION.prefix, 1))
    except Unavailable:
        return True
