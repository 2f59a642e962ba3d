"""The views' exceptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.todos.errors import Permanent, Transient, Unavailable
from chalicelib.todos.ids import Partition
from chalicelib.views.projection import Head


class ViewsUnavailable(Unavailable):
    """DynamoDB did not answer, or refused for now (throttling)."""


class TableGone(ViewsUnavailable):
    """The views table was dropped: a rebuild has replaced it, or was abandoned."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that no retry can project; the others of its batch are in the views."""

    owner: Partition
    head: Head
    error: Exception


class ProjectionIncomplete(Transient):
    """Some owners' events could not be projected for now; those of the others are in the views.

    Attributes
    ----------
    failures : mapping of str to Exception
        By owner (as encoded in keys).
    refused : sequence of Refused
        Events of the same batch that no retry can project.
    """

    def __init__(self, failures: Mapping[str, Exception], refused: Sequence[Refused]) -> None:
        super().__init__(f"{len(failures)} owners, such as: {next(iter(failures.values()))!r}")
        self.failures = failures
        self.refused = refused


class Outrun(Transient):
    """Another process has changed the item since it was read."""


class PositionExpired(Permanent):
    """The changes after a position are no longer available: its reader starts over. The message says why."""
