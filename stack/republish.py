"""Republish: the ledger's events since an instant, once more on the topic; receivers drop those they know by id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import ledger
from chalicelib.todos import instants
from chalicelib.triggers import publish


@dataclass(slots=True)
class Republished:
    """How many events were looked at, and how many of them were handed to `publish`."""

    examined: int = 0
    handed_over: int = 0


def run(since: str, progress: Callable[[Republished], None] = lambda _: None) -> Republished:
    """Hand every event that happened at or after `since` to `publish`, as the stream would.

    Parameters
    ----------
    since : str
        An RFC 3339 date or date-time.
    progress : callable, optional
        Told of the counts after each page of the ledger.

    Raises
    ------
    ValueError
        When `since` is neither.
    PublishIncomplete
        When some could not be published for now; doing it again does no harm.
    """
    bound = instants.sortable(since)
    done = Republished()
    for page in ledger.scan():
        wanted = [item for item in page if instants.sortable(item["occurred_at"]["S"]) >= bound]
        publish.handle({"Records": [{"dynamodb": {"NewImage": item}} for item in wanted]})
        done.examined += len(page)
        done.handed_over += len(wanted)
        progress(done)
    return done
