"""Where the ledger is: in the environment, or else the local stack that `make up` started."""

from __future__ import annotations

import os

from loaders.errors import CannotLoad


def find_ledger() -> None:
    """See to it that the environment names the events table.

    Raises
    ------
    CannotLoad
        When it names none and no local stack runs.
    """
    if "EVENTS_TABLE" in os.environ:
        return
    # Only needed here, and it brings the whole of `stack` with it.
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
