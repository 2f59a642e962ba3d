"""Deploying to the local engine: unchanged stacks are skipped, and the API's port serves the deployed API."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from stack.aws import local_client
from stack.deploy import applying, templates
from stack.deploy.concurrency import MOST_WAITS
from stack.deploy.deployment import Deployment
from stack.deploy.rest_api import definition_in
from stack.deploy.stages import Stage
from stack.local import definition
from stack.local.environment import compute_parameters
from stack.local.process import EngineProcess
from stack.local.state import State, read_json, write_json
from stack.settings import LOCAL, REPOSITORY


class LocalDeployment(Deployment):
    """The stage ``local`` on a running engine."""

    def __init__(self, state: State, engine: EngineProcess, checkout: Path = REPOSITORY) -> None:
        super().__init__(Stage(LOCAL, checkout), lambda service: local_client(service, engine.endpoint))
        self._state = state
        self._engine = engine

    def deploy_changed_data(self) -> bool:
        """Deploy tables and queues; False if nothing has changed."""
        fingerprint = _fingerprint(self.stage.data_template, self.stage.name)
        if self.data.fingerprint() == fingerprint:
            return False
        applying.apply(self._prepare_data(fingerprint))
        self._enable_expiry()
        return True

    def deploy_changed_compute(self) -> bool:
        """Package the app, and deploy its Lambdas and its API; False if nothing has changed."""
        packaged = self.package()
        fingerprint = _fingerprint(packaged.fingerprint, self.parameters())
        if self.compute.fingerprint() == fingerprint and self._served():
            return False
        # Absent until everything is done, so that a deployment that was interrupted is repeated.
        self._state.api_record.unlink(missing_ok=True)
        applying.apply(self._prepare_compute(fingerprint))
        self._serve(templates.load(packaged.template))
        return True

    def configured_parameters(self) -> dict[str, str]:
        """The parameters of the compute stack that the local engine determines."""
        return compute_parameters(self.stage.name, self._engine)

    def _of_the_account(self) -> dict[str, str]:
        """The engine's limit may differ from one start to the next, which would deploy everything again."""
        return {"WaitsAtOnce": str(MOST_WAITS)}

    def _enable_expiry(self) -> None:
        """Set the tables' TTL, which the engine's CloudFormation leaves out."""
        names = self.data.resources()
        for logical_id, resource in self.stage.data_template["Resources"].items():
            specification = resource["Properties"].get("TimeToLiveSpecification")
            if specification is not None:
                self.client("dynamodb").update_time_to_live(
                    TableName=names[logical_id], TimeToLiveSpecification=specification
                )

    def _served(self) -> bool:
        """Whether the API's port serves the API that is deployed, and not one that a killed engine has lost."""
        record = read_json(self._state.api_record)
        return record is not None and record["id"] == self.compute.outputs().get("RestAPIId")

    def _serve(self, template: dict[str, Any]) -> None:
        api_id = self.compute.outputs()["RestAPIId"]
        definition.complete(
            self.client("apigateway"), api_id, self.stage.api_stage, definition_in(template), self.gateway_responses()
        )
        write_json(self._state.api_record, {"id": api_id, "stage": self.stage.api_stage})


def _fingerprint(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
