"""What `make up` installs is enough to run, load and deploy, and each file of it is known by its hash.

Where tests run, their own packages would hide a lack.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.imports import imported_by, top_level
from tests.support.paths import ROOT

RUNS = ("app", "chalicelib", "loaders", "stack")
# It comes with the virtual environment.
UNPINNED = {"pip"}
# What `make lock` makes, and of what.
LOCKED = {
    "requirements.txt": ["requirements.in"],
    "requirements-local.txt": ["requirements.in", "requirements-local.in"],
    "requirements-dev.txt": ["requirements.in", "requirements-local.in", "requirements-dev.in"],
    "requirements-lint.txt": ["requirements-lint.in"],
    "requirements-sbom.txt": ["requirements-sbom.in"],
}
SHA256 = re.compile("sha256:[0-9a-f]{64}")


def requirements(file: str) -> list[tuple[Requirement, list[str]]]:
    """Each requirement of a file, with the hashes that a file of it may have."""
    whole = re.sub(r"(^|\s)#.*", "", (ROOT / file).read_text().replace("\\\n", " "), flags=re.MULTILINE)
    split = [line.split("--hash=") for line in whole.splitlines() if line.strip()]
    return [(Requirement(parts[0]), [part.strip() for part in parts[1:]]) for parts in split]


def versions(*files: str) -> dict[str, str]:
    """The packages that are named, with what is asked of their version."""
    return {canonicalize_name(one.name): str(one.specifier) for file in files for one, _ in requirements(file)}


def pinned(file: str) -> set[str]:
    """The packages that installing a requirements file brings to this machine."""
    return {canonicalize_name(one.name) for one, _ in requirements(file) if applies(one)}


def needed_by(package: str) -> set[str]:
    return {canonicalize_name(one.name) for one in map(Requirement, requires(package) or []) if applies(one)}


def applies(requirement: Requirement) -> bool:
    return not requirement.marker or requirement.marker.evaluate({"extra": ""})


def test_what_runs_imports_only_what_is_installed_for_it() -> None:
    sources = [ROOT / "app.py", *(path for part in RUNS for path in (ROOT / part).rglob("*.py"))]
    imported = top_level({name for path in sources for name in imported_by(path.read_text())})
    installed, from_where = pinned("requirements-local.txt"), packages_distributions()
    others = imported - sys.stdlib_module_names - {*RUNS}
    assert "botocore" in others
    assert {one for one in others if installed.isdisjoint(map(canonicalize_name, from_where.get(one, [])))} == set()


@pytest.mark.parametrize("file", sorted(LOCKED))
def test_every_file_that_pip_may_fetch_is_known_by_its_hash(file: str) -> None:
    bare = {str(one) for one, hashes in requirements(file) if not all(map(SHA256.fullmatch, hashes)) or not hashes}
    assert bare == set()
    assert all(re.fullmatch("==[^,*]+", version) for version in versions(file).values())


@pytest.mark.parametrize("file", sorted(LOCKED))
def test_what_is_named_is_what_is_locked(file: str) -> None:
    named, locked = versions(*LOCKED[file]), versions(file)
    assert {name: locked.get(name) for name in named} == named, "`make lock` brings it up to date"


def test_a_package_has_one_version_wherever_it_is_locked() -> None:
    seen: dict[str, set[str]] = {}
    for file in LOCKED:
        for name, version in versions(file).items():
            seen.setdefault(name, set()).add(version)
    assert {name: found for name, found in seen.items() if len(found) > 1} == {}


@pytest.mark.parametrize("file", sorted(LOCKED))
def test_no_file_names_where_packages_come_from(file: str) -> None:
    assert "://" not in (ROOT / file).read_text()


@pytest.mark.parametrize("file", ["requirements-local.txt", "requirements-dev.txt"])
def test_what_is_needed_in_turn_is_pinned(file: str) -> None:
    installed = pinned(file)
    lacking = {package: needed_by(package) - installed - UNPINNED for package in installed}
    assert {package: names for package, names in lacking.items() if names} == {}
