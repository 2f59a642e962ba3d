"""Where a local stack keeps its state: the paths below its directory, and JSON files written whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


def default_directory() -> Path:
    """Where ``make up`` keeps its stack, and where all stacks keep their packages.

    ``TODO_LEDGER_DIRECTORY`` names it; otherwise it is ``.local/`` in the repository.
    """
    return Path(os.environ.get("TODO_LEDGER_DIRECTORY") or REPOSITORY / ".local")


@dataclass(frozen=True)
class State:
    """The state directory of one local stack."""

    directory: Path

    @property
    def engine_record(self) -> Path:
        """The engine's process and ports, as long as it runs; its ports alone afterwards."""
        return self.directory / "engine.json"

    @property
    def engine_data(self) -> Path:
        return self.directory / "engine"

    @property
    def temporary(self) -> Path:
        """The engine's TMPDIR: the code that Lambda workers unpack; emptied at each start."""
        return self.directory / "tmp"

    @property
    def log(self) -> Path:
        return self.directory / "engine.log"

    @property
    def api_record(self) -> Path:
        """Which REST API the API port serves; absent until one is deployed."""
        return self.directory / "api.json"

    @property
    def issuer_key(self) -> Path:
        return self.directory / "issuer.pem"

    @property
    def catchup_record(self) -> Path:
        """The engine process whose views have been caught up from the ledger."""
        return self.directory / "caught-up.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold off every other start, stop and deployment of this stack."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with open(self.directory / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def read_json(path: Path) -> Any:
    """The content of a JSON file; None where there is none."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def write_json(path: Path, content: Any) -> None:
    """Replace a JSON file in one step, so that a reader never sees half of it."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(content))
    temporary.replace(path)
