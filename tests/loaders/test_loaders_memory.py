"""Memory hardly grows with the file."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.loaders.loading import rows
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

MEASURE = """
import resource, sys
from loaders.cli import main
code = main([sys.argv[1], "--owner", "ann", "--dry-run"])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _peak_megabytes(file: Path) -> float:
    ended = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    code, peak = ended.stdout.split()[-2:]
    assert code == "0"
    # KiB on Linux, bytes on macOS.
    return int(peak) / (1024 if sys.platform != "darwin" else 1024 * 1024)


def _calendar(count: int) -> bytes:
    todos = b"".join(b"BEGIN:VTODO\r\nUID:%d\r\nSUMMARY:Todo %d\r\nEND:VTODO\r\n" % (n, n) for n in range(count))
    return b"BEGIN:VCALENDAR\r\n" + todos + b"END:VCALENDAR\r\n"


def _takeout(count: int) -> bytes:
    tasks = b",".join(b'{"id": "%d", "title": "Todo %d"}' % (n, n) for n in range(count))
    return b'{"kind": "tasks#taskLists", "items": [{"title": "L", "items": [' + tasks + b"]}]}"


def _page(count: int) -> bytes:
    tasks = b",".join(b'{"id": "%d", "title": "Todo %d"}' % (n, n) for n in range(count))
    return b'{"value": [' + tasks + b"]}"


def _outline(count: int) -> bytes:
    return b"TYPE,CONTENT,INDENT\n" + b"".join(b"task,Todo %d,%d\n" % (n, 1 + n % 4) for n in range(count))


@pytest.mark.parametrize("made", [rows, _calendar, _takeout, _page, _outline])
def test_ten_times_the_rows_take_hardly_more_memory(tmp_path: Path, made: Callable[[int], bytes]) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(made(3_000))
    large.write_bytes(made(30_000))
    assert _peak_megabytes(large) - _peak_megabytes(small) < 8
