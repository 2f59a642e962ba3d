"""A stage's tables, queues and topic on an engine of its own, without any Lambda: nothing is called but by the test."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from chalicelib import dynamo, queues, service, tables, topic
from chalicelib.api import auth
from chalicelib.triggers import deliver
from stack import launch, process
from stack.deployment import LocalDeployment
from stack.environment import service_environment
from stack.issuer import Issuer
from stack.state import State

from .calls import Recorder
from .scenario import Scenario


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    """What every function asks of AWS in the course of the scenario."""
    state = State(tmp_path_factory.mktemp("operating"))
    engine = launch.start(state, 0, attached=True)
    try:
        deployment = LocalDeployment(state, engine)
        deployment.deploy_data()
        deployment.ensure_views()
        recorder = Recorder()
        with pytest.MonkeyPatch.context() as patch, recorder.listening():
            for name, value in service_environment(engine, deployment.outputs()).items():
                patch.setenv(name, value)
            patch.delenv("HANDLERS", raising=False)
            patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
            patch.setattr("chalicelib.backoff.FIRST_SECONDS", 0.0)
            _forget_everything()
            Scenario(recorder).run(Issuer(state.issuer_key).token("alice"))
        yield recorder
    finally:
        _forget_everything()
        process.stop(state, engine)


def _forget_everything() -> None:
    for remembered in (dynamo.client, queues.sqs, topic.sns, deliver._guard, tables.events, auth._keys):
        remembered.cache_clear()
    tables.EventItem._connection = None
    service._latest_events._events.clear()
