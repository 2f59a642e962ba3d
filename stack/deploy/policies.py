"""The functions' IAM policies: one hand-written file each, which `iam_policy_file` of `.chalice/config.json` names.

They name resources by CloudFormation's ``Fn::Sub``, so that one file serves every stage, account and region:
`chalice package` copies them into the template, and `chalice deploy` gets them resolved.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from stack.deploy.references import References
from stack.deploy.stages import Function, Stage

# These actions have no resource type: AWS only accepts "*".
TRACE: Final = {
    "Sid": "Trace",
    "Effect": "Allow",
    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    "Resource": "*",
}


def file(stage: Stage, function: Function) -> Path:
    """The file of a function's policy."""
    return stage.checkout / ".chalice" / function.config.iam_policy_file


def document(stage: Stage, function: Function) -> dict[str, Any]:
    """A function's policy in a stage, with what X-Ray needs if `config.json` turns it on (`"xray": true`)."""
    found: dict[str, Any] = json.loads(file(stage, function).read_text())
    if function.config.xray_enabled and TRACE not in found["Statement"]:
        found["Statement"].append(TRACE)
    return found


def write_with_tracing(stage: Stage) -> None:
    """Add what X-Ray needs to the policy files of a copy of the project, which Chalice reads unchanged."""
    for function in stage.functions():
        if function.config.xray_enabled:
            _write(file(stage, function), document(stage, function))


def write_resolved(stage: Stage, refer: References, directory: Path) -> dict[str, str]:
    """Write each function's policy with its ``Fn::Sub`` resolved; the paths of the files, by function."""
    directory.mkdir(parents=True, exist_ok=True)
    written = {}
    for function in stage.functions():
        path = directory / f"policy-{function.name}.json"
        _write(path, refer.resolve(document(stage, function)))
        written[function.name] = str(path)
    return written


def _write(path: Path, policy: dict[str, Any]) -> None:
    path.write_text(json.dumps(policy, indent=2) + "\n")
