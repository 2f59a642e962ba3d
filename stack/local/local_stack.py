"""A whole local stack in one directory: started, deployed, stopped. `make up` has one, each test run its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from stack.errors import NotRunning, StackError
from stack.local import launch, process
from stack.local.deployment import LocalDeployment
from stack.local.environment import service_environment
from stack.local.issuer import DEFAULT_SCOPE, DEFAULT_SECONDS, Issuer
from stack.local.process import EngineProcess
from stack.local.state import REPOSITORY, State, read_json, write_json

ANSWER_SECONDS = 30
POLL_SECONDS = 0.05


class LocalStack:
    """The service on a local engine with its state in one directory.

    As a context manager it starts a private one, deploys everything and stops it at the end; it also ends when this
    process does, however that ends. ``make up`` uses the same with an engine that outlives it (``attached=False``).

    Parameters
    ----------
    directory : Path
        Where all of its state lies; starting again there finds it again.
    port, engine_port : int
        Of the API and of the AWS API, on 127.0.0.1; 0 chooses free ones, and keeps them over a restart.
    attached : bool
        Whether the engine ends with this process.
    source : Path
        Where the app that is packaged lies: the repository, or a copy (`package.copy_app`).
    say : callable
        Is told each step, in a few words.
    """

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        engine_port: int = 0,
        *,
        attached: bool = True,
        source: Path = REPOSITORY,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.state = State(directory.resolve())
        self.issuer = Issuer(self.state.issuer_key)
        self._port = port
        self._engine_port = engine_port
        self._attached = attached
        self._source = source
        self._say = say

    def __enter__(self) -> LocalStack:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> bool:
        """Start the engine unless it runs, and bring it to what the repository says; whether it had to be started.

        Raises
        ------
        PortTaken
            Another program has the API's port.
        StackError
            A step failed.
        """
        with self.state.locked():
            started = self._start_engine()
            self._deploy()
            self._catch_up()
        return started

    def stop(self) -> bool:
        """Stop the engine, its state saved; whether it ran."""
        with self.state.locked():
            engine = process.running(self.state)
            if engine is not None:
                process.stop(self.state, engine)
        return engine is not None

    def kill(self) -> None:
        """End the engine as a crash would: what it has not saved since its start is lost, but for what lies in S3."""
        process.kill(self.engine)

    @property
    def engine(self) -> EngineProcess:
        """The running engine.

        Raises
        ------
        NotRunning
        """
        engine = process.running(self.state)
        if engine is None:
            raise NotRunning("the local stack is not running; `make up` starts it")
        return engine

    @property
    def deployment(self) -> LocalDeployment:
        return LocalDeployment(self.state, self.engine, self._source)

    @property
    def url(self) -> str:
        """The API's address, without a slash at its end."""
        return self.engine.url

    @property
    def engine_url(self) -> str:
        """The endpoint of the AWS API."""
        return self.engine.engine_url

    def token(self, owner: str, scope: str = DEFAULT_SCOPE, expires_in: float = DEFAULT_SECONDS) -> str:
        """A bearer token for an owner; ``scope`` separated by spaces, ``expires_in`` in seconds."""
        return self.issuer.token(owner, scope, expires_in)

    def environment(self) -> dict[str, str]:
        """The environment variables with which the service's own code runs against this stack."""
        return service_environment(self.engine, self.deployed())

    def deployed(self) -> dict[str, str]:
        """The outputs of the data stack.

        Raises
        ------
        NotRunning
            Nothing is deployed yet.
        """
        outputs = self.deployment.outputs()
        if not outputs:
            raise NotRunning("nothing is deployed on the local engine yet; `make up` does it")
        return outputs

    def run(self, *arguments: str) -> None:
        """Run a Python module of the repository against this stack.

        Raises
        ------
        StackError
            It ended with an error; the message has what it printed.
        """
        mine = launch.inherited_environment() | self.environment()
        command = [sys.executable, "-m", *arguments]
        done = subprocess.run(command, cwd=REPOSITORY, env=mine, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError(f"python -m {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")

    def _start_engine(self) -> bool:
        engine = process.running(self.state)
        if engine is not None:
            if self._port not in (0, engine.port):
                raise StackError(f"it is already running on port {engine.port}; `make down` first to change the port")
            return False
        self._say("starting the engine")
        engine = launch.start(self.state, self._port, self._engine_port, self._attached)
        # Clients of a test keep their addresses when it starts the stack again.
        self._port, self._engine_port = engine.port, engine.engine_port
        return True

    def _deploy(self) -> None:
        deployment = self.deployment
        if deployment.bring_data():
            self._say("deployed the tables and queues")
        deployment.ensure_views()
        if deployment.bring_compute():
            self._say("packaged and deployed the API and the Lambdas")
        self._wait_until_the_api_answers()

    def _wait_until_the_api_answers(self) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while not launch.answers(f"{self.url}/health"):
            if time.monotonic() > deadline:
                raise StackError(f"{self.url}/health does not answer; the engine's log is {self.state.log}")
            time.sleep(POLL_SECONDS)

    def _catch_up(self) -> None:
        """Project what the engine's stream forgot when it was stopped; once for each start of the engine."""
        engine = [self.engine.pid, self.engine.started]
        if read_json(self.state.catchup_record) == engine:
            return
        self._say("catching the views up from the ledger")
        self.run("stack", "catchup")
        write_json(self.state.catchup_record, engine)
