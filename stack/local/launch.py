"""Starting the engine, on ports that are bound beforehand, confined to its directory and the loopback interface."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict

from stack.aws import local_credentials
from stack.errors import PortTaken, StackError
from stack.local import process
from stack.local.emulator import CHECKPOINT_PATH
from stack.local.guard import TOKEN_HEADER
from stack.local.journal.files import Files
from stack.local.process import EngineProcess
from stack.local.state import State, make_private, open_private, read_json, restrict, write_json
from stack.settings import REPOSITORY

# Reading a journal of a million events takes half a minute.
START_SECONDS = 300
POLL_SECONDS = 0.05
# The module that is the engine process. Tests put another one in its place (tests/support/dynamodb_local).
ENGINE = "stack.local.engine"

# What the engine and its Lambda workers inherit: no AWS_PROFILE, no proxies, no settings of other emulators.
# COVERAGE_PROCESS_CONFIG makes coverage.py measure them, too (`make coverage`).
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "USER", "LOGNAME", "COVERAGE_PROCESS_CONFIG")


def start(
    state: State,
    port: int,
    engine_port: int = 0,
    *,
    attached: bool = False,
    persist: bool = True,
    salvage: bool = False,
) -> EngineProcess:
    """Start the engine and wait until it answers.

    The ports are bound here and passed on: nobody can take them in between, and a taken port is reported at once. Only
    this user can read what the engine stores.

    Parameters
    ----------
    port, engine_port : int
        The ports of the API and of the AWS API, on 127.0.0.1. 0 chooses a free one; for the engine, its last one if
        that is free.
    attached : bool
        End with this process, however that ends; otherwise the engine outlives it.
    persist : bool
        Keep what is acknowledged; otherwise the engine begins empty, and leaves what was kept before alone.
    salvage : bool
        Go on without what is damaged in the journal.

    Raises
    ------
    PortTaken
        Another program listens on ``port``.
    InUse
        Another engine writes to the journal.
    NoRoom
        The disk is full.
    StackError
        The engine does not start, and says why.
    """
    restrict(state)
    journal = Files(state.journal)
    if state.journal.exists():
        # Before anything of an engine that nobody knows of is touched.
        with journal.held_by_writer():
            pass
    if persist:
        # The engine could not say so on a disk that is full.
        make_private(journal.directory)
        journal.check_room()
    api_socket = _bind(port)
    engine_socket = _bind_engine(state, engine_port)
    token = _token(state)
    shutil.rmtree(state.temporary, ignore_errors=True)
    state.temporary.mkdir(mode=0o700)
    command = [sys.executable, "-m", ENGINE, str(state.directory)]
    command += [str(engine_socket.fileno()), str(api_socket.fileno())]
    chosen = {"--attached": attached, "--journal": persist, "--salvage": salvage}
    command += [option for option, is_chosen in chosen.items() if is_chosen]
    state.start_record.unlink(missing_ok=True)
    with api_socket, engine_socket, open_private(state.log) as log:
        child = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=_environment(state, engine_socket.getsockname()[1], token, persist=persist),
            stdin=subprocess.PIPE if attached else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(engine_socket.fileno(), api_socket.fileno()),
            start_new_session=True,
            umask=0o077,
        )
        engine = EngineProcess(
            child.pid,
            process.start_time(child.pid) or "",
            api_socket.getsockname()[1],
            engine_socket.getsockname()[1],
            token,
            state.identity,
        )
    write_json(state.engine_record, asdict(engine))
    process.adopt(child)
    _wait_until_it_answers(engine, state)
    return engine


def answers(url: str, headers: Mapping[str, str] | None = None) -> bool:
    """Whether a GET of this address, without any proxy, returns 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.addheaders += (headers or {}).items()
    try:
        with opener.open(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def save(engine: EngineProcess) -> None:
    """Let the engine save what is deployed on it; the journal has everything else.

    Raises
    ------
    StackError
        It does not answer.
    """
    if not answers(engine.engine_url + CHECKPOINT_PATH, {TOKEN_HEADER: engine.token}):
        raise StackError("the engine did not save what is deployed")


def inherited_environment() -> dict[str, str]:
    """The environment variables of this process that a process of the local stack may inherit."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(1)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(port) from error
        raise StackError(f"cannot listen on port {port}: {error.strerror}") from error
    return listener


def _bind_engine(state: State, engine_port: int) -> socket.socket:
    remembered = (read_json(state.engine_record) or {}).get("engine_port", 0)
    if engine_port or not remembered:
        return _bind(engine_port)
    try:
        return _bind(remembered)
    except PortTaken:
        return _bind(0)


def _token(state: State) -> str:
    """The session token of this stack, the same one at each start, so that its clients outlive a restart."""
    remembered: str = (read_json(state.engine_record) or {}).get("token", "")
    return remembered or secrets.token_hex(32)


def _environment(state: State, engine_port: int, token: str, *, persist: bool) -> dict[str, str]:
    data = state.engine_data
    # The engine's own credentials are also those that it gives its Lambda workers.
    return inherited_environment() | local_credentials(token) | {
        "TMPDIR": str(state.temporary),
        "GATEWAY_PORT": str(engine_port),
        "MINISTACK_HOST": "127.0.0.1",
        "PERSIST_STATE": str(int(persist)),
        "STATE_DIR": str(data / "state"),
        "S3_PERSIST": str(int(persist)),
        "S3_DATA_DIR": str(data / "s3"),
        # No other listeners. No Docker: the engine would remove containers of other emulators.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{data}/no-docker.sock",
        "LOG_LEVEL": "WARNING",
    }  # fmt: skip


def _wait_until_it_answers(engine: EngineProcess, state: State) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(f"{engine.engine_url}/_ministack/health", {TOKEN_HEADER: engine.token}):
        if not engine.alive() or time.monotonic() > deadline:
            if error := (read_json(state.start_record) or {}).get("error"):
                raise StackError(error)
            raise StackError(f"the engine did not start; its log is {state.log}")
        time.sleep(POLL_SECONDS)
