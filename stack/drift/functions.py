"""The Lambda functions of a stage, as Lambda has them and as the app's configuration defines them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from chalice.constants import DEFAULT_LAMBDA_MEMORY_SIZE, DEFAULT_LAMBDA_TIMEOUT

from stack import aws
from stack.deploy import snapstart
from stack.deploy.deployment import Deployment
from stack.deploy.functions import deployed_names, environments, keep_log
from stack.deploy.stages import Function
from stack.drift.differences import Difference, Properties, Settings

# Only a deployment chooses a function's code, and what it runs on.
_FIXED = ("CodeSha256", "Runtime", "Architectures", "SnapStart")
# And all of this, where it is a published version that is called.
_OF_A_VERSION = ("MemorySize", "Timeout", "Variables", "TracingConfig")


def deployed(deployment: Deployment) -> Iterator[tuple[Function, dict[str, Any] | None]]:
    """Each function with Lambda's answer to GetFunction; None if it is not deployed."""
    client, names = deployment.client("lambda"), deployed_names(deployment)
    for function in deployment.stage.functions():
        try:
            yield function, client.get_function(FunctionName=names[function.name])
        except client.exceptions.ResourceNotFoundException:
            yield function, None


def settings(deployment: Deployment) -> Iterator[Settings]:
    """The settings of each function, its code among them, and how long its log is kept."""
    names, variables = deployed_names(deployment), environments(deployment)
    code = base64.b64encode(hashlib.sha256(deployment.package().code.read_bytes()).digest()).decode()
    for function, answer in deployed(deployment):
        where, name = f"function {function.name}", names[function.name]
        if answer is None:
            yield Settings(where, {"FunctionName": name}, {})
            continue
        wanted = {
            "CodeSha256": code,
            **_wanted(function),
            "SnapStart": "PublishedVersions" if snapstart.is_used(deployment.stage, function) else "None",
            "Variables": variables[function.name],
            "RecursiveLoop": _template_properties(deployment, function).get("RecursiveLoop", "Terminate"),
        }
        is_snapshotted = snapstart.is_used(deployment.stage, function)
        if is_snapshotted:
            # Requests reach the version that the alias names, which nothing but a deployment replaces.
            answer["Configuration"] = _published(deployment.client("lambda"), name) or answer["Configuration"]
        found = {
            **_found(answer),
            "RetentionInDays": _retention(deployment.client("logs"), name),
            "RecursiveLoop": deployment.client("lambda").get_function_recursion_config(FunctionName=name)[
                "RecursiveLoop"
            ],
        }
        fixed = (*_FIXED, *_OF_A_VERSION) if is_snapshotted else _FIXED
        yield Settings(where, wanted, found, partial(_put, deployment, name), fixed)


def _published(client: Any, name: str) -> Properties | None:
    """The configuration of a function's version that the alias names; None if there is no alias."""
    try:
        published: Properties = client.get_function_configuration(FunctionName=name, Qualifier=snapstart.ALIAS)
    except client.exceptions.ResourceNotFoundException:
        return None
    return published


def _template_properties(deployment: Deployment, function: Function) -> Properties:
    """What the merged template adds to the function."""
    resource = deployment.stage.compute_template["Resources"].get(function.resource, {})
    properties: Properties = resource.get("Properties", {})
    return properties


def _wanted(function: Function) -> Properties:
    config = function.config
    return {
        "MemorySize": config.lambda_memory_size or DEFAULT_LAMBDA_MEMORY_SIZE,
        "Timeout": config.lambda_timeout or DEFAULT_LAMBDA_TIMEOUT,
        "Runtime": config.lambda_python_version,
        "Architectures": [config.lambda_architecture],
        "TracingConfig": "Active" if config.xray_enabled else "PassThrough",
        "ReservedConcurrentExecutions": config.reserved_concurrency,
        "RetentionInDays": config.log_retention_in_days,
    }


def _found(answer: Properties) -> Properties:
    configuration = answer["Configuration"]
    read = ("CodeSha256", "MemorySize", "Timeout", "Runtime", "Architectures")
    return {
        **{name: configuration.get(name) for name in read},
        "Variables": configuration.get("Environment", {}).get("Variables", {}),
        "TracingConfig": configuration.get("TracingConfig", {}).get("Mode", "PassThrough"),
        "SnapStart": configuration.get("SnapStart", {}).get("ApplyOn", "None"),
        "ReservedConcurrentExecutions": answer.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
    }


def _retention(logs: Any, name: str) -> int | None:
    """For how many days the function's log is kept; None: forever, or there is no log group."""
    pages = logs.get_paginator("describe_log_groups")
    groups = pages.paginate(logGroupNamePrefix=f"/aws/lambda/{name}").build_full_result()["logGroups"]
    return next((one.get("retentionInDays") for one in groups if one["logGroupName"] == f"/aws/lambda/{name}"), None)


def _put(deployment: Deployment, name: str, differences: list[Difference]) -> None:
    client = deployment.client("lambda")
    for difference in differences:
        wanted = difference.wanted
        match difference.name:
            case "MemorySize" | "Timeout":
                _update(client, name, {difference.name: wanted})
            case "Variables":
                _update(client, name, {"Environment": {"Variables": wanted}})
            case "TracingConfig":
                _update(client, name, {"TracingConfig": {"Mode": wanted}})
            case "ReservedConcurrentExecutions" if wanted is None:
                client.delete_function_concurrency(FunctionName=name)
            case "ReservedConcurrentExecutions":
                client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=wanted)
            case "RecursiveLoop":
                client.put_function_recursion_config(FunctionName=name, RecursiveLoop=wanted)
            case "RetentionInDays":
                keep_log(deployment.client("logs"), name, wanted)


def _update(client: Any, name: str, configuration: Properties) -> None:
    client.update_function_configuration(FunctionName=name, **configuration)
    aws.wait(client, "function_updated_v2", FunctionName=name)
