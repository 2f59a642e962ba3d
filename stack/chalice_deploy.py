"""What `chalice deploy` is told on a deployer's machine: sources of events, variables, policies, the package.

Chalice takes environment variables from its configuration alone, and finds out about the data stack in no way; and it
would resolve requirements.txt anew, boto3 and all. So ``app.py`` calls `prepare` when Chalice imports it to deploy it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click
from chalice.config import Config

from chalicelib.deploying import Sources
from stack.deploy import policies
from stack.deploy.deployment import Deployment
from stack.deploy.package import Package, packager
from stack.deploy.stages import Stage
from stack.drift import functions
from stack.errors import StackError


def prepare() -> Sources:
    """Prepare the deployment that Chalice's command line has begun.

    Raises
    ------
    StackError
        The data stack does not stand, or the stage is not configured.
    """
    context = click.get_current_context()
    source = Path(context.find_root().obj["project_dir"])
    deployment = Deployment(Stage(context.params["stage"], source))
    outputs = deployment.outputs()
    if not outputs:
        name = deployment.stage.name
        raise StackError(f"first the data: python -m stack deploy --stage {name} --only-data")
    if deployment.compute.exists():
        raise StackError(f"the stack {deployment.compute.name} has these functions: deploy to it, or destroy it")
    _make_log_of_the_api(deployment)
    _give_variables(deployment)
    _give_policies(deployment, source)
    _give_package(deployment.packaged(), source, deployment.stage.chalice())
    stream = deployment.parameters()["EventsStream"]
    return Sources(stream, outputs["DeliverQueueArn"], outputs["RemindQueueArn"], outputs["ClearQueueArn"])


def _make_log_of_the_api(deployment: Deployment) -> None:
    """Chalice makes a log group for each function, but that of the API under a name that the function does not have."""
    (api,) = (one for one in deployment.stage.functions() if one.name == "api_handler")
    functions.keep_log(deployment.client("logs"), api.deployed_name, api.config.log_retention_in_days)


def _give_variables(deployment: Deployment) -> None:
    """Let the configuration of each function have the variables that only the data stack knows."""
    variables = functions.environments(deployment)
    stated = vars(Config)["environment_variables"].fget

    def environment_variables(config: Config) -> dict[str, str]:
        return {**stated(config), **variables.get(config.function_name, {})}

    Config.environment_variables = property(environment_variables)  # type: ignore[method-assign,assignment]


def _give_policies(deployment: Deployment, source: Path) -> None:
    """Let the configuration of each function name its policy in this account, region and stage."""
    kept = source / ".chalice" / "deployments" / f"policies-{deployment.stage.name}"
    files = policies.write_resolved(deployment.stage, functions.references(deployment), kept)

    def iam_policy_file(config: Config) -> str | None:
        return files.get(config.function_name)

    Config.iam_policy_file = property(iam_policy_file)  # type: ignore[method-assign,assignment]


def _give_package(packaged: Package, source: Path, config: Config) -> None:
    """Put our package where Chalice looks for one that it has made before.

    Its name is a hash over ``chalicelib``, bytecode and all: none may be written between now and then.
    """
    sys.dont_write_bytecode = True
    expected = Path(packager(config).deployment_package_filename(str(source), config.lambda_python_version))
    expected.parent.mkdir(exist_ok=True)
    shutil.copyfile(packaged.code, expected)
