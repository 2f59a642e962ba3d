"""The deployed Lambda functions of a stage, whichever way they came, and what is to be set of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from chalice.constants import DEFAULT_LAMBDA_MEMORY_SIZE, DEFAULT_LAMBDA_TIMEOUT

from stack.deployment import Deployment
from stack.differences import Difference, compare
from stack.references import References
from stack.stages import Function


def references(deployment: Deployment) -> References:
    """What the template of the compute stack refers to, in this deployment."""
    exports = {f"{deployment.data.name}-{name}": value for name, value in deployment.outputs().items()}
    return References({**deployment.parameters(), **deployment.place}, exports)


def environment(deployment: Deployment, function: str) -> dict[str, str]:
    """The environment variables of a function, as the merged template gives them."""
    template = deployment.stage.compute_template
    (described,) = (one for one in deployment.stage.functions() if one.name == function)
    own = template["Resources"].get(described.resource, {}).get("Properties", {})
    stated = [template["Globals"]["Function"], own]
    refer = references(deployment)
    found: dict[str, str] = dict(described.config.environment_variables)
    for part in stated:
        found |= refer.resolve(part.get("Environment", {}).get("Variables", {}))
    return found


def names(deployment: Deployment) -> dict[str, str]:
    """The names that the functions have on Lambda, by those that they have in the app."""
    resources = deployment.compute.resources()
    return {one.name: resources.get(one.resource, one.deployed_name) for one in deployment.stage.functions()}


def differences(deployment: Deployment) -> Iterator[Difference]:
    """What of the functions' own settings is not what it should be."""
    deployed = names(deployment)
    client = deployment.client("lambda")
    for function in deployment.stage.functions():
        where = f"function {function.name}"
        try:
            found = client.get_function(FunctionName=deployed[function.name])
        except client.exceptions.ResourceNotFoundException:
            yield Difference(where, "FunctionName", deployed[function.name], None)
            continue
        configuration = found["Configuration"]
        actual = {name: configuration.get(name) for name in ("MemorySize", "Timeout", "Runtime", "Architectures")}
        actual["Variables"] = configuration.get("Environment", {}).get("Variables", {})
        actual["TracingConfig"] = configuration.get("TracingConfig", {}).get("Mode", "PassThrough")
        actual["ReservedConcurrentExecutions"] = found.get("Concurrency", {}).get("ReservedConcurrentExecutions")
        yield from compare(where, _wanted(deployment, function), actual)
        yield from _retention(deployment, where, deployed[function.name], function.config.log_retention_in_days)


def settle(deployment: Deployment) -> Iterator[Difference]:
    """Set what of memory, timeout, environment, tracing, concurrency and log retention differs; yields what did."""
    deployed = names(deployment)
    client, logs = deployment.client("lambda"), deployment.client("logs")
    for found in list(differences(deployment)):
        name = deployed[found.where.removeprefix("function ")]
        match found.name:
            case "MemorySize" | "Timeout":
                _update(client, name, {found.name: found.wanted})
            case "Variables":
                _update(client, name, {"Environment": {"Variables": found.wanted}})
            case "TracingConfig":
                _update(client, name, {"TracingConfig": {"Mode": found.wanted}})
            case "ReservedConcurrentExecutions" if found.wanted is None:
                client.delete_function_concurrency(FunctionName=name)
            case "ReservedConcurrentExecutions":
                client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=found.wanted)
            case "RetentionInDays":
                # The functions may not make log groups, and Chalice makes that of the API under another name.
                with suppress(logs.exceptions.ResourceAlreadyExistsException):
                    logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
                logs.put_retention_policy(logGroupName=f"/aws/lambda/{name}", retentionInDays=found.wanted)
            case _:
                # Only a deployment makes functions, and chooses what they run on.
                continue
        yield found


def _wanted(deployment: Deployment, function: Function) -> dict[str, Any]:
    config = function.config
    return {
        "MemorySize": config.lambda_memory_size or DEFAULT_LAMBDA_MEMORY_SIZE,
        "Timeout": config.lambda_timeout or DEFAULT_LAMBDA_TIMEOUT,
        "Runtime": config.lambda_python_version,
        "Architectures": [config.lambda_architecture],
        "Variables": environment(deployment, function.name),
        "TracingConfig": "Active" if config.xray_enabled else "PassThrough",
        "ReservedConcurrentExecutions": config.reserved_concurrency,
    }


def _retention(deployment: Deployment, where: str, name: str, wanted: int) -> Iterator[Difference]:
    pages = deployment.client("logs").get_paginator("describe_log_groups")
    groups = pages.paginate(logGroupNamePrefix=f"/aws/lambda/{name}").build_full_result()["logGroups"]
    found = [group.get("retentionInDays") for group in groups if group["logGroupName"] == f"/aws/lambda/{name}"]
    yield from compare(where, {"RetentionInDays": wanted}, {"RetentionInDays": found[0] if found else None})


def _update(client: Any, name: str, settings: dict[str, Any]) -> None:
    client.update_function_configuration(FunctionName=name, **settings)
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
