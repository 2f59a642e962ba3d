"""What the workflows may do: actions by hash, no stored keys, few permissions."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT
from tests.workflows import lint

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"(?P<action>[\w.-]+/[\w./-]+)@(?P<hash>[0-9a-f]{40}) # v(?P<version>\d+\.\d+\.\d+)")
# What these say who they are for: to AWS, to the token issuer, to the attestations.
HAVE_AN_IDENTITY = {("main", "package"), ("main", "dev"), ("main", "prod"), ("stage", "deploy")}


def jobs() -> list[tuple[str, str, dict[str, Any]]]:
    read = ((path.stem, yaml.safe_load(path.read_text())) for path in FILES)
    return [(name, job, content) for name, workflow in read for job, content in workflow["jobs"].items()]


def test_every_action_of_others_is_pinned_by_its_hash_and_says_its_version() -> None:
    used = [
        line.split("uses:")[1].strip() for path in FILES for line in path.read_text().splitlines() if "uses:" in line
    ]
    others = [each for each in used if not each.startswith("./")]
    assert [each for each in others if not PINNED.fullmatch(each)] == []
    hashes = {(match["action"], match["hash"], match["version"]) for match in map(PINNED.fullmatch, others) if match}
    assert len(hashes) == len({action for action, _, _ in hashes}), "an action has one version in all workflows"


def test_no_secret_is_stored() -> None:
    assert [path.name for path in FILES if re.search(r"\bsecrets\b", path.read_text())] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_workflow_has_no_permissions_but_those_of_its_jobs(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {}


def test_a_job_may_read_the_repository_and_little_else() -> None:
    for workflow, job, content in jobs():
        extra = {name: right for name, right in content["permissions"].items() if (name, right) != ("contents", "read")}
        identity = {"id-token": "write"} if (workflow, job) in HAVE_AN_IDENTITY else {}
        store = {"attestations": "write"} if job == "package" else {}
        assert extra == identity | store, f"{workflow}: {job}"


def test_a_stage_is_deployed_in_its_environment_and_only_after_the_checks() -> None:
    found = {job: content for workflow, job, content in jobs() if workflow == "main"}
    assert found["package"]["needs"] == "checks"
    assert found["dev"]["needs"] == "package"
    assert "dev" in found["prod"]["needs"]
    (deploy,) = (content for workflow, _, content in jobs() if workflow == "stage")
    assert deploy["environment"] == "${{ inputs.stage }}"


def test_what_was_rolled_back_is_not_compared_with_this_checkout() -> None:
    (deploy,) = (content for workflow, _, content in jobs() if workflow == "stage")
    (back,) = (step["run"].split("\n") for step in deploy["steps"] if "make rollback" in step.get("run", ""))
    assert back == ['make rollback STAGE="$STAGE"', "QUICK=1 OTHER_VERSION=1 .github/smoke.sh", ""]


def linted(directory: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.workflows.lint", "--directory", str(directory)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.skipif(not lint.INSTALLED.exists(), reason="`make lint` installs the linter")
def test_the_linter_finds_a_mistake(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    assert linted(tmp_path).returncode == 0
    workflow = tmp_path / ".github" / "workflows" / "main.yml"
    workflow.write_text(workflow.read_text().replace("steps.package.outputs.dev", "steps.packages.outputs.dev"))
    found = linted(tmp_path)
    assert found.returncode == 1
    assert 'property "packages" is not defined' in found.stdout


def test_dependabot_looks_at_all_that_is_pinned() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    watched = {each["package-ecosystem"]: each.get("directories", [each.get("directory")]) for each in updates}
    found = (path for part in ("page", "tests") for path in (ROOT / part).rglob("package-lock.json"))
    locks = {f"/{path.parent.relative_to(ROOT)}" for path in found}
    assert {name: set(directories) for name, directories in watched.items()} == {
        "pip": {"/", "/bench/peers"}, "npm": locks, "github-actions": {"/"},
    }  # fmt: skip
