"""What a function does anew once Lambda has restored it from a snapshot (SnapStart).

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""

from __future__ import annotations

import importlib
import random
from typing import Final

from chalicelib.aws import memory

# What the first request would import. In the snapshot, it costs nothing.
_AT_FIRST_REQUEST: Final = ("chalicelib.aws.thin.client", "chalicelib.aws.thin.container", "chalicelib.aws.thin.origin")


def register() -> None:
    """Have Lambda call what is below, in a function that starts from a snapshot."""
    # A part of Lambda's runtimes for Python 3.12 and newer.
    hooks = importlib.import_module("snapshot_restore_py")
    hooks.register_before_snapshot(prepare)
    hooks.register_after_restore(start_anew)


def prepare() -> None:
    """Import what is needed later, and remember nothing: a snapshot must hold no connections and no credentials."""
    for name in _AT_FIRST_REQUEST:
        importlib.import_module(name)
    memory.forget()


def start_anew() -> None:
    """Make this process one of its own: all that start from one snapshot have its memory and its random state.

    Ids and secrets do not depend on that, since the system makes their bits. Retries would all wait equally long.
    """
    random.seed()
    memory.forget()
