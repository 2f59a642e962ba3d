"""The deployed Lambda functions of a stage, whichever way they came, and what is to be set of them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from chalice.constants import DEFAULT_LAMBDA_MEMORY_SIZE, DEFAULT_LAMBDA_TIMEOUT

from stack.deploy.deployment import Deployment
from stack.deploy.references import References
from stack.deploy.stages import Function
from stack.drift.differences import Difference, compare


def references(deployment: Deployment) -> References:
    """What the template of the compute stack refers to, in this deployment."""
    exports = {f"{deployment.data.name}-{name}": value for name, value in deployment.outputs().items()}
    return References({**deployment.parameters(), **deployment.place}, exports)


def environments(deployment: Deployment) -> dict[str, dict[str, str]]:
    """The environment variables of each function, as the merged template gives them."""
    template, refer = deployment.stage.compute_template, references(deployment)
    everywhere = template["Globals"]["Function"]["Environment"]["Variables"]
    found = {}
    for function in deployment.stage.functions():
        own = template["Resources"].get(function.resource, {}).get("Properties", {}).get("Environment", {})
        stated = refer.resolve({**everywhere, **own.get("Variables", {})})
        found[function.name] = {**function.config.environment_variables, **stated}
    return found


def names(deployment: Deployment) -> dict[str, str]:
    """The names that the functions have on Lambda, by those that they have in the app."""
    resources = deployment.compute.resources()
    return {one.name: resources.get(one.resource, one.deployed_name) for one in deployment.stage.functions()}


def deployed(deployment: Deployment) -> Iterator[tuple[Function, dict[str, Any] | None]]:
    """Each function with what Lambda has of it (GetFunction); None where it is not deployed."""
    client, called = deployment.client("lambda"), names(deployment)
    for function in deployment.stage.functions():
        try:
            yield function, client.get_function(FunctionName=called[function.name])
        except client.exceptions.ResourceNotFoundException:
            yield function, None


def differences(deployment: Deployment) -> Iterator[Difference]:
    """What of the functions' own settings, and of their code, is not what it should be."""
    called, variables = names(deployment), environments(deployment)
    code = hashlib.sha256(deployment.packaged().code.read_bytes()).digest()
    for function, found in deployed(deployment):
        where = f"function {function.name}"
        if found is None:
            yield Difference(where, "FunctionName", called[function.name], None)
            continue
        configuration = found["Configuration"]
        read = ("CodeSha256", "MemorySize", "Timeout", "Runtime", "Architectures")
        actual = {name: configuration.get(name) for name in read}
        actual["Variables"] = configuration.get("Environment", {}).get("Variables", {})
        actual["TracingConfig"] = configuration.get("TracingConfig", {}).get("Mode", "PassThrough")
        actual["ReservedConcurrentExecutions"] = found.get("Concurrency", {}).get("ReservedConcurrentExecutions")
        wanted = {"CodeSha256": base64.b64encode(code).decode(), **_wanted(function)}
        wanted["Variables"] = variables[function.name]
        yield from compare(where, wanted, actual)
        yield from _retention(deployment, where, called[function.name], function.config.log_retention_in_days)


def settle(deployment: Deployment) -> Iterator[Difference]:
    """Set what of memory, timeout, environment, tracing, concurrency and log retention differs; yields what did."""
    called = names(deployment)
    client, logs = deployment.client("lambda"), deployment.client("logs")
    for found in list(differences(deployment)):
        name = called[found.where.removeprefix("function ")]
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
                keep_log(logs, name, found.wanted)
            case _:
                # Only a deployment makes functions, and chooses their code and what they run on.
                continue
        yield found


def keep_log(logs: Any, name: str, days: int) -> None:
    """Make the log group of a function, which may not make one by itself, and let it keep its lines so long."""
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
    logs.put_retention_policy(logGroupName=f"/aws/lambda/{name}", retentionInDays=days)


def _wanted(function: Function) -> dict[str, Any]:
    config = function.config
    return {
        "MemorySize": config.lambda_memory_size or DEFAULT_LAMBDA_MEMORY_SIZE,
        "Timeout": config.lambda_timeout or DEFAULT_LAMBDA_TIMEOUT,
        "Runtime": config.lambda_python_version,
        "Architectures": [config.lambda_architecture],
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
