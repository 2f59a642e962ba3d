"""The state of a local stack: the paths below its directory, and JSON files that are replaced as a whole."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class State:
    """The state directory of one local stack."""

    directory: Path

    @property
    def engine_record(self) -> Path:
        """The engine's process and ports while it runs; afterwards only its port."""
        return self.directory / "engine.json"

    @property
    def engine_data(self) -> Path:
        """Where the engine keeps its tables and queues."""
        return self.directory / "engine"

    @property
    def temporary(self) -> Path:
        """The engine's TMPDIR, into which Lambda workers unpack code; emptied at each start."""
        return self.directory / "tmp"

    @property
    def log(self) -> Path:
        """The engine's log."""
        return self.directory / "engine.log"

    @property
    def api_record(self) -> Path:
        """The REST API that the API's port serves; absent until one is deployed."""
        return self.directory / "api.json"

    @property
    def issuer_key(self) -> Path:
        """The private key of the local issuer."""
        return self.directory / "issuer.pem"

    @property
    def catchup_record(self) -> Path:
        """The engine process whose views have been caught up from the ledger."""
        return self.directory / "caught-up.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock that makes every other start, stop and deployment of this stack wait."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def read_json(path: Path) -> Any:
    """The content of a JSON file; None if it does not exist."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def write_json(path: Path, content: Any) -> None:
    """Replace a JSON file in one step, so that nobody reads half of it."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(content))
    temporary.replace(path)
