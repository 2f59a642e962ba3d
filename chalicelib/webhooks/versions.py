"""The versions of a subscription: what a webhook wants, and since when.

Who receives an event follows from the event and these alone: the version in force at the event's `occurred_at` decides.
So a redelivered, redriven or republished event finds the same recipients, whatever was changed in the meantime.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.todos import instants

# A change is in force this much later, so that no event that was decided by the version before falls into the new one.
DELAY_MILLISECONDS: Final = instants.MORE_THAN_CLOCKS_DIFFER

MAX_VERSIONS: Final = 10
# Of all versions, as they are stored: two with as many and as long names of lists as a webhook may have. Each event of
# the owner reads them, and each change writes them.
MAX_BYTES: Final = 32 * 1024
# As long as an event can come again (`guard.REMEMBERED_SECONDS`).
KEPT_MILLISECONDS: Final = 120 * 24 * 3600 * 1000
# A version may be dropped for a newer one only after this: events that it decides about have been published by then.
SETTLED_MILLISECONDS: Final = 3600 * 1000

Names = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Version:
    """What a webhook wants.

    Attributes
    ----------
    since : str
        The first instant that it is in force, as `instants.format_milliseconds` makes it.
    types, lists : tuple of str, optional
        None for all. Lists are those that the todo is in before or after the event.
    """

    since: str
    types: Names
    lists: Names
    enabled: bool

    def wants_type(self, event_type: str) -> bool:
        """Whether it is enabled and wants events of this type."""
        return self.enabled and (self.types is None or event_type in self.types)

    def wants_list(self, list_name: str | None) -> bool:
        """Whether it wants events of this list; None is no list."""
        return self.lists is None or list_name in self.lists


def in_force(versions: Sequence[Version], instant: str) -> Version | None:
    """The version in force at an instant; None before the first. `versions` are in the order of `since`."""
    return next((version for version in reversed(versions) if version.since <= instant), None)


def wants(
    versions: Sequence[Version],
    *,
    event_type: str,
    occurred_at: str,
    list_name: str,
    previous_list: Callable[[], str | None],
) -> bool:
    """Whether a subscription with these versions receives an event.

    Parameters
    ----------
    list_name : str
        The list that the todo is in after the event.
    previous_list : callable
        The list that it was in before, or None if it was in the same; called only if it matters.
    """
    version = in_force(versions, occurred_at)
    if version is None or not version.wants_type(event_type):
        return False
    return version.wants_list(list_name) or version.wants_list(previous_list())


def with_change(
    versions: Sequence[Version], *, types: Names, lists: Names, enabled: bool, now: int
) -> tuple[Version, ...]:
    """The versions with one more, unless the newest says the same; the oldest are dropped.

    Parameters
    ----------
    now : int
        Milliseconds since 1970.
    """
    if versions and (versions[-1].types, versions[-1].lists, versions[-1].enabled) == (types, lists, enabled):
        return tuple(versions)
    # Later than the one before, also if the clock was set back.
    since = instants.instant_after(versions[-1].since if versions else None, now + DELAY_MILLISECONDS)
    changed = [*versions, Version(since, types, lists, enabled)]
    oldest = instants.format_milliseconds(now - KEPT_MILLISECONDS)
    while len(changed) > 1 and (
        len(changed) > MAX_VERSIONS or changed[1].since <= oldest or len(dumps(changed).encode()) > MAX_BYTES
    ):
        del changed[0]
    return tuple(changed)


def settles_at(before: Sequence[Version], after: Sequence[Version]) -> int:
    """From when on a change drops no version that events are still being decided by; in milliseconds, 0 for always."""
    if not before or not after or before[0] == after[0]:
        return 0
    return instants.milliseconds_of(after[0].since) + SETTLED_MILLISECONDS


def dumps(versions: Sequence[Version]) -> str:
    """The versions as they are stored."""
    # In UTF-8, where a name of a list has at most 300 bytes; escaped it could have four times as many.
    return json.dumps([[each.since, each.types, each.lists, each.enabled] for each in versions], ensure_ascii=False)


def loads(text: str) -> tuple[Version, ...]:
    """The versions that a text stores."""
    return tuple(
        Version(since, _names(types), _names(lists), enabled) for since, types, lists, enabled in json.loads(text)
    )


def _names(names: list[str] | None) -> Names:
    return None if names is None else tuple(names)
