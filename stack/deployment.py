"""Deploying to the local engine: data stack, views table, compute stack, each skipped where nothing changed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from stack import definition, views
from stack.artifacts import Artifacts
from stack.aws import local_client
from stack.cloudformation import Stack
from stack.environment import compute_parameters
from stack.package import Package, package
from stack.process import EngineProcess
from stack.state import REPOSITORY, State, read_json, write_json

STAGE = "local"
DATA_TEMPLATE = REPOSITORY / ".chalice" / "data.yaml"


class LocalDeployment:
    """What is deployed on a running engine, under the stage ``local``."""

    def __init__(self, state: State, engine: EngineProcess, source: Path = REPOSITORY) -> None:
        self._state = state
        self._engine = engine
        self._source = source
        cloudformation = self.client("cloudformation")
        self._data = Stack(cloudformation, f"todo-ledger-{STAGE}-data")
        self._compute = Stack(cloudformation, f"todo-ledger-{STAGE}")
        self._artifacts = Artifacts(self.client("s3"), f"todo-ledger-{STAGE}-artifacts", engine.engine_url)

    def client(self, service: str) -> Any:
        return local_client(service, self._engine.engine_url)

    def outputs(self) -> dict[str, str]:
        """The outputs of the data stack; none before it is deployed."""
        return self._data.outputs()

    def views_table(self) -> str | None:
        """The views table that queries read."""
        return views.reader(self.client("dynamodb"), self.outputs()["SettingsTableName"])

    def deploy_data(self) -> bool:
        """Deploy tables and queues; whether there was anything to do."""
        template = DATA_TEMPLATE.read_text()
        parameters = {"Stage": STAGE}
        fingerprint = _fingerprint(template, parameters)
        if self._data.fingerprint() == fingerprint:
            return False
        self._data.deploy(self._artifacts.upload_template(template), parameters, fingerprint)
        return True

    def ensure_views(self) -> str:
        """Make the first views table and its pointer; the table that queries read."""
        return views.ensure(self.client("dynamodb"), STAGE, self.outputs()["SettingsTableName"])

    def deploy_compute(self) -> bool:
        """Package the app and deploy its Lambdas and its API; whether there was anything to do."""
        packaged = package(STAGE, self._source)
        parameters = compute_parameters(STAGE, self._engine)
        fingerprint = _fingerprint(packaged.fingerprint, parameters)
        if self._compute.fingerprint() == fingerprint and self._served():
            return False
        template = self._template(packaged)
        url = self._artifacts.upload_template(yaml.safe_dump(template))
        # Gone until all of it is done: a deployment that was interrupted half way is taken up again.
        self._state.api_record.unlink(missing_ok=True)
        self._compute.deploy(url, parameters, fingerprint)
        self._serve(template)
        return True

    def _template(self, packaged: Package) -> dict[str, Any]:
        template: dict[str, Any] = yaml.safe_load(packaged.template.read_text())
        code = self._artifacts.upload_code(packaged.code)
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = code
        return template

    def _served(self) -> bool:
        """Whether the API port leads to the API that is deployed, and not to one that a killed engine forgot."""
        record = read_json(self._state.api_record)
        return record is not None and record["id"] == self._compute.outputs().get("RestAPIId")

    def _serve(self, template: dict[str, Any]) -> None:
        api_id = self._compute.outputs()["RestAPIId"]
        document = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
        definition.complete(self.client("apigateway"), api_id, STAGE, document)
        write_json(self._state.api_record, {"id": api_id, "stage": STAGE})


def _fingerprint(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
