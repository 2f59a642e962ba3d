"""A zip file of Python code that is the same, byte for byte, whenever it is made of the same files."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

from stack.errors import StackError

# The first instant that a zip file can tell.
TIMESTAMP: Final = (1980, 1, 1, 0, 0, 0)
MODE: Final = 0o644
# Where Lambda unpacks it: what tracebacks name.
ROOT: Final = "/var/task"


def unpack(archive: Path, directory: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        file.extractall(directory)


def pack(directory: Path, archive: Path) -> None:
    """Add all files below a directory: in order, with the same time and mode each, nothing of this machine."""
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED, compresslevel=6) as file:
        for path in sorted(one for one in directory.rglob("*") if one.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), TIMESTAMP)
            entry.create_system = 3
            entry.external_attr = MODE << 16
            file.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def compile_all(directory: Path) -> None:
    """Put bytecode beside the modules below a directory, which Python then takes unchecked: a Lambda cannot write any.

    In a process of its own, whose hashes and earlier work cannot show in the result.

    Raises
    ------
    StackError
        A module cannot be compiled.
    """
    command = [sys.executable, "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(directory), "-p", ROOT, str(directory)]
    done = subprocess.run(command, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"the package could not be compiled:\n{done.stdout}{done.stderr}")
