"""The PynamoDB model of the ledger's table, over the shared botocore client: it describes it and serves cold reads.

Why the hot reads do not go through it: docs/adr/0007-pynamodb-for-cold-reads.md.
"""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.aws.memory import on_forget, remembered


class EventItem(Model):
    """One event as the events table holds it."""

    class Meta:
        """PynamoDB's settings of the table."""

        table_name: str

    stream_id = UnicodeAttribute(hash_key=True)
    version = NumberAttribute(range_key=True)
    event_id = UnicodeAttribute()
    # A plain attribute, not a discriminator: an event type from a newer writer must stay readable.
    type = UnicodeAttribute()
    change = UnicodeAttribute()
    state = UnicodeAttribute()
    state_schema = NumberAttribute()
    idempotency_key = UnicodeAttribute(null=True)
    request_hash = UnicodeAttribute(null=True)
    actor = UnicodeAttribute()
    client = UnicodeAttribute(null=True)
    operation = UnicodeAttribute(null=True)
    undoes = UnicodeAttribute(null=True)
    direction = UnicodeAttribute(null=True)
    occurred_at = UnicodeAttribute()
    correlation_id = UnicodeAttribute(null=True)
    causation_id = UnicodeAttribute(null=True)
    imported_at = UnicodeAttribute(null=True)
    more = NumberAttribute(null=True)


@remembered
def events() -> type[EventItem]:
    """The model, bound to this stage's table and to the shared client (PynamoDB would create its own)."""
    EventItem.Meta.table_name = settings.events_table()
    EventItem._get_connection().connection._client = dynamodb.raw_client()
    return EventItem


@on_forget
def forget() -> None:
    """Bind the model anew at its next use."""
    events.cache_clear()
    EventItem._connection = None
