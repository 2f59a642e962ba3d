"""Functions that `chalice deploy` has made: a second set of them would be a second pair of readers of the stream."""

from __future__ import annotations

from typing import Any

from stack.deploy.stages import Stage
from stack.errors import StackError


def refuse_beside(client: Any, stage: Stage) -> None:
    """Refuse to go on if functions of a stage exist. The caller knows that its compute stack does not.

    Parameters
    ----------
    client : Lambda client
    stage : Stage

    Raises
    ------
    StackError
        The message says what to run.
    """
    found = [one.deployed_name for one in stage.functions() if _exists(client, one.deployed_name)]
    if found:
        raise StackError(
            f"there is no stack {stage.compute_stack}, but there are functions by these names: {', '.join(found)}. "
            f"`chalice deploy` makes them. Run `.venv/bin/chalice delete --stage {stage.name}` in the checkout that "
            "deployed them, then this command again. That keeps data and logs, and the stream keeps what is written "
            "meanwhile for 24 hours"
        )


def _exists(client: Any, function: str) -> bool:
    try:
        client.get_function_configuration(FunctionName=function)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True
