"""The Lambda functions of a deployment, made by CloudFormation or by `chalice deploy`: names, environment, logs."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from stack.deploy import chalice_functions, concurrency
from stack.deploy.deployment import Deployment
from stack.deploy.references import References

_ALWAYS: Final = {"Fn::Equals": ["", ""]}


def references(deployment: Deployment) -> References:
    """The values that the compute stack's template refers to, in this deployment.

    Before there is an API, its address is empty.
    """
    exports = {f"{deployment.data.name}-{name}": value for name, value in deployment.outputs().items()}
    template = deployment.stage.compute_template
    declared = template["Parameters"].items()
    # The local engine gives no values to those that have a default.
    defaults = {name: str(parameter["Default"]) for name, parameter in declared if "Default" in parameter}
    values = {**defaults, **deployment.parameters(), **deployment.place}
    conditions = template["Conditions"]
    if (api := deployed_api(deployment)) is None:
        return References(values, exports, {**conditions, "HasPublicUrl": _ALWAYS})
    of_the_api = {"RestAPI": api, "RestAPI.Stage": deployment.stage.api_stage}
    return References(values | of_the_api, exports, conditions)


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


def check(deployment: Deployment) -> None:
    """Refuse what a deployment of the compute stack would fail on, as far as it is known before anything is deployed.

    Raises
    ------
    Misconfigured
    StackError
        `chalice deploy` has deployed the same functions.
    """
    deployment.configured_parameters()
    check_concurrency(deployment)
    if not deployment.compute.exists():
        chalice_functions.refuse_beside(deployment.client("lambda"), deployment.stage)


def check_concurrency(deployment: Deployment) -> None:
    """Refuse a stage whose functions reserve more than the account can.

    Raises
    ------
    Misconfigured
    """
    concurrency.check_reserved(deployment.client("lambda"), deployment.stage.functions(), deployed_names(deployment))


def deployed_api(deployment: Deployment) -> str | None:
    """The id of the REST API that calls them; None before there is one.

    The compute stack made it, or `chalice deploy` did, which leaves the stage out of its name.
    """
    made: str | None = deployment.compute.outputs().get("RestAPIId")
    if made:
        return made
    client = deployment.client("apigateway")
    name = deployment.stage.chalice().app_name
    for page in client.get_paginator("get_rest_apis").paginate():
        for api in page["items"]:
            if api["name"] == name and deployment.stage.api_stage in _stages(client, api["id"]):
                return str(api["id"])
    return None


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


def _stages(client: Any, api: str) -> list[str]:
    return [stage["stageName"] for stage in client.get_stages(restApiId=api)["item"]]
