"""What `make up` installs is enough to run, load and deploy: where tests run, their own packages would hide a lack."""

from __future__ import annotations

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


def pinned(file: str) -> set[str]:
    """The packages that installing a requirements file brings."""
    lines = (ROOT / file).read_text().splitlines()
    others = [line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
    own = {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line}
    return own.union(*(pinned(other) for other in others))


def needed_by(package: str) -> set[str]:
    found = [Requirement(each) for each in requires(package) or []]
    return {canonicalize_name(each.name) for each in found if not each.marker or each.marker.evaluate({"extra": ""})}


def test_what_runs_imports_only_what_is_installed_for_it() -> None:
    sources = [ROOT / "app.py", *(path for part in RUNS for path in (ROOT / part).rglob("*.py"))]
    imported = top_level({name for path in sources for name in imported_by(path.read_text())})
    installed, from_where = pinned("requirements-local.txt"), packages_distributions()
    others = imported - sys.stdlib_module_names - {*RUNS}
    assert "botocore" in others
    assert {one for one in others if installed.isdisjoint(map(canonicalize_name, from_where.get(one, [])))} == set()


@pytest.mark.parametrize("file", ["requirements-local.txt", "requirements-dev.txt"])
def test_what_is_needed_in_turn_is_pinned(file: str) -> None:
    installed = pinned(file)
    lacking = {package: needed_by(package) - installed - UNPINNED for package in installed}
    assert {package: names for package, names in lacking.items() if names} == {}
