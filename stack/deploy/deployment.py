"""Deploying a stage: its data stack, its views table, its compute stack, each by one change set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import Any, Final

from stack import aws
from stack.deploy import changes, templates
from stack.deploy import views_table as views
from stack.deploy.artifacts import Artifacts
from stack.deploy.changes import Change
from stack.deploy.cloudformation import ChangeSet, Stack
from stack.deploy.package import Package, package
from stack.deploy.references import References
from stack.deploy.stages import Stage
from stack.errors import StackError

Client = Callable[[str], Any]

GATEWAY_RESPONSES: Final = "x-amazon-apigateway-gateway-responses"


class Deployment:
    """A stage in the account and region that the clients lead to.

    Parameters
    ----------
    stage : Stage
    client : callable
        Makes the client of a service, by its name.
    """

    def __init__(self, stage: Stage, client: Client = aws.client) -> None:
        self.stage = stage
        self.client = cache(client)
        self.data = Stack(self.client("cloudformation"), stage.data_stack)
        self.compute = Stack(self.client("cloudformation"), stage.compute_stack)
        self.watch = Stack(self.client("cloudformation"), stage.watch_stack)

    @cached_property
    def artifacts(self) -> Artifacts:
        # Nobody else in the world may have a bucket of the same name, and it has at most 63 characters.
        s3 = self.client("s3")
        where = f"{self.place['AWS::AccountId']} {s3.meta.region_name}"
        return Artifacts(s3, f"{self.stage.prefix}-artifacts-{hashlib.sha256(where.encode()).hexdigest()[:12]}")

    @cached_property
    def place(self) -> dict[str, str]:
        """Where the clients lead to, in the words of CloudFormation's pseudo parameters."""
        caller = self.client("sts").get_caller_identity()
        return {
            "AWS::Partition": caller["Arn"].split(":")[1],
            "AWS::AccountId": caller["Account"],
            "AWS::Region": self.client("sts").meta.region_name,
        }

    def outputs(self) -> dict[str, str]:
        """The outputs of the data stack; none before it is deployed."""
        return self.data.outputs()

    def ledger(self) -> str:
        """The name of the events table in use: the data stack's, or one that was restored and configured."""
        return self.stage.restored_ledger or self.outputs()["EventsTableName"]

    def views_table(self) -> str | None:
        """The views table that queries read."""
        return views.reader(self.client("dynamodb"), self.outputs()["SettingsTableName"])

    def ensure_views(self) -> str:
        """Make the first views table and its pointer; the table that queries read."""
        return views.ensure(self.client("dynamodb"), self.stage.name, self.outputs()["SettingsTableName"])

    def deploy_data(self) -> list[Change]:
        """Deploy tables and queues, and the first views table; what changed in the stack.

        Raises
        ------
        StackError
            It failed, or would have replaced what holds data.
        """
        done = self._execute(self._prepare_data())
        if not self.data.protected():
            self.data.protect()
        self.ensure_views()
        return done

    def deploy_compute(self) -> list[Change]:
        """Package the app and deploy its Lambdas and its API; what changed in the stack.

        Raises
        ------
        StackError
            It failed.
        """
        return self._execute(self._prepare_compute())

    def deploy_watch(self) -> list[Change]:
        """Deploy the alarms, their topic, and the dashboard; what changed in the stack.

        Raises
        ------
        StackError
            It failed.
        """
        return self._execute(self._prepare_watch())

    def diff_data(self) -> list[Change]:
        """What `deploy_data` would do."""
        if not self.data.exists():
            return changes.of_new_stack(self.stage.data_template)
        return self._look(self._prepare_data())

    def diff_compute(self) -> list[Change]:
        """What `deploy_compute` would do."""
        if not self.compute.exists():
            return changes.of_new_stack(templates.load(self.packaged().template))
        return self._look(self._prepare_compute())

    def diff_watch(self) -> list[Change]:
        """What `deploy_watch` would do."""
        if not self.watch.exists():
            return changes.of_new_stack(self.stage.watch_template)
        return self._look(self._prepare_watch())

    def parameters(self) -> dict[str, str]:
        """The parameters of the compute stack (.chalice/compute.yaml).

        Raises
        ------
        StackError
            One is not configured, or there is no such ledger.
        """
        return {**self.stated_parameters(), **self._of_the_ledger()}

    def stated_parameters(self) -> dict[str, str]:
        """Those that the configuration has, which can be checked before anything stands."""
        return self.stage.parameters()

    def watch_parameters(self) -> dict[str, str]:
        """The parameters of the stack that watches (.chalice/watch.yaml)."""
        return {**self.stage.watch_parameters(), "EventsTable": self.ledger()}

    def gateway_responses(self) -> dict[str, Any]:
        """The API's gateway responses by type, with the API's own address in them."""
        template = self.stage.compute_template
        references = References(self.stated_parameters(), {}, template["Conditions"])
        responses: dict[str, Any] = references.resolve(_api_definition(template)[GATEWAY_RESPONSES])
        return responses

    def packaged(self) -> Package:
        return package(self.stage.name, self.stage.source)

    def template(self, packaged: Package) -> dict[str, Any]:
        """The compute stack's template, its code in the bucket."""
        template = templates.load(packaged.template)
        code = self.artifacts.upload_code(packaged.code)
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = code
        # Resolved here and not by CloudFormation: only a changed definition makes it deploy the API anew.
        _api_definition(template)[GATEWAY_RESPONSES] = self.gateway_responses()
        return template

    def _prepare_data(self, fingerprint: str | None = None) -> ChangeSet | None:
        template = (self.stage.source / ".chalice" / "data.yaml").read_text()
        return self.data.prepare(self.artifacts.upload_template(template), {"Stage": self.stage.name}, fingerprint)

    def _prepare_compute(self, fingerprint: str | None = None) -> ChangeSet | None:
        if not self.data.exists():
            raise StackError(f"the stack {self.data.name} must stand first: deploy --stage {self.stage.name}")
        parameters = self.parameters()
        template = templates.dump(self.template(self.packaged()))
        return self.compute.prepare(self.artifacts.upload_template(template), parameters, fingerprint)

    def _prepare_watch(self) -> ChangeSet | None:
        template = (self.stage.source / ".chalice" / "watch.yaml").read_text()
        return self.watch.prepare(self.artifacts.upload_template(template), self.watch_parameters())

    def _of_the_ledger(self) -> dict[str, str]:
        # Asked of the table, and not an output of the data stack: whoever turns the stream off and on gets a new one.
        dynamodb, name = self.client("dynamodb"), self.ledger()
        try:
            table = dynamodb.describe_table(TableName=name)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            raise StackError(f"there is no table {name}") from None
        if not table.get("StreamSpecification", {}).get("StreamEnabled"):
            raise StackError(f"the table {name} has no stream")
        return {"EventsTable": name, "EventsStream": table["LatestStreamArn"]}

    def _look(self, change_set: ChangeSet | None) -> list[Change]:
        if change_set is None:
            return []
        found = change_set.changes()
        change_set.discard()
        return found

    def _execute(self, change_set: ChangeSet | None) -> list[Change]:
        if change_set is None:
            return []
        found = change_set.changes()
        try:
            refuse_to_lose_data(found)
        except StackError:
            change_set.discard()
            raise
        change_set.execute()
        return found


def _api_definition(template: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document of the REST API in a template of the compute stack."""
    document: dict[str, Any] = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    return document


def refuse_to_lose_data(found: Iterable[Change]) -> None:
    """Stop where a table, a bucket or a queue would be replaced or removed.

    Raises
    ------
    StackError
        With what would be lost.
    """
    lost = [f"  {change}" for change in found if change.loses_data]
    if lost:
        raise StackError("refused, since data would be lost:\n" + "\n".join(lost))
