"""What all rooms of the stack refer to: the repository, the state directory, the local engine's stage and tokens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from stack.errors import Misconfigured

REPOSITORY: Final = Path(__file__).resolve().parent.parent

# The stage of .chalice/config.json that is deployed to the local engine.
LOCAL: Final = "local"

# Of the tokens that the local issuer makes. A day is long enough to try things out, and a token is only valid here.
DEFAULT_SCOPE: Final = "todos:read todos:write"
TOKEN_SECONDS: Final = 24 * 3600


def persists() -> bool:
    """Whether the local stack keeps what it acknowledges: unless ``PERSIST`` is ``off``.

    Raises
    ------
    Misconfigured
        It has another value than ``on`` and ``off``.
    """
    value = os.environ.get("PERSIST") or "on"
    if value not in ("on", "off"):
        raise Misconfigured(f"PERSIST is {value!r}; it can be 'on' (the default) or 'off'")
    return value == "on"


def default_directory() -> Path:
    """Where ``make up`` keeps its stack, and where all stacks keep their packages.

    ``TODO_LEDGER_DIRECTORY`` names it; otherwise it is ``.local/`` in the repository.
    """
    return Path(os.environ.get("TODO_LEDGER_DIRECTORY") or REPOSITORY / ".local")
