"""Zip files of Python code, equal byte for byte whenever they are made of equal files."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

from stack.errors import DeploymentFailed

# The earliest time that a zip file can express.
TIMESTAMP: Final = (1980, 1, 1, 0, 0, 0)
MODE: Final = 0o644
# Where Lambda unpacks it, and what tracebacks name.
ROOT: Final = "/var/task"


def unpack(archive: Path, directory: Path) -> None:
    """Extract all files into a directory."""
    with zipfile.ZipFile(archive) as file:
        file.extractall(directory)


def pack(directory: Path, archive: Path) -> None:
    """Add all files below a directory to a zip file: sorted, with one time and mode, and nothing of this machine."""
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED, compresslevel=6) as file:
        for path in sorted(one for one in directory.rglob("*") if one.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), TIMESTAMP)
            entry.create_system = 3
            entry.external_attr = MODE << 16
            file.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def compile_all(directory: Path) -> None:
    """Write precompiled bytecode beside the modules below a directory: a Lambda cannot write any.

    It runs in a process of its own, so that this one's hash seed and earlier work do not change the result.

    Raises
    ------
    DeploymentFailed
        A module cannot be compiled.
    """
    command = [sys.executable, "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(directory), "-p", ROOT, str(directory)]
    done = subprocess.run(command, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeploymentFailed(f"the package could not be compiled:\n{done.stdout}{done.stderr}")
