"""Finding the ledger: from the environment, or the local stack that `make up` started."""

from __future__ import annotations

import os

from loaders.errors import CannotLoad


def find_ledger() -> None:
    """Point the environment at the events table, unless it names one.

    Raises
    ------
    CannotLoad
        It names none, and no local stack is running.
    """
    if "EVENTS_TABLE" in os.environ:
        return
    # Imported only here because it loads most of `stack`.
    from stack.errors import StackError
    from stack.local.local_stack import LocalStack
    from stack.settings import default_directory

    try:
        os.environ.update(LocalStack(default_directory()).environment())
    except StackError as error:
        raise CannotLoad(
            f"no ledger to load into ({error}): run `make up` first,"
            " or set EVENTS_TABLE and the AWS credentials and region"
        ) from None
