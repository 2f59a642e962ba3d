"""The reference of the settings names every environment variable that is read, and none that nobody reads."""

from __future__ import annotations

import re

from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "reference" / "settings.md").read_text()
READ = re.compile(r"""environ(?:\.get\(|\[)\s*"(\w+)"|"(\w+)" (?:not )?in os\.environ|VARIABLE: Final = "(\w+)\"""")
# What AWS's own tools read.
NOT_OURS = {"AWS_PROFILE", "AWS_REGION"}


def sources() -> str:
    modules = [ROOT / "app.py"]
    for package in ("chalicelib", "loaders", "stack"):
        modules += sorted((ROOT / package).rglob("*.py"))
    return "\n".join(module.read_text() for module in modules)


def documented() -> set[str]:
    return set(re.findall(r"`(_?[A-Z]+(?:_[A-Z]+)*)`", PAGE))


def test_every_variable_that_is_read_is_documented() -> None:
    read = {name for names in READ.findall(sources()) for name in names if name}
    assert len(read) > 15
    assert read - documented() == set()


def test_no_variable_is_documented_that_nobody_reads() -> None:
    code = sources() + (ROOT / "Makefile").read_text()
    assert {name for name in documented() - NOT_OURS if not re.search(rf"\b{name}\b", code)} == set()
