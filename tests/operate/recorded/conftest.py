"""A stage's tables, queues and topic on an engine of its own, without any Lambda: nothing is called but by the test."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from chalicelib.api import auth
from chalicelib.aws import dynamodb, sqs
from chalicelib.commands import execute
from chalicelib.ledger import model
from chalicelib.publishing import topic
from chalicelib.triggers import deliver
from stack.local import launch, process
from stack.local.deployment import LocalDeployment
from stack.local.environment import service_environment
from stack.local.issuer import Issuer
from stack.local.process import EngineProcess
from stack.local.state import State
from tests.operate.recorded.calls import Recorder
from tests.operate.recorded.scenario import Scenario


@dataclass(frozen=True)
class Engine:
    """An engine with the data stack of a stage and its first views table."""

    state: State
    process: EngineProcess
    deployment: LocalDeployment


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    state = State(tmp_path_factory.mktemp("operating"))
    started = launch.start(state, 0, attached=True)
    try:
        deployment = LocalDeployment(state, started)
        deployment.deploy_data()
        deployment.ensure_views()
        yield Engine(state, started, deployment)
    finally:
        process.stop(state, started)


@pytest.fixture(scope="session")
def driven(engine: Engine) -> tuple[Recorder, str]:
    """Every function at work once: what they asked of AWS, and what they wrote to their output."""
    recorder, output = Recorder(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, recorder.listening(), redirect_stdout(output):
        for name, value in service_environment(engine.process, engine.deployment.outputs()).items():
            patch.setenv(name, value)
        patch.delenv("HANDLERS", raising=False)
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
        patch.setattr("chalicelib.aws.retry.FIRST_SECONDS", 0.0)
        _forget_everything()
        Scenario(recorder).run(Issuer(engine.state.issuer_key).token("alice"))
    _forget_everything()
    return recorder, output.getvalue()


@pytest.fixture
def recorded(driven: tuple[Recorder, str]) -> Recorder:
    return driven[0]


@pytest.fixture
def printed(driven: tuple[Recorder, str]) -> str:
    return driven[1]


def _forget_everything() -> None:
    for remembered in (dynamodb.client, sqs.sqs, topic.sns, deliver._guard, model.events, auth._keys):
        remembered.cache_clear()
    model.EventItem._connection = None
    execute._latest_events._events.clear()
