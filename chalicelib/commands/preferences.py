"""An owner's preferences: one JSON object that clients share, such as the order of lists, in the settings table alone.

The service itself makes nothing of it. It has a version of its own, so that of two devices none overwrites what it has
not seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.aws import settings_table
from chalicelib.aws.retry import back_off
from chalicelib.todos import ids
from chalicelib.todos.decide import IfMatch
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.events import dump_json
from chalicelib.todos.ids import Owner

_SORT_KEY: Final = "preferences"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What is stored, and its version, counted from 1."""

    content: dict[str, Any]
    version: int


class PreferencesChanged(Exception):
    """They are not at a version that the caller accepts.

    Attributes
    ----------
    current : Preferences, optional
        As they are; None while nothing has been stored.
    """

    def __init__(self, current: Preferences | None) -> None:
        super().__init__()
        self.current = current


def read(owner: Owner) -> Preferences | None:
    """The owner's preferences, by a strongly consistent read; None if nothing was stored yet.

    Raises
    ------
    Unavailable
    """
    item = settings_table.find(ids.partition_of(owner), _SORT_KEY)
    return None if item is None else Preferences(json.loads(item["content"]["S"]), int(item["version"]["N"]))


def write(owner: Owner, content: dict[str, Any], if_match: IfMatch | None, *, only_first: bool) -> Preferences:
    """Store the preferences in place of those before; nothing is written if they are the same already.

    So the repeat of a write whose answer was lost succeeds, whatever its precondition (RFC 9110, section 13.1.1).

    Parameters
    ----------
    if_match : IfMatch, optional
        The versions that may be replaced.
    only_first : bool
        Whether nothing may have been stored before.

    Raises
    ------
    PreferencesChanged
        A precondition does not hold.
    Unavailable
        Also if other writers were faster each time.
    """
    for attempt in range(1, settings_table.MAX_TRIES + 1):
        current = read(owner)
        # Not `==`, which takes true for 1.
        if current is not None and dump_json(current.content) == dump_json(content):
            return current
        is_accepted = if_match is None or (current is not None and if_match.accepts(current.version))
        if not is_accepted or (only_first and current is not None):
            raise PreferencesChanged(current)
        wanted = Preferences(content, 1 if current is None else current.version + 1)
        if _replace(owner, wanted):
            return wanted
        back_off(attempt)
    raise Unavailable("others changed the preferences each time")


def _replace(owner: Owner, wanted: Preferences) -> bool:
    """Whether the version before was still there."""
    partition = ids.partition_of(owner)
    values = {"content": {"S": dump_json(wanted.content)}, "version": {"N": str(wanted.version)}}
    if wanted.version == 1:
        return settings_table.put_new({**settings_table.key(partition, _SORT_KEY), **values})
    return settings_table.update(
        partition,
        _SORT_KEY,
        "SET #content = :content, #version = :version",
        {":content": values["content"], ":version": values["version"], ":before": {"N": str(wanted.version - 1)}},
        condition="#version = :before",
        names={"#content": "content", "#version": "version"},
    )
