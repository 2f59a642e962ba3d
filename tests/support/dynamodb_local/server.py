"""DynamoDB Local as a process on the loopback interface, which ends with the process that started it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support.dynamodb_local.install import PROGRAM
from tests.support.paths import ROOT

CONFIGURATION: Final = Path(__file__).parent / "server.xml"
LIBRARIES: Final = PROGRAM / "DynamoDBLocal_lib"
COMMAND: Final = (
    "java",
    # Quick to start on few cores, and with little memory.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xmx768m",
    f"-Djava.library.path={LIBRARIES}",
    "-cp",
    f"{PROGRAM / 'DynamoDBLocal.jar'}:{LIBRARIES}/*",
    "org.eclipse.jetty.xml.XmlConfiguration",
    str(CONFIGURATION),
)
MODULE: Final = "tests.support.dynamodb_local.server"
# It sends reports of its use to AWS otherwise.
ALONE: Final = {"DDB_LOCAL_TELEMETRY": "0"}


@contextmanager
def running() -> Iterator[str]:
    """DynamoDB Local, as long as this is entered.

    Yields
    ------
    str
        Its endpoint URL. It has a part that cannot be guessed: there are no other credentials.

    Raises
    ------
    UsageError
        Java or the package is missing.
    """
    if shutil.which("java") is None or not PROGRAM.is_dir():
        raise pytest.UsageError(
            "DynamoDB Local needs Java (Debian: openjdk-17-jre-headless) and `make test-dynamodb-local`"
        )
    process = subprocess.Popen(
        [sys.executable, "-m", MODULE],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # An interrupt is for those who use it; it ends after them.
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        # Leaving closes the pipe to it, and waits for its end.


def main() -> None:
    """Start it, print its URL, and stop it at the end of standard input."""
    path = f"/{secrets.token_hex(16)}"
    with tempfile.TemporaryDirectory() as directory:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            java = subprocess.Popen(
                COMMAND,
                cwd=directory,
                env={**os.environ, **ALONE, "SECRET_PATH": path},
                # `System.inheritedChannel` is what standard input is connected to. Requests wait there until it is up.
                stdin=listener.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        try:
            print(f"http://127.0.0.1:{port}{path}", flush=True)
            sys.stdin.read()
        finally:
            java.terminate()
            java.wait()


if __name__ == "__main__":
    main()
