"""A local stack in one directory: started, deployed, stopped. `make up` has one, and each test run its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from stack.errors import NotRunning, StackError
from stack.local import launch, process, recovery
from stack.local.deployment import LocalDeployment
from stack.local.environment import service_environment
from stack.local.issuer import Issuer
from stack.local.process import EngineProcess
from stack.local.sign_in import make_link
from stack.local.state import State, read_json, write_json
from stack.settings import DEFAULT_SCOPE, REPOSITORY, TOKEN_SECONDS

ANSWER_SECONDS = 30
# For Lambdas at work, each time that a rebuild of the local views waits for them.
RENEWAL_WAIT_SECONDS = 3
POLL_SECONDS = 0.05


class LocalStack:
    """The service on a local engine whose state is in one directory.

    As a context manager it starts the engine, deploys everything, and stops the engine at the end. The engine also ends
    with this process, however that ends; ``make up`` uses one that outlives it (``attached=False``).

    Parameters
    ----------
    directory : Path
        Keeps all of its state; starting there again continues with it.
    port, engine_port : int
        The ports of the API and of the AWS API, on 127.0.0.1. 0 chooses free ones, and keeps them over a restart.
    attached : bool
        Whether the engine ends with this process.
    persist : bool
        Whether what the engine acknowledges is kept, also when it is killed.
    salvage : bool
        Whether to start without what is damaged in the journal.
    checkout : Path
        The directory of the app: the repository, or a copy by `package.copy_app`.
    say : callable
        Called with a line for each step.
    """

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        engine_port: int = 0,
        *,
        attached: bool = True,
        persist: bool = True,
        salvage: bool = False,
        checkout: Path = REPOSITORY,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.state = State(directory.resolve())
        self.issuer = Issuer(self.state.issuer_key)
        self._port = port
        self._engine_port = engine_port
        self._attached = attached
        self._persist = persist
        self._salvage = salvage
        self._checkout = checkout
        self._say = say

    def __enter__(self) -> LocalStack:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> bool:
        """Start the engine unless it runs, and deploy what has changed.

        Returns
        -------
        bool
            False if the engine was running already.

        Raises
        ------
        PortTaken
            Another program uses the API's port.
        StackError
            A step failed.
        """
        with self.state.locked():
            started = self._start_engine()
            self._deploy()
            self._renew_views()
            self._catch_up()
        return started

    def stop(self) -> bool:
        """Save the engine's state and stop it; False if it was not running."""
        with self.state.locked():
            engine = process.running(self.state)
            if engine is not None:
                process.stop(self.state, engine)
        return engine is not None

    def kill(self) -> None:
        """End the engine like a crash: all that it acknowledged is in the journal, if it has one."""
        process.kill(self.engine)

    def check_running(self) -> None:
        """Raise NotRunning unless the engine is running."""
        _ = self.engine

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
    def keeps(self) -> bool:
        """Whether the engine that was started last keeps what it acknowledges."""
        return bool(read_json(self.state.start_record))

    @property
    def deployment(self) -> LocalDeployment:
        """The stage ``local`` on the running engine; it raises like `engine`."""
        return LocalDeployment(self.state, self.engine, self._checkout)

    @property
    def url(self) -> str:
        """The API's URL, without a slash at its end."""
        return self.engine.url

    @property
    def engine_url(self) -> str:
        """The endpoint URL of the AWS API."""
        return self.engine.engine_url

    def token(self, owner: str, scope: str = DEFAULT_SCOPE, expires_in: float = TOKEN_SECONDS) -> str:
        """A bearer token for an owner; scopes are separated by spaces, and ``expires_in`` is in seconds."""
        return self.issuer.token(owner, scope, expires_in)

    def sign_in_link(self, owner: str) -> str:
        """The page's address with a code that signs in once, within ten minutes; it raises like `engine`."""
        return make_link(self.url, self.state.sign_in_codes, owner)

    def environment(self) -> dict[str, str]:
        """The environment variables with which the service's own code runs on this stack; it raises like `deployed`."""
        return service_environment(self.engine, self.deployed())

    def deployed(self) -> dict[str, str]:
        """The outputs of the data stack.

        Raises
        ------
        NotRunning
            The engine is not running, or nothing is deployed yet.
        """
        outputs = self.deployment.outputs()
        if not outputs:
            raise NotRunning("nothing is deployed on the local engine yet; `make up` does it")
        return outputs

    def run_module(self, *arguments: str) -> None:
        """Run a Python module of the repository on this stack.

        Parameters
        ----------
        arguments : str
            The module, and its arguments.

        Raises
        ------
        StackError
            It exited with an error; the message has its output.
        """
        environment = launch.inherited_environment() | self.environment()
        command = [sys.executable, "-m", *arguments]
        done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError(f"python -m {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")

    def _start_engine(self) -> bool:
        engine = process.running(self.state)
        if engine is not None:
            if self._port not in (0, engine.port):
                raise StackError(f"it is already running on port {engine.port}; `make down` first to change the port")
            if engine.token and self.state.start_record.exists():
                if self._persist != self.keeps:
                    kept = "what it acknowledges" if self.keeps else "nothing"
                    self._say(f"the running engine keeps {kept}; `make down` first to change that")
                return False
            self._say("stopping an engine of an older version, which others could use or which keeps no journal")
            process.stop(self.state, engine)
            self._port = engine.port
        self._say("starting the engine")
        if not self._persist:
            self._say("nothing of this run will be kept (PERSIST=off)")
        engine = launch.start(
            self.state,
            self._port,
            self._engine_port,
            attached=self._attached,
            persist=self._persist,
            salvage=self._salvage,
        )
        for line in recovery.lines(read_json(self.state.start_record)):
            self._say(line)
        # Keep the addresses that clients know when the stack is started again.
        self._port, self._engine_port = engine.port, engine.engine_port
        return True

    def _deploy(self) -> None:
        deployment = self.deployment
        if data := deployment.deploy_changed_data():
            self._say("deployed the tables and queues")
        deployment.ensure_views()
        if compute := deployment.deploy_changed_compute():
            self._say("packaged and deployed the API and the Lambdas")
        if data or compute:
            launch.save(self.engine)
        self._wait_until_the_api_answers()

    def _renew_views(self) -> None:
        """Rebuild the views if they lack an index that they need now, or have instants of other time zones.

        Nothing here runs as long as a timeout on AWS. What a Lambda that is slower than the short waits has projected
        into the old table alone is caught up with.
        """
        reason = self.deployment.need_of_rebuild()
        if reason is None:
            return
        self._say(f"rebuilding the views: their table {reason}")
        try:
            self.run_module("stack", "rebuild", "--wait", str(RENEWAL_WAIT_SECONDS))
        except StackError as error:
            # All but the orders that need a missing index works nevertheless.
            self._say(f"the views stay as they are; `python -m stack rebuild` tries again: {error}")
            return
        self.run_module("stack", "catchup")

    def _wait_until_the_api_answers(self) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while not launch.answers(f"{self.url}/health"):
            if time.monotonic() > deadline:
                raise StackError(f"{self.url}/health does not answer; the engine's log is {self.state.log}")
            time.sleep(POLL_SECONDS)

    def _catch_up(self) -> None:
        """Project what the engine's stream lost, once after each start, unless it goes on where it was."""
        if recovery.streams_go_on(read_json(self.state.start_record)):
            return
        engine = [self.engine.pid, self.engine.started]
        if read_json(self.state.catchup_record) == engine:
            return
        self._say("catching the views up from the ledger")
        self.run_module("stack", "catchup")
        write_json(self.state.catchup_record, engine)
