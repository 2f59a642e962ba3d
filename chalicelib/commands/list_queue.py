"""The messages by which long lists are cleared and renamed: each names one page's work, and what is left follows it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

import msgspec

from chalicelib import settings
from chalicelib.aws import sqs
from chalicelib.commands.list_operation import ListOperation, TodoAt
from chalicelib.todos.errors import Poison
from chalicelib.views.cuts import Cut

# Below every revision: to the first pass of a rename every todo is new.
NO_REVISION: Final = -1


@dataclass(frozen=True, slots=True)
class Pass:
    """One walk through a list that is renamed.

    Attributes
    ----------
    number : int
        1 for the first.
    before : int
        The revision of the cut of the pass before. A todo whose row is later has come, or was changed, since then.
    found_new : bool
        Whether this pass has found such todos so far.
    moved : int
        How many todos the request moved itself, before it left the rest to the queue.
    """

    number: int = 1
    before: int = NO_REVISION
    found_new: bool = False
    moved: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """A page's work.

    Attributes
    ----------
    cut : Cut
        What the list had.
    after : str, optional
        The place in the list up to which it is done.
    todos : tuple of (str, int), optional
        These todos alone, and nothing after them: those that failed, in a message of their own.
    renaming : Pass, optional
        Of a list that is renamed.
    """

    operation: ListOperation
    cut: Cut
    after: str | None = None
    todos: tuple[TodoAt, ...] | None = None
    renaming: Pass | None = None


def send(work: Work) -> None:
    """Hand work to the queue.

    Raises
    ------
    Unavailable
    """
    sqs.send(settings.clear_queue_url(), encode(work))


def encode(work: Work) -> str:
    """Work as the body of a message: ASCII, since SQS refuses some characters that a list's name may have."""
    return json.dumps(asdict(work))


def decode(body: str) -> Work:
    """The work that a message's body states.

    Raises
    ------
    Poison
        When it is no such message.
    """
    try:
        stated = json.loads(body)
        if isinstance(stated, dict) and "asked_at" in stated:
            raise Poison(
                "the message was sent by an earlier version of the service, and does not say which todos the list "
                f"{stated.get('list_name')!r} had: nothing was deleted by it; clear the list again if that is wanted"
            )
        return msgspec.convert(stated, Work)
    except (ValueError, msgspec.ValidationError) as error:
        raise Poison(f"not a list to be cleared or renamed: {error}") from error
