"""The exceptions of publishing."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.todos.errors import Poison, Unavailable


class Refused(Poison):
    """The topic does not accept a message, however often it is sent."""


class PublishIncomplete(Unavailable):
    """Some messages could not be published for now; all others were."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(f"{len(reasons)} messages could not be published: {', '.join(sorted(set(reasons)))}")
