"""`/stats` and `/health`: the owner's counts, and whether the service answers."""

from __future__ import annotations

from typing import Final

from chalice.app import Response

from chalicelib.api.problems import answer
from chalicelib.api.request import Request, parameters
from chalicelib.todos import fold
from chalicelib.views import queries

VERSION: Final = "0.1.0"


def stats(request: Request) -> Response:
    parameters(request)
    tally = queries.tally(request.owner)
    counts = {"total": tally.total, "open": tally.open, "completed": tally.completed}
    return answer(200, counts)


def health(request: Request) -> Response:
    """Liveness alone: it reads nothing, so that a store's trouble does not take the API out of service too."""
    parameters(request)
    return answer(200, {"status": "ok", "version": VERSION, "state_schema": fold.STATE_SCHEMA})
