"""Every relative link of a page leads to a file that exists, and to a heading in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.links import anchors, broken, links
from tests.support.paths import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_of_a_page_is_broken(page: Path) -> None:
    assert list(broken(page)) == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        ahead += [
            (page.parent / link.partition("#")[0]).resolve() for link in links(page.read_text()) if ":" not in link
        ]
    assert set((ROOT / "docs").rglob("*.md")) - reached == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_are_no_longer_than_those_of_the_code(page: Path) -> None:
    lines = page.read_text().splitlines()
    assert [number for number, line in enumerate(lines, start=1) if len(line) > 120] == []


def test_the_readme_is_short() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.split()) <= 1000
    assert len(text.splitlines()) <= 200


def test_what_is_broken_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# A heading\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md#a-heading) [b](other.md#no) [c](none.md) `[d](no)` [e](https://x.example)\n\n[f]: no.md\n"
    )
    assert [link.partition(":")[0] for link in broken(page)] == ["other.md#no", "none.md", "no.md"]


def test_anchors_are_those_of_github() -> None:
    assert anchors("# `python -m x`\n## What, exactly?\n### A [link](x.md)\n```\n# no\n```\n") == {
        "python--m-x", "what-exactly", "a-link"
    }  # fmt: skip
