"""What `up` prints when it is done: how to use the local stack, as commands to paste."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from stack.settings import REPOSITORY, default_directory


def explain(url: str, owner: str, directory: Path, link: str, *, kept: bool = True) -> str:
    """How to use the stack that runs at a URL, with its state in a directory, and a link that signs in to its page.

    The commands work for any port and directory when they are pasted into a shell in the repository. None contains a
    token: the first one puts a token for the owner into a variable.
    """
    is_default = directory == default_directory()
    stack = f"{_interpreter()} -m stack{'' if is_default else f' --directory {shlex.quote(str(directory))}'}"
    again, stop = ("make open", "make down") if is_default else (f"{stack} open", f"{stack} down")
    stays = f"the state stays in {_short(directory)}/" if kept else "which forgets everything"
    return f"""
The service is running at {url}/

Open its page, signed in as "{owner}" (the link works once, within ten minutes; this makes another: {again}):

{link}

Put a token for the owner "{owner}" into a variable (it is valid for a day):

  AUTH="Authorization: Bearer $({stack} token --owner {owner})"

Count the todos, list some, create one:

  curl -H "$AUTH" {url}/stats
  curl -H "$AUTH" '{url}/todos?limit=3'
  curl -H "$AUTH" -H 'Content-Type: application/json' -d '{{"title": "Try todo-ledger"}}' {url}/todos

Stop it with: {stop}  ({stays})
"""


def _interpreter() -> str:
    """This Python as it is typed in the repository: usually ``.venv/bin/python``."""
    return shlex.quote(_short(Path(sys.executable)))


def _short(path: Path) -> str:
    """A path within the repository as it is seen from there, any other one whole."""
    return str(path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path)
