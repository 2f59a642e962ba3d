"""The log of deliveries that an owner can read: one item for the tries of an invocation to a webhook.

So a try alone costs a write unit, and ten in a batch share one. Nothing depends on the log: an entry that cannot be
written is lost.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

from chalicelib import logs
from chalicelib.aws import settings_table
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Partition

MAX_ENTRIES: Final = 50
KEPT_SECONDS: Final = 14 * 24 * 3600
_PREFIX: Final = "webhook-log#"

# The results of a try.
DELIVERED: Final = "delivered"
REJECTED: Final = "rejected"
GONE: Final = "gone"
TIMED_OUT: Final = "timed-out"
UNREACHABLE: Final = "unreachable"
ADDRESS_REFUSED: Final = "address-refused"
WRONG_ANSWER: Final = "wrong-answer"
UNVERIFIED: Final = "unverified"
RESULTS: Final = (
    DELIVERED, REJECTED, GONE, TIMED_OUT, UNREACHABLE, ADDRESS_REFUSED, WRONG_ANSWER, UNVERIFIED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One try.

    Attributes
    ----------
    event_id : str, optional
        None for a ping.
    tried_at : str
    result : str
        One of `RESULTS`. It says nothing about the addresses that the URL's name leads to.
    status : int, optional
        Of the answer, if there was one.
    milliseconds : int
        How long it took.
    next_try_at : str, optional
        None if there is none.
    """

    event_id: str | None
    type: str
    tried_at: str
    result: str
    status: int | None
    milliseconds: int
    next_try_at: str | None


def write(entries: Iterable[tuple[Partition, str, Entry]]) -> None:
    """Add entries, each of a webhook (partition, id)."""
    by_webhook: defaultdict[tuple[Partition, str], list[Entry]] = defaultdict(list)
    for partition, webhook_id, entry in entries:
        by_webhook[partition, webhook_id].append(entry)
    for (partition, webhook_id), tried in by_webhook.items():
        newest = max(entry.tried_at for entry in tried)
        key = f"{_PREFIX}{webhook_id}#{newest}#{uuid.uuid4().hex[:8]}"
        texts = {"tries": json.dumps([list(asdict(entry).values()) for entry in tried], separators=(",", ":"))}
        try:
            settings_table.put_expiring(partition, key, texts, KEPT_SECONDS)
        except Unavailable as error:
            logs.warn("deliveries could not be logged", error)


def newest(partition: Partition, webhook_id: str) -> list[Entry]:
    """The last tries of a webhook, the last first.

    Raises
    ------
    Unavailable
    """
    items = settings_table.newest(partition, f"{_PREFIX}{webhook_id}#", MAX_ENTRIES)
    entries = [Entry(*values) for item in items for values in json.loads(item["tries"]["S"])]
    return sorted(entries, key=lambda entry: entry.tried_at, reverse=True)[:MAX_ENTRIES]
