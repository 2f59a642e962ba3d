"""One run: the stage that is checked, how to reach it, and what has to be removed at the end."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from stack.aws import is_local
from stack.deploy.deployment import Deployment
from stack.deploy.functions import deployed_api, deployed_names
from stack.errors import NotDeployed
from stack.settings import LOCAL
from stack.smoke.client import Answer, Client, Exchange
from stack.smoke.outcome import CheckFailed, Skipped, expect
from stack.smoke.recording import Recording

POLL_SECONDS: Final = 0.3
# Of a request to /batch.
MAX_COMMANDS: Final = 100
GONE: Final = (204, 410)


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is made.

    Attributes
    ----------
    token : str
        With both scopes.
    read_token : str, optional
        With `todos:read` alone.
    todos : int
        How many are loaded and cleared.
    patience : float
        By what every time that a check waits at most is multiplied.
    webhook_url : str, optional
        Of a receiver that repeats the challenge.
    other_version : bool
        Whether the stage has another version than this checkout, so that the two are not compared.
    rebuild_waits : dict
        The input of the state machine; empty on AWS, where the waits are the functions' timeouts.
    """

    token: str
    read_token: str | None = None
    todos: int = 3_600
    patience: float = 1.0
    webhook_url: str | None = None
    other_version: bool = False
    rebuild_waits: dict[str, float] = field(default_factory=dict)


