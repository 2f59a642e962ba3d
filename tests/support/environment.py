"""An environment of the tests' own: nothing that a user has set, has running or keeps at home reaches a test.

The root conftest imports this module before anything of the project, in each worker too. What it sets is inherited by
every process that a test starts.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from pathlib import Path

from tests.support.paths import ROOT

# Kept from one run to the next: what tests make of the same sources each time, above all the deployment packages.
KEPT = ROOT / ".pytest_cache" / "todo-ledger"

# Where programs are found, where temporary files go, whether what runs is measured (`make coverage`), and which client
# speaks to DynamoDB (TODO_LEDGER_CLIENT=botocore).
PASSED_ON = ("PATH", "TMPDIR", "COVERAGE_PROCESS_CONFIG", "TODO_LEDGER_CLIENT")
# How pip reaches its index. The first deployment package of a checkout is made of wheels that pip downloads; on a
# machine behind a proxy, or with an index of its own, that fails without these.
OF_PIP = (
    "PIP_CERT",
    "PIP_CLIENT_CERT",
    "PIP_CONFIG_FILE",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PIP_NO_INDEX",
    "PIP_PROXY",
    "PIP_TRUSTED_HOST",
)


def isolate() -> None:
    """Replace the environment of this process by one of the tests' own; only `PASSED_ON` and `OF_PIP` are kept.

    ``HOME`` and ``TODO_LEDGER_DIRECTORY`` are new, empty ones that are removed when the process ends; caches and
    packages lie in `KEPT`.
    """
    kept = _pip_settings() | {name: os.environ[name] for name in (*PASSED_ON, *OF_PIP) if name in os.environ}
    own = Path(tempfile.mkdtemp(prefix="todo-ledger-tests-"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    home, state = own / "home", own / "state"
    for directory in (home, state, KEPT / "caches", KEPT / "packages"):
        directory.mkdir(parents=True, exist_ok=True)
    (state / "packages").symlink_to(KEPT / "packages")
    _own.update(
        kept,
        HOME=str(home),
        XDG_CACHE_HOME=str(KEPT / "caches"),
        TODO_LEDGER_DIRECTORY=str(state),
        LANG="C.UTF-8",
        TZ="UTC",
        # A client without credentials fails; it must not ask the machine that it runs on for some.
        AWS_EC2_METADATA_DISABLED="true",
    )
    os.environ.clear()
    os.environ.update(_own)
    time.tzset()


def own_environment() -> dict[str, str]:
    """The environment that `isolate` made, whatever has been set in this process since."""
    return dict(_own)


_own: dict[str, str] = {}


def _pip_settings() -> dict[str, str]:
    """What leads pip through the user's proxy and to the user's index, under names that only pip reads."""
    found = {}
    if proxy := os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"):
        found["PIP_PROXY"] = proxy
    for file in (".config/pip/pip.conf", ".pip/pip.conf"):
        if (config := Path.home() / file).is_file():
            found.setdefault("PIP_CONFIG_FILE", str(config))
    return found
