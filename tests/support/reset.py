"""What a process of the service remembers, and how a test gets rid of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from chalicelib.aws import memory
from chalicelib.commands import execute
from chalicelib.ledger import model
from chalicelib.views import current


def become(patch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    """Give this process the settings of a deployed function."""
    for name, value in variables.items():
        patch.setenv(name, value)


def forget_everything() -> None:
    """Make this process one that has just started: it has no client, table, issuer's key or todo."""
    memory.forget()


def forget_tables() -> None:
    """Forget which table the ledger's model is bound to, the views in use, and the todos; the clients are kept."""
    model.forget()
    current.forget()
    forget_todos()


def forget_todos() -> None:
    """Forget the newest events, as if the next request came to another process."""
    execute.forget()
