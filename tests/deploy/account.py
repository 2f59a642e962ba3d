"""An account on a bare engine, with the commands as a team would type them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.aws import local_client
from stack.deploy.deployment import Deployment
from stack.deploy.stages import Stage
from stack.local.gateway import KEY_SET_PATH
from stack.local.issuer import AUDIENCE, ISSUER, Issuer
from stack.local.process import EngineProcess
from stack.local.state import State, write_json
from stack.settings import DEFAULT_SCOPE, REPOSITORY
from tests.support.client import Client
from tests.support.environment import own_environment
from tests.support.waiting import eventually

STAGE = "dev"
# Chalice's deployer as it is, but without its pauses.
CHALICE = """
import sys, time
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.02))
from chalice.cli import main
sys.exit(main())
"""


@dataclass
class Account:
    """A deployer's machine and the account that its AWS settings lead to."""

    state: State
    engine: EngineProcess
    project: Path

    def __post_init__(self) -> None:
        parameters = {
            "TokenIssuer": ISSUER,
            "TokenAudience": AUDIENCE,
            "JwksUrl": self.engine.url + KEY_SET_PATH,
            "PublicUrl": self.engine.url,
        }
        self.edit(".chalice/config.json", lambda text: _with_parameters(text, parameters))

    @property
    def environment(self) -> dict[str, str]:
        return own_environment() | self.engine.endpoint.environment()

    def client(self, service: str) -> Any:
        return local_client(service, self.engine.endpoint)

    def deployment(self) -> Deployment:
        return Deployment(Stage(STAGE, self.project), self.client)

    def stack(self, *arguments: str, expected: int = 0, **environment: str) -> str:
        """Run `python -m stack …`; what it printed."""
        return self._run([sys.executable, "-m", "stack", *arguments, "--stage", STAGE], environment, expected)

    def token(self, scope: str = DEFAULT_SCOPE) -> str:
        """A token of alice's."""
        return Issuer(self.state.issuer_key).token("alice", scope)

    def chalice(self, command: str, endpoint: str, *, typed: str = "") -> str:
        """Run `chalice deploy` or `delete`, at an endpoint that has ImportRestApi."""
        arguments = [sys.executable, "-c", CHALICE, command, "--stage", STAGE]
        return self._run(arguments, {"AWS_ENDPOINT_URL": endpoint}, 0, typed)

    def edit(self, path: str, change: Callable[[str], str]) -> str:
        """Change a file of the project; what it was."""
        file = self.project / path
        before = file.read_text()
        after = change(before)
        assert after != before, f"nothing to change in {path}"
        file.write_text(after)
        return before

    def serve(self, api: str | None) -> None:
        """Let the API's short address lead to it."""
        write_json(self.state.api_record, {"id": api, "stage": STAGE})

    def api(self) -> Client:
        """The API that is deployed, for alice."""
        return Client(self.engine.url, self.token())

    def create(self, title: str) -> str:
        return str(self.api().create(title)["id"])

    def wait_until_listed(self, *todos: str) -> None:
        eventually(lambda: set(todos) <= {todo["id"] for todo in self.api().get("/todos").json()})

    def do_what_the_engine_left_out(self) -> None:
        """Set what CloudFormation sets on AWS, and the engine's passes over."""
        dynamodb, s3, sns = (self.client(service) for service in ("dynamodb", "s3", "sns"))
        for table in ("events", "settings"):
            dynamodb.update_continuous_backups(
                TableName=f"todo-ledger-{STAGE}-{table}",
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )
        for table in ("events", "settings", "deliveries"):
            dynamodb.update_table(TableName=f"todo-ledger-{STAGE}-{table}", SSESpecification={"Enabled": True})
        for table, attribute in (("deliveries", "expiration"), ("settings", "expires_at")):
            ttl = {"AttributeName": attribute, "Enabled": True}
            dynamodb.update_time_to_live(TableName=f"todo-ledger-{STAGE}-{table}", TimeToLiveSpecification=ttl)
        outputs = self.deployment().outputs()
        sns.set_topic_attributes(
            TopicArn=outputs["EventsTopicArn"], AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
        )
        rule = {"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 90}}
        s3.put_bucket_lifecycle_configuration(
            Bucket=outputs["FailedBatchesBucketName"], LifecycleConfiguration={"Rules": [rule]}
        )

    def _run(self, command: list[str], more: dict[str, str], expected: int, typed: str = "") -> str:
        done = subprocess.run(
            command,
            cwd=self.project,
            env=self.environment | more,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == expected, said
        return said


def copy_repository(project: Path) -> None:
    """A checkout of what is here."""
    parts = ("app.py", "requirements.txt", "chalicelib", "stack", ".chalice")
    left = shutil.ignore_patterns("__pycache__", "deployments", "deployed")
    project.mkdir()
    for part in parts:
        if (REPOSITORY / part).is_dir():
            shutil.copytree(REPOSITORY / part, project / part, ignore=left)
        else:
            shutil.copy2(REPOSITORY / part, project / part)


def _with_parameters(text: str, parameters: dict[str, str]) -> str:
    config = json.loads(text)
    config["stages"][STAGE]["parameters"] = parameters
    return json.dumps(config)
