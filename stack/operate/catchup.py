"""Catching the views up from the ledger: what a gap in the stream left out is projected now."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.views import projector
from chalicelib.views.backfill import Filling


def run(progress: Callable[[Filling], None] = lambda _: None) -> Filling:
    """Project every stream whose newest event the views do not have; doing it twice, or beside `project`, does no harm.

    Parameters
    ----------
    progress : callable, optional
        Told of the counts after each batch.

    Raises
    ------
    ProjectionIncomplete
        When some owners could not be done; run it again.
    """
    filling = Filling()
    filling.advance(projector.tables, projector.lagging, progress=progress)
    return filling
