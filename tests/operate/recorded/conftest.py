"""A stage's tables, queues and topic on an engine of its own, without any Lambda: only the test calls the handlers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass

import pytest

from chalicelib.views import pointer
from stack.local import launch, process
from stack.local.deployment import LocalDeployment
from stack.local.environment import service_environment
from stack.local.issuer import Issuer
from stack.local.process import EngineProcess
from stack.local.state import State
from tests.operate.recorded.calls import Recorder
from tests.operate.recorded.scenario import Scenario
from tests.support.faults import without_pauses
from tests.support.reset import become, forget_everything


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
        become(patch, service_environment(engine.process, engine.deployment.outputs()))
        # Each function is a process of its own, which has to read the pointer itself.
        patch.setattr(pointer, "REMEMBERED_SECONDS", 0.0)
        without_pauses(patch)
        forget_everything()
        Scenario(recorder).run(Issuer(engine.state.issuer_key).token("alice"))
    forget_everything()
    return recorder, output.getvalue()


@pytest.fixture
def recorded(driven: tuple[Recorder, str]) -> Recorder:
    return driven[0]


@pytest.fixture
def printed(driven: tuple[Recorder, str]) -> str:
    return driven[1]
