"""`.ci/run` tries what the README begins with, stops what it started, and ends with the first failure's exit code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.environment import own_environment
from tests.support.paths import ROOT

# Nothing is to be installed, and `make` only writes down what it is asked for.
PROGRAMS = ("curl", "task", "java", "apt-get")
MAKE = """\
#!/bin/sh
echo "$*" >> {asked}
case "$*" in {failing}) exit 7 ;; esac
"""


def run(directory: Path, *failing: str, **environment: str) -> tuple[int, list[str]]:
    """The exit code, and what was asked of `make`."""
    programs, asked = directory / "programs", directory / "asked"
    programs.mkdir()
    make = MAKE.format(asked=asked, failing="|".join(pattern.replace(" ", "\\ ") for pattern in failing) or "nothing")
    for name, script in {**dict.fromkeys(PROGRAMS, "#!/bin/sh\n"), "make": make}.items():
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    own = own_environment()
    own["PATH"] = f"{programs}:{own['PATH']}"
    done = subprocess.run([ROOT / ".ci" / "run"], env=own | environment, capture_output=True, check=False)
    return done.returncode, asked.read_text().splitlines()


def test_the_service_is_up_while_the_tests_run_and_down_after_them(tmp_path: Path) -> None:
    assert run(tmp_path, PORT="9000") == (0, ["lint", "up PORT=9000", "test", "test-dynamodb-local", "down"])


def test_without_a_port_it_takes_a_free_one(tmp_path: Path) -> None:
    _, (_, up, *_) = run(tmp_path)
    assert up.startswith("up PORT=")
    assert 0 < int(up.removeprefix("up PORT=")) < 65536


@pytest.mark.parametrize(
    ("failing", "asked"),
    [
        ("lint", ["lint"]),
        ("up", ["lint", "up PORT=9000", "down"]),
        ("test", ["lint", "up PORT=9000", "test", "test FAILED=1", "down"]),
        (
            "test-dynamodb-local",
            ["lint", "up PORT=9000", "test", "test-dynamodb-local", "test-dynamodb-local FAILED=1", "down"],
        ),
    ],
)
def test_what_fails_first_decides_the_exit_code(tmp_path: Path, failing: str, asked: list[str]) -> None:
    assert run(tmp_path, failing, f"{failing} *", PORT="9000") == (7, asked)


def test_what_fails_beside_others_alone_may_pass_when_it_is_tried_once_more(tmp_path: Path) -> None:
    wanted = ["lint", "up PORT=9000", "test", "test FAILED=1", "test-dynamodb-local", "down"]
    assert run(tmp_path, "test", PORT="9000") == (0, wanted)


def test_a_service_that_cannot_be_stopped_is_a_failure_too(tmp_path: Path) -> None:
    code, asked = run(tmp_path, "down", PORT="9000")
    assert code != 0
    assert asked[-1] == "down"
