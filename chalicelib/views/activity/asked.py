"""What a reader of the activity asks for."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.todos import instants
from chalicelib.todos.events import Event


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events: those that fulfil all of this; None asks for any.

    Attributes
    ----------
    list_name : str, optional
        The list that the todo was in after the event, or before it.
    since, until : str, optional
        When it occurred, inclusive, as `instants.sortable` makes it.
    """

    actor: str | None = None
    client: str | None = None
    operation: str | None = None
    type: str | None = None
    list_name: str | None = None
    since: str | None = None
    until: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether every event is asked for, also one that cannot be read."""
        return self == Asked()

    @property
    def since_milliseconds(self) -> int | None:
        """Since when, in milliseconds since 1970."""
        return instants.milliseconds_of(self.since) if self.since is not None else None

    def may_leave_a_list(self, event: Event) -> bool:
        """Whether the event before is needed: it says whether the todo has left the list."""
        return self.list_name is not None and event.state["list"] != self.list_name and "list" in event.change

    def accepts(self, event: Event, before: Event | None) -> bool:
        """Whether the event is asked for; the one before it matters only if `may_leave_a_list`."""
        stated = (
            (self.actor, event.actor),
            (self.client, event.client),
            (self.operation, event.operation),
            (self.type, event.type),
        )
        if any(asked is not None and asked != value for asked, value in stated):
            return False
        occurred_at = instants.sortable(event.occurred_at)
        if not (self.since or occurred_at) <= occurred_at <= (self.until or occurred_at):
            return False
        if self.list_name is None or event.state["list"] == self.list_name:
            return True
        return self.may_leave_a_list(event) and before is not None and before.state["list"] == self.list_name
