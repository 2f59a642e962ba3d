"""Refuse a breaking change of the API's contract: `python -m tests.contract.breaking --base origin/main`.

It compares docs/reference/openapi.json with that file in another commit. A change that breaks clients passes only with
a version that says so. oasdiff knows more kinds of changes, but comes from no registry that this project installs from.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from tests.contract.compare import breaking_changes, is_released_as_breaking
from tests.support.paths import ROOT

CONTRACT = "docs/reference/openapi.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.contract.breaking", description="Refuse a breaking change.")
    parser.add_argument("--base", default="origin/main", help="the commit to compare with (default: origin/main)")
    base, revision = _committed(parser.parse_args().base), json.loads((ROOT / CONTRACT).read_text(encoding="utf-8"))
    changes = breaking_changes(base, revision)
    for change in changes:
        print(change)
    if not changes:
        return 0
    before, after = base["info"]["version"], revision["info"]["version"]
    if is_released_as_breaking(base, revision):
        print(f"\nClients may break: the version {before} became {after}.")
        return 0
    print(f"\nThis breaks clients of version {before}. Raise the version, or keep the old way as well.")
    return 1


def _committed(commit: str) -> Any:
    shown = subprocess.run(
        ["git", "show", f"{commit}:{CONTRACT}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if shown.returncode:
        sys.exit(f"error: {shown.stderr.strip()}; fetch the commit, or name another with --base")
    return json.loads(shown.stdout)


if __name__ == "__main__":
    sys.exit(main())
