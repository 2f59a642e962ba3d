"""Zip files of Python code, equal byte for byte whenever they are made of equal files."""

from __future__ import annotations

import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

from stack.deploy import bytecode
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
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(one for one in directory.rglob("*") if one.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), TIMESTAMP)
            entry.create_system = 3
            entry.external_attr = MODE << 16
            file.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def compile_all(directory: Path) -> None:
    """Write precompiled bytecode beside the modules below a directory: a Lambda cannot write any.

    Raises
    ------
    DeploymentFailed
        A module cannot be compiled.
    """
    _compile("-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash",
             "-s", str(directory), "-p", ROOT, str(directory))  # fmt: skip


def replace_by_bytecode(directory: Path) -> None:
    """Put precompiled bytecode without docstrings in the place of the modules below a directory.

    A traceback has the names of their files and the numbers of their lines, but not the lines.

    Raises
    ------
    DeploymentFailed
        A module cannot be compiled.
    """
    _compile(bytecode.__file__, str(directory), ROOT)


def _compile(*arguments: str) -> None:
    """Run Python in a process of its own, so that this one's hash seed and earlier work do not change the result."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeploymentFailed(f"the package could not be compiled:\n{done.stdout}{done.stderr}")


def cut_symbols(library: Path) -> None:
    """Cut off what is behind the loaded parts of a shared library: the names of its functions, which debuggers read.

    It works on those of any processor, of ELF's 64-bit little-endian form (https://refspecs.linuxfoundation.org/elf/).
    """
    content = bytearray(library.read_bytes())
    if content[:6] != _ELF_64_LITTLE_ENDIAN:
        return
    (programs,) = struct.unpack_from("<Q", content, _PROGRAM_HEADERS)
    size, count = struct.unpack_from("<HH", content, _PROGRAM_HEADERS_SIZE)
    headers = [struct.unpack_from("<IIQQQQ", content, programs + number * size) for number in range(count)]
    loaded = max(offset + length for _, _, offset, _, _, length in headers)
    # The table of sections describes what is cut off, and no loader reads it.
    struct.pack_into("<Q", content, _SECTION_HEADERS, 0)
    struct.pack_into("<HH", content, _SECTION_COUNT, 0, 0)
    library.write_bytes(content[:loaded])


_ELF_64_LITTLE_ENDIAN: Final = b"\x7fELF\x02\x01"
# Where a file's header has these.
_PROGRAM_HEADERS: Final = 32
_SECTION_HEADERS: Final = 40
_PROGRAM_HEADERS_SIZE: Final = 54
_SECTION_COUNT: Final = 60
