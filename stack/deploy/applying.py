"""What is done with a change set: look at it, or carry it out unless it would lose data."""

from __future__ import annotations

from collections.abc import Iterable

from stack.deploy.changes import Change
from stack.deploy.cloudformation import ChangeSet
from stack.errors import WouldLoseData


def preview(change_set: ChangeSet | None) -> list[Change]:
    """The changes of a change set, which is discarded; none if it is None."""
    if change_set is None:
        return []
    found = change_set.changes()
    change_set.discard()
    return found


def apply(change_set: ChangeSet | None) -> list[Change]:
    """Execute a change set, and return its changes; None has none.

    Raises
    ------
    WouldLoseData
        The change set was discarded.
    DeploymentFailed
    """
    if change_set is None:
        return []
    found = change_set.changes()
    try:
        refuse_to_lose_data(found)
    except WouldLoseData:
        change_set.discard()
        raise
    change_set.execute()
    return found


def refuse_to_lose_data(found: Iterable[Change]) -> None:
    """Refuse changes that replace or remove a table, a bucket or a queue.

    Raises
    ------
    WouldLoseData
        The message lists what would be lost.
    """
    lost = [f"  {change}" for change in found if change.loses_data]
    if lost:
        raise WouldLoseData("refused, since data would be lost:\n" + "\n".join(lost))
