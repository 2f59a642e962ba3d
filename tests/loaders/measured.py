"""The loader in processes of its own, whose memory is measured.

A process that has imported everything once forks for each file: importing takes as long as many of the files do.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.support.paths import ROOT

# Linux counts the memory of the process that started this one into ru_maxrss, so the kernel's own figure is read there.
_SERVER: Final = """
import json, os, resource, sys
from pathlib import Path
from loaders.cli import main
from loaders.formats import formats

def peak():
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    peaks = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return (peaks or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss])[0]

def load(file, said):
    answers = os.dup(1)
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    code = main([file, "--owner", "ann", "--dry-run"])
    sys.stdout.flush()
    os.write(answers, json.dumps([code, peak()]).encode() + b"\\n")

formats()
for line in sys.stdin:
    if not (child := os.fork()):
        try:
            load(*json.loads(line))
        finally:
            os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("null", flush=True)
"""


class Loader:
    """Loads files with ``--dry-run``, as a context manager."""

    def __enter__(self) -> Loader:
        self._server = subprocess.Popen(
            [sys.executable, "-c", _SERVER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.communicate()

    def peak_megabytes(self, file: Path, codes: tuple[int, ...] = (0,)) -> float:
        """The most memory that loading a file took; it must exit with one of these codes."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        said = file.with_name(f"{file.name}.said")
        self._server.stdin.write(json.dumps([str(file), str(said)]) + "\n")
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        assert answer is not None, said.read_text()
        code, peak = answer
        assert code in codes, said.read_text()
        # KiB on Linux, bytes on macOS.
        return int(peak) / (1024 if sys.platform != "darwin" else 1024 * 1024)
