"""SnapStart: functions that answer requests start from a snapshot of a process that has imported them.

Lambda makes it of published versions alone, so the API calls an alias of the newest. What reads the stream and queues
starts as ever: nobody waits for it, and AWS charges for each version that is kept and each start from it.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
"""

from __future__ import annotations

from typing import Any, Final

from stack.deploy.stages import Function, Stage
from stack.errors import Misconfigured

ALIAS: Final = "live"
FUNCTIONS: Final = ("api_handler", "mcp", "authorize")
# The oldest runtime for Python that has it.
OLDEST_PYTHON: Final = (3, 12)


def check(stage: Stage) -> None:
    """Refuse a stage whose functions are to start from snapshots, and run on what has none.

    Raises
    ------
    Misconfigured
    """
    runtime = str(stage.chalice().lambda_python_version)
    version = tuple(map(int, runtime.removeprefix("python").split(".")))
    if stage.has_snapstart and version < OLDEST_PYTHON:
        raise Misconfigured(
            f"the stage {stage.name} has snapstart, which Lambda has for Python 3.12 and newer. Its functions run on "
            f"{runtime}, as the interpreter in .venv does: make another one with `make PYTHON=python3.12`"
        )


def is_used(stage: Stage, function: Function) -> bool:
    """Whether a function starts from a snapshot in this stage."""
    return stage.has_snapstart and function.name in FUNCTIONS


def apply(template: dict[str, Any], functions: list[Function]) -> None:
    """Let functions of the packaged template start from snapshots, and the API call their alias.

    Parameters
    ----------
    functions : list of Function
        Those that `is_used` names.
    """
    resources = template["Resources"]
    aliases = {f"${{{function.resource}.Arn}}": f"${{{function.resource}.Alias}}" for function in functions}
    for function in functions:
        resources[function.resource]["Properties"] |= {
            "SnapStart": {"ApplyOn": "PublishedVersions"},
            "AutoPublishAlias": ALIAS,
            # A version has the settings with which it was published: other settings need another version, too.
            "AutoPublishAliasAllProperties": True,
        }
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Permission":
            called = properties["FunctionName"]
            name = called.get("Ref") or called.get("Fn::GetAtt", [None])[0]
            if name in {function.resource for function in functions}:
                properties["FunctionName"] = {"Ref": f"{name}.Alias"}
        elif resource["Type"] == "AWS::Serverless::Api":
            properties["DefinitionBody"] = _renamed(properties["DefinitionBody"], aliases)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """A part of a template, with other names in its texts."""
    if isinstance(value, dict):
        return {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if isinstance(value, str):
        for name, other in names.items():
            value = value.replace(name, other)
    return value
