"""What `chalice deploy` needs on a deployer's machine: event sources, variables, policies, and the package.

Chalice reads environment variables from its configuration only, knows nothing of the data stack, and would resolve
requirements.txt again, boto3 included. So ``app.py`` calls `prepare` when Chalice imports it in order to deploy it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import click
from chalice.app import Chalice
from chalice.config import Config
from chalice.deploy.models import APICall, RestAPI
from chalice.deploy.planner import PlanStage, StringFormat, Variable
from chalice.deploy.swagger import SwaggerGenerator

from chalicelib.deploying import Sources
from stack.deploy import functions, policies
from stack.deploy.deployment import Deployment
from stack.deploy.package import Package, packager
from stack.deploy.rest_api import GATEWAY_RESPONSES, INTEGRATION, other_integrations
from stack.deploy.stages import Stage
from stack.errors import NotDeployed, StackError


def prepare() -> Sources:
    """Prepare the deployment that Chalice's command line has begun.

    Returns
    -------
    Sources
        The ARNs of the stream and the queues that the functions read.

    Raises
    ------
    NotDeployed
        The data stack is not deployed.
    Misconfigured
        The stage is not configured, or reserves more than the account can.
    StackError
        CloudFormation has deployed the same functions.
    """
    context = click.get_current_context()
    checkout = Path(context.find_root().obj["project_dir"])
    deployment = Deployment(Stage(context.params["stage"], checkout))
    outputs = deployment.outputs()
    if not outputs:
        advice = f"deploy it first: python -m stack deploy --stage {deployment.stage.name} --only-data"
        raise NotDeployed(f"the stack {deployment.data.name}", advice)
    if deployment.compute.exists():
        raise StackError(f"the stack {deployment.compute.name} has these functions: deploy to it, or destroy it")
    functions.check_concurrency(deployment)
    _make_log_of_the_api(deployment)
    _give_variables(deployment)
    _give_policies(deployment, checkout)
    _give_package(deployment.package(), checkout, deployment.stage.chalice())
    _give_gateway_responses(deployment.gateway_responses())
    _give_integrations(deployment.stage)
    stream = deployment.parameters()["EventsStream"]
    return Sources(stream, outputs["DeliverQueueArn"], outputs["RemindQueueArn"], outputs["ClearQueueArn"])


def _make_log_of_the_api(deployment: Deployment) -> None:
    """Make the API's log group: Chalice makes one for each function, but names that of the API wrongly."""
    (api,) = (one for one in deployment.stage.functions() if one.name == "api_handler")
    functions.keep_log(deployment.client("logs"), api.deployed_name, api.config.log_retention_in_days)


def _give_variables(deployment: Deployment) -> None:
    """Add the variables that only the data stack knows to the configuration of each function."""
    variables = functions.environments(deployment)
    configured = vars(Config)["environment_variables"].fget

    def environment_variables(config: Config) -> dict[str, str]:
        return {**configured(config), **variables.get(config.function_name, {})}

    Config.environment_variables = property(environment_variables)  # type: ignore[method-assign,assignment]


def _give_policies(deployment: Deployment, checkout: Path) -> None:
    """Make the configuration of each function name its policy for this account, region and stage."""
    kept = checkout / ".chalice" / "deployments" / f"policies-{deployment.stage.name}"
    files = policies.write_resolved(deployment.stage, functions.references(deployment), kept)

    def iam_policy_file(config: Config) -> str | None:
        return files.get(config.function_name)

    Config.iam_policy_file = property(iam_policy_file)  # type: ignore[method-assign,assignment]


def _give_gateway_responses(responses: dict[str, Any]) -> None:
    """Add the gateway's own responses to the API's document: a deployment of the API drops those that are not there."""
    generate = SwaggerGenerator.generate_swagger

    def generate_swagger(self: SwaggerGenerator, app: Chalice, rest_api: RestAPI | None = None) -> dict[str, Any]:
        document: dict[str, Any] = generate(self, app, rest_api)
        return {**document, GATEWAY_RESPONSES: responses}

    SwaggerGenerator.generate_swagger = generate_swagger  # type: ignore[method-assign]


def _give_integrations(stage: Stage) -> None:
    """Have those paths served by their own functions for which the template says so, and let the gateway call these."""
    names = {function.resource: function for function in stage.functions()}
    served = [(path, method, names[resource]) for path, method, resource in other_integrations(stage.compute_template)]
    generate, plan = SwaggerGenerator.generate_swagger, PlanStage._plan_restapi

    def generate_swagger(self: SwaggerGenerator, app: Chalice, rest_api: RestAPI | None = None) -> dict[str, Any]:
        document: dict[str, Any] = generate(self, app, rest_api)
        for path, method, function in served:
            # Chalice keeps the ARN of each function that it deploys in such a variable, and deploys the API last.
            arn = f"{function.name}_lambda_arn"
            document["paths"][path][method][INTEGRATION]["uri"] = StringFormat(
                f"arn:{{partition}}:apigateway:{{region_name}}:lambda:path/2015-03-31/functions/{{{arn}}}/invocations",
                ["partition", "region_name", arn],
            )
        return document

    def plan_rest_api(self: PlanStage, resource: RestAPI) -> list[Any]:
        called = sorted({function.deployed_name for _, _, function in served})
        variables = {name: Variable(name) for name in ("region_name", "account_id", "rest_api_id")}
        allowed = [
            APICall(method_name="add_permission_for_apigateway", params={"function_name": name, **variables})
            for name in called
        ]
        return [*plan(self, resource), *allowed]

    SwaggerGenerator.generate_swagger = generate_swagger  # type: ignore[method-assign]
    PlanStage._plan_restapi = plan_rest_api  # type: ignore[method-assign]


def _give_package(packaged: Package, checkout: Path, config: Config) -> None:
    """Put our package where Chalice looks for one that it made before.

    The name is a hash of ``chalicelib``, bytecode included, so no bytecode may be written between now and then.
    """
    sys.dont_write_bytecode = True
    expected = Path(packager(config).deployment_package_filename(str(checkout), config.lambda_python_version))
    expected.parent.mkdir(exist_ok=True)
    shutil.copyfile(packaged.code, expected)
