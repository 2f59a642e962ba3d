"""Catching the views up from the ledger: projecting what a gap in the stream left out."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.views import pointer, projector
from chalicelib.views.backfill import Filling


def catch_up(progress: Callable[[Filling], None] = lambda _: None) -> Filling:
    """Project every stream whose newest event the views do not have; it may run twice, or beside `project`.

    Parameters
    ----------
    progress : callable, optional
        Called with the counts after each batch.

    Returns
    -------
    Filling
        How many streams were examined and projected, and the ids of those that cannot be projected.

    Raises
    ------
    ProjectionIncomplete
        Some owners were not projected, as while DynamoDB throttles; run it again.
    """
    filling = Filling()
    filling.advance(lambda: pointer.pointer().tables, projector.lagging, progress=progress)
    return filling
