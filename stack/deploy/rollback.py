"""The way back: the compute stack's template before the present one, with its code, both in the bucket for artifacts.

Each deployment of the compute stack names two templates among its parameters, by their keys in the bucket: its own, and
the one before. A template names its code by content, so the two are all that a rollback needs.
"""

from __future__ import annotations

import json
from typing import Any, Final

from chalicelib import __version__
from chalicelib.todos import fold
from stack.deploy.applying import apply
from stack.deploy.artifacts import Artifacts
from stack.deploy.changes import Change
from stack.deploy.cloudformation import Stack
from stack.errors import NotDeployed, StackError

_OURS: Final = "todo-ledger"
_STATE_SCHEMA: Final = "StateSchema"


def metadata() -> dict[str, Any]:
    """What a template says about its code: the version, and that of the states which it stores."""
    return {_OURS: {"Version": __version__, _STATE_SCHEMA: fold.STATE_SCHEMA}}


def parameters(outputs: dict[str, str], template: str) -> dict[str, str]:
    """The parameters that name a template which is to be deployed, and the one that it replaces.

    Parameters
    ----------
    outputs : dict of str to str
        The compute stack's; empty if it does not exist.
    template : str
        Its key. Deploying the same one again does not change what was before it.
    """
    running = outputs.get("Template", "")
    previous = outputs["PreviousTemplate"] if running == template else running
    return {"Template": template, "PreviousTemplate": previous}


def roll_back(compute: Stack, artifacts: Artifacts) -> list[Change]:
    """Deploy the previous template and its code again, with the present values of the parameters; data is not touched.

    Doing it a second time returns to the version that was rolled back.

    Returns
    -------
    list of Change

    Raises
    ------
    NotDeployed
        There is no deployment, or only one.
    StackError
        The code before cannot read what the present code stores.
    DeploymentFailed
    """
    outputs = compute.outputs()
    running, previous = outputs.get("Template"), outputs.get("PreviousTemplate")
    if not running or not previous:
        raise NotDeployed(f"a version before that of the stack {compute.name}")
    template, replaced = (json.loads(artifacts.read(key)) for key in (previous, running))
    _refuse_older_schema(template["Metadata"][_OURS], replaced["Metadata"][_OURS])
    present = compute.parameters()
    values = {name: present[name] for name in template["Parameters"] if name in present}
    values |= {"Template": previous, "PreviousTemplate": running}
    return apply(compute.prepare({"TemplateURL": artifacts.url(previous)}, values))


def _refuse_older_schema(previous: dict[str, Any], running: dict[str, Any]) -> None:
    """An older fold would go on from states that it does not understand."""
    if previous[_STATE_SCHEMA] < running[_STATE_SCHEMA]:
        raise StackError(
            f"version {running['Version']} stores states of schema {running[_STATE_SCHEMA]}, and version "
            f"{previous['Version']} knows only {previous[_STATE_SCHEMA]}: repair the new version, and deploy that"
        )
