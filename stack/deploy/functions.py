"""The Lambda functions of a deployment, made by CloudFormation or by `chalice deploy`: names, environment, logs."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from stack.deploy.deployment import Deployment
from stack.deploy.references import References


def references(deployment: Deployment) -> References:
    """The values that the compute stack's template refers to, in this deployment."""
    exports = {f"{deployment.data.name}-{name}": value for name, value in deployment.outputs().items()}
    return References({**deployment.parameters(), **deployment.place}, exports)


def environments(deployment: Deployment) -> dict[str, dict[str, str]]:
    """The environment variables of each function, by its name in the app, as the merged template defines them."""
    template, refer = deployment.stage.compute_template, references(deployment)
    everywhere = template["Globals"]["Function"]["Environment"]["Variables"]
    found = {}
    for function in deployment.stage.functions():
        own = template["Resources"].get(function.resource, {}).get("Properties", {}).get("Environment", {})
        of_template = refer.resolve({**everywhere, **own.get("Variables", {})})
        found[function.name] = {**function.config.environment_variables, **of_template}
    return found


def deployed_names(deployment: Deployment) -> dict[str, str]:
    """The functions' names on Lambda, by their names in the app."""
    resources = deployment.compute.resources()
    return {one.name: resources.get(one.resource, one.deployed_name) for one in deployment.stage.functions()}


def keep_log(logs: Any, name: str, days: int) -> None:
    """Make the log group of a function, which may not make one itself, and set for how many days it keeps its lines.

    Parameters
    ----------
    logs : CloudWatch Logs client
    name : str
        The function's name on Lambda.
    days : int
    """
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
    logs.put_retention_policy(logGroupName=f"/aws/lambda/{name}", retentionInDays=days)
