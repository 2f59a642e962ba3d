"""Deploying a stage: its data, compute and watching stacks, by one change set each, and its views table."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

from stack import aws
from stack.deploy import applying, foreseen, rollback, templates, views_table
from stack.deploy.artifacts import TEMPLATE, Artifacts
from stack.deploy.changes import Change
from stack.deploy.cloudformation import ChangeSet, Stack
from stack.deploy.concurrency import Concurrency
from stack.deploy.ledger_indexes import ensure_indexes
from stack.deploy.package import Package, package
from stack.deploy.references import References
from stack.deploy.rest_api import GATEWAY_RESPONSES, definition_in, with_metadata_address
from stack.deploy.stages import Stage
from stack.errors import Misconfigured, NotDeployed

Client = Callable[[str], Any]


class Deployment:
    """A stage in the account and region of the clients.

    Parameters
    ----------
    stage : Stage
    client : callable
        Makes the client of a service, by its name.
    """

    def __init__(self, stage: Stage, client: Client = aws.client) -> None:
        self.stage = stage
        self._client = client
        self.client = cache(self._make_client)
        self.data = Stack(self.client("cloudformation"), stage.data_stack)
        self.compute = Stack(self.client("cloudformation"), stage.compute_stack)
        self.watch = Stack(self.client("cloudformation"), stage.watch_stack)

    @cached_property
    def artifacts(self) -> Artifacts:
        """The bucket for templates and packages; its name is derived from account and region."""
        # A bucket's name must be unique in the world, and has at most 63 characters.
        s3 = self.client("s3")
        where = f"{self.place['AWS::AccountId']} {s3.meta.region_name}"
        name = f"{self.stage.prefix}-artifacts-{hashlib.sha256(where.encode()).hexdigest()[:12]}"
        return Artifacts(s3, name, self.place["AWS::AccountId"])

    @cached_property
    def place(self) -> dict[str, str]:
        """Partition, domain, account and region of the clients, by CloudFormation's pseudo parameters."""
        caller = self.client("sts").get_caller_identity()
        partition = caller["Arn"].split(":")[1]
        return {
            "AWS::Partition": partition,
            "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
            "AWS::AccountId": caller["Account"],
            "AWS::Region": self.client("sts").meta.region_name,
        }

    @cached_property
    def concurrency(self) -> Concurrency:
        """How many functions the account may run at once."""
        return Concurrency.of(self.client("lambda"))

    def outputs(self) -> dict[str, str]:
        """The outputs of the data stack by their keys; empty before it is deployed."""
        return self.data.outputs()

    def ledger(self) -> str:
        """The name of the events table: the data stack's, if only in future, or a restored one that is configured."""
        return self.stage.restored_ledger or self._outputs()["EventsTableName"]

    def views_table(self) -> str | None:
        """The views table that queries read; None before there is one."""
        return views_table.current_table(self.client("dynamodb"), self.outputs()["SettingsTableName"])

    def ensure_views(self) -> str:
        """The views table that queries read; the first one is created with its pointer."""
        return views_table.ensure_table(self.client("dynamodb"), self.stage.name, self.outputs()["SettingsTableName"])

    def missing_indexes(self) -> list[str]:
        """The indexes that the views table in use lacks, because an older version of the service made it."""
        table = self.views_table()
        return views_table.missing_indexes(self.client("dynamodb"), table) if table is not None else []

    def need_of_rebuild(self) -> str | None:
        """Why the views table in use is to be made again (see `views_table.need_of_rebuild`); None if it is not."""
        table = self.views_table()
        return views_table.need_of_rebuild(self.client("dynamodb"), table) if table is not None else None

    def deploy_data(self, say: Callable[[str], None] = lambda line: None) -> list[Change]:
        """Deploy tables and queues, and the first views table.

        A new stack's tables are protected against deletion by a second change set, once all of it has been created: a
        creation that fails removes what it made, which would be in the way of the next one.

        Parameters
        ----------
        say : callable
            Called with a line before what takes long.

        Returns
        -------
        list of Change
            What changed in the stack.

        Raises
        ------
        WouldLoseData
        DeploymentFailed
        NotStable
            CloudFormation takes longer; the same command can succeed later.
        """
        creating = self.data.is_to_be_created()
        done = applying.apply(self._prepare_data(protected=not creating))
        if creating:
            applying.apply(self._prepare_data())
        if not self.data.is_protected():
            self.data.protect()
        if self.stage.restored_ledger is not None and self._describe_ledger() is not None:
            # No template has it.
            ensure_indexes(self.client("dynamodb"), self.stage.restored_ledger, self.stage.ledger_properties, say)
        self.ensure_views()
        return done

    def deploy_compute(self) -> list[Change]:
        """Package the app, and deploy its Lambdas and its API.

        Returns and raises like `deploy_data`, and also raises:

        Raises
        ------
        NotDeployed
            The data stack is not deployed.
        Misconfigured
        """
        if not self.data.exists():
            raise NotDeployed(f"the stack {self.data.name}", f"deploy it first: deploy --stage {self.stage.name}")
        return applying.apply(self._prepare_compute())

    def roll_back(self) -> list[Change]:
        """Deploy the compute stack's version before the present one (see `rollback.roll_back`)."""
        return rollback.roll_back(self.compute, self.artifacts)

    def deploy_watch(self) -> list[Change]:
        """Deploy the alarms, their topic, and the dashboard; returns and raises like `deploy_data`."""
        return applying.apply(self._prepare_watch())

    def diff_data(self) -> list[Change]:
        """What `deploy_data` would do, as CloudFormation sees it; it raises the same."""
        return applying.preview(self._prepare_data(protected=not self.data.is_to_be_created()))

    def diff_compute(self) -> list[Change]:
        """What `deploy_compute` would do, also before there is a data stack; it raises the same."""
        return applying.preview(self._prepare_compute())

    def diff_watch(self) -> list[Change]:
        """What `deploy_watch` would do, also before there is a data stack; it raises the same."""
        return applying.preview(self._prepare_watch())

    def parameters(self) -> dict[str, str]:
        """The parameters of the compute stack (.chalice/compute.yaml) that configuration and ledger determine.

        Raises
        ------
        Misconfigured
            One is not configured, or the ledger does not exist.
        """
        return {**self.configured_parameters(), **self._of_the_account(), **self._of_the_ledger()}

    def configured_parameters(self) -> dict[str, str]:
        """Those of the configuration, which can be checked before anything is deployed."""
        return self.stage.parameters()

    def watch_parameters(self) -> dict[str, str]:
        """The parameters of the watching stack (.chalice/watch.yaml)."""
        return {**self.stage.watch_parameters(), "EventsTable": self.ledger()}

    def names(self) -> References:
        """What the names of resources consist of: the stage, and CloudFormation's pseudo parameters."""
        return References({"Stage": self.stage.name, **self.place}, {})

    def gateway_responses(self) -> dict[str, Any]:
        """The responses of API Gateway itself by their types, with the API's own address in them.

        Without a configured address they tell no client of `/mcp` where to get a token, until the API exists: the next
        deployment, or `settle`, adds that.
        """
        template, parameters = self.stage.compute_template, self.configured_parameters()
        references = References(parameters, {}, template["Conditions"])
        responses: dict[str, Any] = references.resolve(definition_in(template)[GATEWAY_RESPONSES])
        address = parameters.get("PublicUrl") or self.compute.outputs().get("EndpointURL", "").rstrip("/")
        return with_metadata_address(responses, address) if address else responses

    def throttling(self) -> dict[str, float]:
        """The bounds of the API's stage on all requests, as API Gateway's stages have them."""
        declared, configured = self.stage.compute_template["Parameters"], self.configured_parameters()

        def value(name: str) -> float:
            return float(configured.get(name, declared[name]["Default"]))

        return {
            "throttlingRateLimit": value("RequestsPerSecond"),
            "throttlingBurstLimit": value("RequestsAtOnce"),
        }

    def package(self) -> Package:
        """Package the app for the stage, or find that package in the cache."""
        return package(self.stage.name, self.stage.checkout)

    def template(self, packaged: Package) -> dict[str, Any]:
        """The compute stack's template, its code uploaded to the bucket."""
        template = templates.with_literal_names(templates.load(packaged.template), self.names())
        code = self.artifacts.upload_code(packaged.code)
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = code
        # Resolved here and not by CloudFormation, which deploys the API again only if its definition changes.
        definition_in(template)[GATEWAY_RESPONSES] = self.gateway_responses()
        template["Metadata"] = rollback.metadata()
        return template

    def _make_client(self, service: str) -> Any:
        made = self._client(service)
        if service == "s3":
            aws.expect_owner(made, self.place["AWS::AccountId"])
        return made

    def _prepare_data(self, fingerprint: str | None = None, *, protected: bool = True) -> ChangeSet | None:
        template = templates.dump(templates.with_literal_names(self.stage.data_template, self.names()))
        parameters = {"Stage": self.stage.name, "Protection": "on" if protected else "off"}
        return self.data.prepare(self.artifacts.template(template), parameters, fingerprint)

    def _prepare_compute(self, fingerprint: str | None = None) -> ChangeSet | None:
        parameters, template = self.parameters(), self.template(self.package())
        if not self.data.exists():
            exports = {f"{self.data.name}-{key}": value for key, value in self._outputs().items()}
            template = foreseen.without_imports(template, References({"Stage": self.stage.name}, exports))
        key = self.artifacts.upload(templates.dump(template).encode(), TEMPLATE)
        parameters |= rollback.parameters(self.compute.outputs(), key)
        return self.compute.prepare({"TemplateURL": self.artifacts.url(key)}, parameters, fingerprint)

    def _prepare_watch(self) -> ChangeSet | None:
        template = self.artifacts.template(templates.dump(self.stage.watch_template))
        return self.watch.prepare(template, self.watch_parameters())

    def _outputs(self) -> dict[str, str]:
        """The data stack's outputs, or those that it will have."""
        return self.outputs() or foreseen.outputs(self.stage.data_template, {"Stage": self.stage.name, **self.place})

    def _of_the_account(self) -> dict[str, str]:
        """What follows from the account's limits, where the stage does not set it."""
        if self.stage.sets("WaitsAtOnce"):
            return {}
        return {"WaitsAtOnce": str(self.concurrency.waits)}

    def _of_the_ledger(self) -> dict[str, str]:
        if not self.data.exists() and not self.stage.restored_ledger:
            return {"EventsTable": self.ledger(), "EventsStream": self._outputs()["EventsStreamArn"]}
        # Read from the table, not the data stack's outputs: turning the stream off and on gives it a new ARN.
        table, name = self._describe_ledger(), self.ledger()
        if table is None:
            raise Misconfigured(f"the table {name} does not exist")
        if not table.get("StreamSpecification", {}).get("StreamEnabled"):
            raise Misconfigured(f"the table {name} has no stream")
        return {"EventsTable": name, "EventsStream": table["LatestStreamArn"]}

    def _describe_ledger(self) -> dict[str, Any] | None:
        """The events table in use as DynamoDB describes it; None if it does not exist."""
        dynamodb = self.client("dynamodb")
        try:
            described: dict[str, Any] = dynamodb.describe_table(TableName=self.ledger())["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            return None
        return described
