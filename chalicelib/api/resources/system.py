"""`/stats` and `/health`: the owner's counts, and liveness."""

from __future__ import annotations

from chalicelib import __version__
from chalicelib.api.represent import answer
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.todos import fold
from chalicelib.views import queries


def stats(request: Request) -> Response:
    parameters(request)
    tally = queries.tally(request.owner)
    counts = {"total": tally.total, "open": tally.open, "completed": tally.completed}
    return answer(200, counts)


def health(request: Request) -> Response:
    """Liveness: it reads nothing, so that an outage of the database does not take the API out of service, too."""
    parameters(request)
    return answer(200, {"status": "ok", "version": __version__, "state_schema": fold.STATE_SCHEMA})
