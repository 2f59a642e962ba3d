"""Memory hardly grows with the file."""

import subprocess
import sys
from pathlib import Path

from loading import rows

REPOSITORY = Path(__file__).parents[2]
MEASURE = """
import resource, sys
from loaders.cli import main
code = main([sys.argv[1], "--owner", "ann", "--dry-run"])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _peak_megabytes(file: Path) -> float:
    ended = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    code, peak = ended.stdout.split()[-2:]
    assert code == "0"
    # KiB on Linux, bytes on macOS.
    return int(peak) / (1024 if sys.platform != "darwin" else 1024 * 1024)


def test_ten_times_the_rows_take_hardly_more_memory(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(rows(5_000))
    large.write_bytes(rows(50_000))
    assert _peak_megabytes(large) - _peak_megabytes(small) < 8
