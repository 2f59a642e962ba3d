"""A stage's tables, queues and topic on an engine of its own, without any Lambda: nothing is called but by the test."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from chalicelib import dynamo, queues, service, tables, topic
from chalicelib.api import auth
from chalicelib.triggers import deliver
from stack import launch, process
from stack.environment import service_environment
from stack.issuer import Issuer
from stack.local_deployment import LocalDeployment
from stack.process import EngineProcess
from stack.state import State
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
        patch.setattr("chalicelib.backoff.FIRST_SECONDS", 0.0)
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
    for remembered in (dynamo.client, queues.sqs, topic.sns, deliver._guard, tables.events, auth._keys):
        remembered.cache_clear()
    tables.EventItem._connection = None
    service._latest_events._events.clear()