class Run:
    """A run on a stage. What it makes has names of its own, and is removed by `clean_up`.

    Parameters
    ----------
    deployment : Deployment
    options : Options

    Attributes
    ----------
    name : str
        The prefix of the names of everything that this run makes.
    started_at : float
        Seconds since 1970.
    begun : dict
        What checks have begun or made for later ones.
    areas : frozenset of str
        Those whose checks are made.
    file : str, optional
        Where the exchanges of the present check are recorded.
    left : list of str
        What could not be removed at the end.
    """

    def __init__(self, deployment: Deployment, options: Options) -> None:
        self.deployment = deployment
        self.options = options
        self.name = f"smoke-{uuid.uuid4().hex[:12]}"
        self.started_at = time.time()
        self.begun: dict[str, Any] = {}
        self.areas: frozenset[str] = frozenset()
        self.left: list[str] = []
        self.file: str | None = None
        self._made: list[tuple[str, Callable[[], object]]] = []
        self._todos: list[str] = []

    @cached_property
    def url(self) -> str:
        """The API's address for its clients, without a slash at its end.

        Raises
        ------
        NotDeployed
        """
        if configured := self.deployment.configured_parameters().get("PublicUrl"):
            return configured.rstrip("/")
        if (api := deployed_api(self.deployment)) is None:
            raise NotDeployed("the API")
        place = self.deployment.place
        host = f"{api}.execute-api.{place['AWS::Region']}.{place['AWS::URLSuffix']}"
        return f"https://{host}/{self.deployment.stage.api_stage}"

    @cached_property
    def recording(self) -> Recording:
        """What was sent, for those checks that are recorded."""
        tokens = (self.options.token, self.options.read_token)
        return Recording(self.url, self.name, [token for token in tokens if token])

    @cached_property
    def api(self) -> Client:
        """The API with the token."""
        return Client(self.url, self.options.token, self._hear)

    @cached_property
    def anybody(self) -> Client:
        """The API without a token."""
        return Client(self.url, None, self._hear)

    @cached_property
    def reader(self) -> Client:
        """The API with the read-only token.

        Raises
        ------
        Skipped
            There is none.
        """
        if self.options.read_token is None:
            raise Skipped("no read-only token is given (TODO_LEDGER_READ_TOKEN)")
        return Client(self.url, self.options.read_token, self._hear)

    @cached_property
    def is_emulated(self) -> bool:
        """Whether the AWS API is one on this machine, which lacks some of what an account has."""
        return is_local(self.aws("lambda"))

    @property
    def takes_local_webhooks(self) -> bool:
        """Whether the stage sends webhooks to this machine."""
        return self.deployment.stage.name == LOCAL

    @cached_property
    def functions(self) -> dict[str, str]:
        """The functions' names on Lambda, by their names in the app."""
        return deployed_names(self.deployment)

    def aws(self, service: str) -> Any:
        """The client of an AWS service."""
        return self.deployment.client(service)

    def skip_if_emulated(self, lacking: str) -> None:
        """Skip the check on a local engine; `lacking` says what that does not do.

        Raises
        ------
        Skipped
        """
        if self.is_emulated:
            raise Skipped(f"the local engine {lacking}")

    def skip_if_other_version(self) -> None:
        """Skip what compares the stage with this checkout, if it is to have another version.

        Raises
        ------
        Skipped
        """
        if self.options.other_version:
            raise Skipped("the stage is to have another version than this checkout")

    def list_name(self, suffix: str = "") -> str:
        """The name of a list of this run's own."""
        return f"{self.name} {suffix}".rstrip()

    def list_path(self, suffix: str = "") -> str:
        """The path of that list's todos."""
        return f"/lists/{quote(self.list_name(suffix), safe='')}/todos"

    def create(self, title: str, *, suffix: str = "", headers: dict[str, str] | None = None, **fields: Any) -> Answer:
        """Create a todo in a list of this run's own (`list_name`), which is deleted at the end.

        Raises
        ------
        CheckFailed
            The answer is another one than 201.
        """
        content = {"title": f"{self.name}: {title}", "list": self.list_name(suffix), **fields}
        return self.made(self.api.post("/todos", content, **(headers or {})))

    def made(self, answer: Answer) -> Answer:
        """The answer to a request that must have made a todo, which is deleted at the end."""
        self.delete_at_end(answer.expect(201).json()["id"])
        return answer

    def delete_at_end(self, todo_id: str) -> None:
        """Have a todo deleted at the end; it may be deleted before."""
        if not self._todos:
            self.on_end("todos", lambda: self.delete(self._todos))
        self._todos.append(todo_id)

    def on_end(self, what: str, remove: Callable[[], object]) -> None:
        """Have something removed when the run ends, however it ends; the last first."""
        self._made.append((what, remove))

    def clean_up(self) -> Iterator[str]:
        """Remove what was made; yields what could not be removed, with the error."""
        while self._made:
            what, remove = self._made[-1]
            try:
                remove()
            except Exception as error:
                yield f"{what} ({error})"
            self._made.pop()

    def still_made(self) -> list[str]:
        """What is to be removed yet."""
        return [what for what, _ in self._made]

    def wait_for(self, what: str, found: Callable[[], Any], *, seconds: float, poll: float = POLL_SECONDS) -> Any:
        """The first true value of `found`.

        Raises
        ------
        CheckFailed
            There is none within `seconds`; `what` says what was waited for.
        """
        seconds *= self.options.patience
        deadline = time.monotonic() + seconds
        while not (value := found()):
            if time.monotonic() > deadline:
                raise CheckFailed(f"{what}: not within {seconds:.0f} s")
            time.sleep(poll)
        return value

    def delete(self, todos: Sequence[str]) -> None:
        """Delete todos by their ids, whatever the views show.

        Raises
        ------
        CheckFailed
            One cannot be deleted.
        """
        for start in range(0, len(todos), MAX_COMMANDS):
            commands = [{"op": "delete", "id": todo_id} for todo_id in todos[start : start + MAX_COMMANDS]]
            results = self.api.quiet.post("/batch", {"commands": commands}).expect(200).json()["results"]
            # 410: a check has deleted it.
            left = [one["id"] for one, result in zip(commands, results, strict=True) if result["status"] not in GONE]
            expect(not left, f"not deleted: {', '.join(left)}")

    def _hear(self, exchange: Exchange) -> None:
        if self.file is not None:
            self.recording.hear(self.file, exchange)


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """A callable that returns the seconds since the block began."""
    started = time.monotonic()
    yield lambda: time.monotonic() - started
