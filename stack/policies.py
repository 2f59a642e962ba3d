"""The functions' IAM policies: one hand-written source each, and from it a file for each stage.

A source (`.chalice/policy-{function}.json`) names resources with `${Stage}`. Chalice takes policies as they
are, in `chalice deploy` and `chalice package`, and IAM knows no variable for a stage: so the files that
`.chalice/config.json` names are written from the sources, and kept in the repository for who runs Chalice alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from stack.state import REPOSITORY

DIRECTORY: Final = REPOSITORY / ".chalice"
STAGE_VARIABLE: Final = "${Stage}"
# These have no resource type: AWS takes nothing but "*".
TRACE: Final = {
    "Sid": "Trace",
    "Effect": "Allow",
    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    "Resource": "*",
}


def functions(directory: Path = DIRECTORY) -> list[str]:
    """The functions that have a policy, by name."""
    return sorted(path.stem.removeprefix("policy-") for path in directory.glob("policy-*.json"))


def stages(directory: Path = DIRECTORY) -> list[str]:
    """The stages that `config.json` has."""
    return list(_config(directory)["stages"])


def document(function: str, stage: str, directory: Path = DIRECTORY) -> dict[str, Any]:
    """A function's policy in a stage; with what X-Ray needs where `config.json` turns it on (`"xray": true`)."""
    source = (directory / f"policy-{function}.json").read_text()
    found: dict[str, Any] = json.loads(source.replace(STAGE_VARIABLE, stage))
    if _config(directory)["stages"][stage].get("xray"):
        found["Statement"].append(TRACE)
    return found


def text(function: str, stage: str, directory: Path = DIRECTORY) -> str:
    """A function's policy in a stage, as the file has it."""
    return json.dumps(document(function, stage, directory), indent=2) + "\n"


def path(function: str, stage: str) -> str:
    """Where the file lies below `.chalice/`, as `iam_policy_file` of `config.json` names it."""
    return f"policies/{stage}/{function}.json"


def write(stage: str, directory: Path = DIRECTORY) -> bool:
    """Write the files of a stage; whether any was not so already."""
    changed = False
    for function in functions(directory):
        file, wanted = directory / path(function, stage), text(function, stage, directory)
        if not file.exists() or file.read_text() != wanted:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted)
            changed = True
    return changed


def _config(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "config.json").read_text())
    return found
