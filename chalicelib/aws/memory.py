"""What a process remembers from one invocation to the next: each module registers its own, and one call forgets all."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from chalicelib import metrics

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

T = TypeVar("T")

# The metrics are registered here, since the modules at the root import no room.
_registered: Final[list[Callable[[], None]]] = [metrics.forget]


def on_forget(forgets: Callable[[], None]) -> Callable[[], None]:
    """Register a function that empties something remembered; usable as a decorator."""
    _registered.append(forgets)
    return forgets


def remembered(make: Callable[[], T]) -> _lru_cache_wrapper[T]:
    """Decorate a function without arguments: its result is made at the first call and kept until `forget`."""
    kept = cache(make)
    on_forget(kept.cache_clear)
    return kept


def forget() -> None:
    """Make this process like one that has just started: no clients, tables, keys, events or counts are remembered."""
    for forgets in _registered:
        forgets()
