"""What a command is: a name, a line of help, its arguments, and the function that runs it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass


def _add_nothing(parser: ArgumentParser) -> None:
    """Add no arguments."""


@dataclass(frozen=True)
class Command:
    """One command of ``python -m stack``.

    Attributes
    ----------
    name, help : str
    run : callable
        Takes the parsed arguments, ``directory`` among them, and returns the exit code. It raises `StackError` for a
        failure that a person can act on.
    add_arguments : callable, optional
        Adds the command's own arguments to its parser.
    """

    name: str
    help: str
    run: Callable[[Namespace], int]
    add_arguments: Callable[[ArgumentParser], None] = _add_nothing
