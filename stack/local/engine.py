"""The engine process: ministack behind the gateway and its guard, on two sockets that its parent has bound."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config

from stack.errors import StackError
from stack.local.emulator import application
from stack.local.gateway import Gateway
from stack.local.guard import Guard
from stack.local.issuer import Issuer
from stack.local.journal.files import Files
from stack.local.journal.journal import Journal
from stack.local.sign_in import SignIn
from stack.local.state import State, write_json


def main() -> None:
    """Run the engine until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m stack.local.engine", description="Run the local engine.")
    parser.add_argument("directory", type=Path, help="the state directory")
    parser.add_argument("engine_socket", type=int, help="file descriptor of the AWS API's listening socket")
    parser.add_argument("api_socket", type=int, help="file descriptor of the API's listening socket")
    parser.add_argument("--attached", action="store_true", help="end when standard input does")
    parser.add_argument("--journal", action="store_true", help="keep what is acknowledged")
    parser.add_argument("--salvage", action="store_true", help="go on without what is damaged in the journal")
    arguments = parser.parse_args()
    if arguments.attached:
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
    state = State(arguments.directory)
    sockets = arguments.engine_socket, arguments.api_socket
    if not arguments.journal:
        asyncio.run(_serve(state, *sockets, None))
        return
    try:
        with Files(state.journal).held_by_writer():
            asyncio.run(_serve(state, *sockets, Journal(state.journal, salvage=arguments.salvage)))
    except StackError as error:
        write_json(state.start_record, {"error": str(error)})
        sys.exit(1)
    if "coverage" not in sys.modules:
        # All is on disk; to give back the memory of a hundred thousand items one by one takes seconds. What measures
        # this process (`make coverage`) writes at its end.
        os._exit(0)


async def _serve(state: State, engine_socket: int, api_socket: int, journal: Journal | None) -> None:
    config = Config()
    config.bind = [f"fd://{engine_socket}", f"fd://{api_socket}"]
    config.errorlog = None
    config.graceful_timeout = 5
    engine = application(journal, lambda: write_json(state.start_record, journal.report if journal else {}))
    guard = Guard(engine, _port(engine_socket), os.environ["AWS_SESSION_TOKEN"])
    port, issuer = _port(api_socket), Issuer(state.issuer_key)
    sign_in = SignIn(state.sign_in_codes, issuer, port)
    failure = (lambda: journal.failure) if journal is not None else (lambda: None)
    gateway = Gateway(engine, guard, port, state.api_record, issuer.key_set(), sign_in, failure)
    await serve(gateway, config)


def _port(descriptor: int) -> int:
    with socket.socket(fileno=os.dup(descriptor)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _end_with_the_parent() -> None:
    """Save everything and stop when the process that started this one has ended, which closes its end of the pipe."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
