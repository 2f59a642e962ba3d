"""The messages by which the queue works on undos: each names one, and its item says how far it got."""

from __future__ import annotations

import json
from typing import Any

from chalicelib import settings
from chalicelib.aws import sqs
from chalicelib.todos.ids import Owner

_UNDO = "undo"


def send(owner: Owner, undo: str) -> None:
    """Ask for the next page of an undo.

    Raises
    ------
    Unavailable
    """
    sqs.send(settings.clear_queue_url(), json.dumps({_UNDO: undo, "owner": owner}))


def undo_in(body: str) -> tuple[Owner, str] | None:
    """The owner and the undo that a message names; None for a message of another kind."""
    try:
        stated: Any = json.loads(body)
    except ValueError:
        return None
    if not isinstance(stated, dict) or not all(isinstance(stated.get(name), str) for name in (_UNDO, "owner")):
        return None
    return Owner(stated["owner"]), stated[_UNDO]
