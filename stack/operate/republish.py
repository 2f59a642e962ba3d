"""Republishing the ledger's events since an instant; receivers recognise the events that they have by their ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.ledger import scan
from chalicelib.ledger.codec import Item
from chalicelib.publishing import publisher
from chalicelib.todos import instants


@dataclass(slots=True)
class Republished:
    """How many events were examined, and how many of them were handed to `publish`."""

    examined: int = 0
    handed_over: int = 0


def republish(since: str, progress: Callable[[Republished], None] = lambda _: None) -> Republished:
    """Hand every event that happened at or after `since` to `publish`, as the stream would.

    Parameters
    ----------
    since : str
        An RFC 3339 date or date-time.
    progress : callable, optional
        Called with the counts after each page of the ledger.

    Raises
    ------
    ValueError
        `since` is neither.
    PublishIncomplete
        Some could not be published for now; run it again: repeats do no harm.
    AWSError
        The ledger cannot be read for now, or the quarantine queue cannot be written to.
    """
    bound = instants.sortable(since)
    done = Republished()
    for page in scan.scan():
        wanted = [item for item in page if _happened_since(bound, item)]
        publisher.publish_records(map(_record, wanted))
        done.examined += len(page)
        done.handed_over += len(wanted)
        progress(done)
    return done


def _record(item: Item) -> dict[str, Any]:
    """A stored event as a record of the stream; redrive finds it by its keys if it is quarantined."""
    return {"dynamodb": {"Keys": {name: item[name] for name in ("stream_id", "version")}, "NewImage": item}}


def _happened_since(bound: str, item: Item) -> bool:
    try:
        return instants.sortable(item["occurred_at"]["S"]) >= bound
    except (LookupError, ValueError):
        # An item without an instant is not an event. `publish` quarantines it and handles the others.
        return True
