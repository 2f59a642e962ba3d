"""Whether a call that adds was made before: its answer may have been lost, and an assistant calls again.

What such a call would create has no version that could tell. So the first of equal calls leaves a nonce, from which the
ids of what it adds follow, and an equal call within a window finds it. A call that states a key is told by that, for a
day. The stored time decides, and not when DynamoDB's TTL removes an item, which may be days later.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass
from typing import Any, Final, Protocol

from chalicelib.aws import settings_table
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.events import canonical_json
from chalicelib.todos.ids import Partition

# Clients give up on a call after one to five minutes, and call again at once. Later, the same text is likely meant.
WINDOW_SECONDS: Final = 5 * 60
KEY_SECONDS: Final = 24 * 3600

_PREFIX: Final = "mcp-add#"
# Each lost race is another's equal call.
_MAX_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """What a call leaves: when it was made (milliseconds since 1970), and the hash of its arguments."""

    nonce: str
    made_at: int
    arguments: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call that adds.

    Attributes
    ----------
    name : str
        What equal calls have in common: their key, or all that they state.
    arguments : str
        The hash of what is to be added.
    """

    name: str
    arguments: str
    seconds: int

    @property
    def has_key(self) -> bool:
        """Whether the caller states which calls are the same."""
        return self.seconds == KEY_SECONDS


@dataclass(frozen=True, slots=True)
class Claim:
    """The nonce of a call, whether this call is the first with it, and how old the first is."""

    nonce: str
    is_first: bool
    age_seconds: int


class KeyOfAnotherCall(Exception):
    """The key was used with other arguments."""


class Store(Protocol):
    """Where calls of an owner leave their entries."""

    def find(self, name: str) -> Entry | None:
        """An entry, by a consistent read."""

    def put(self, name: str, entry: Entry, seconds: int, *, made_until: int, nonce: str | None) -> bool:
        """Leave an entry where there is none, or one made until then, or one with that nonce; False otherwise."""


def call_of(arguments: Any, *, actor: str, client: str | None, operation: str | None, key: str | None) -> Call:
    """The call that adds this, by whom and with what; by its key alone if it has one, of the same client.

    Neither its JSON-RPC id nor `_meta` is part of it: both are new when a client calls again.
    """
    of_arguments = _hash(arguments)
    if key is not None:
        return Call(_hash(["key", client, key]), of_arguments, KEY_SECONDS)
    return Call(_hash(["call", actor, client, operation, of_arguments]), of_arguments, WINDOW_SECONDS)


def claim(store: Store, call: Call, now: int, *, instead_of: str | None = None) -> Claim:
    """The nonce of a call.

    Parameters
    ----------
    now : int
        Milliseconds since 1970.
    instead_of : str, optional
        A nonce that counts no more: the call is another one.

    Raises
    ------
    KeyOfAnotherCall
    Unavailable
        Also where others were faster each time.
    """
    entry = Entry(uuid.uuid4().hex, now, call.arguments)
    for _ in range(_MAX_TRIES):
        made_until = now - call.seconds * 1000
        if store.put(call.name, entry, call.seconds, made_until=made_until, nonce=instead_of):
            return Claim(entry.nonce, is_first=True, age_seconds=0)
        found = store.find(call.name)
        if found is None:
            continue
        # Or it is this call's own, if the answer to the put was lost and the client of DynamoDB tried again: then it
        # finds nothing that the call has added, and goes on like the first.
        if found.arguments != call.arguments:
            raise KeyOfAnotherCall
        return Claim(found.nonce, is_first=False, age_seconds=max(0, now - found.made_at) // 1000)
    raise Unavailable("equal calls were faster each time")


class SettingsStore:
    """The settings table's items of an owner."""

    def __init__(self, partition: Partition) -> None:
        self._partition = partition

    def find(self, name: str) -> Entry | None:
        """An entry, by a strongly consistent read."""
        item = settings_table.find(self._partition, _PREFIX + name)
        if item is None:
            return None
        return Entry(item["nonce"]["S"], int(item["made_at"]["N"]), item["arguments"]["S"])

    def put(self, name: str, entry: Entry, seconds: int, *, made_until: int, nonce: str | None) -> bool:
        """Leave an entry, by one conditional write."""
        condition = "attribute_not_exists(made_at) OR made_at <= :made_until"
        if nonce is not None:
            condition += " OR nonce = :replaced"
        replaced = {} if nonce is None else {":replaced": {"S": nonce}}
        return settings_table.update(
            self._partition,
            _PREFIX + name,
            "SET nonce = :nonce, made_at = :made_at, arguments = :arguments, #expires = :expires",
            {
                ":nonce": {"S": entry.nonce},
                ":made_at": {"N": str(entry.made_at)},
                ":arguments": {"S": entry.arguments},
                ":expires": {"N": str(entry.made_at // 1000 + seconds)},
                ":made_until": {"N": str(made_until)},
                **replaced,
            },
            condition=condition,
            names={"#expires": settings_table.TTL_ATTRIBUTE},
        )


def milliseconds() -> int:
    """The time, since 1970."""
    return time.time_ns() // 1_000_000


def _hash(value: Any) -> str:
    return hashlib.sha256(canonical_json(value).encode(errors="surrogatepass")).hexdigest()
