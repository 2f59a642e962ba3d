"""What a deployment changes, printed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stack.deploy.changes import Change


def print_changes(stack: str, changes: Iterable[Change]) -> None:
    """Print a line for the stack, and one for each change of it."""
    lines = [f"  {change}" for change in changes]
    print(f"{stack}:" if lines else f"{stack}: nothing changes")
    for line in lines:
        print(line)
