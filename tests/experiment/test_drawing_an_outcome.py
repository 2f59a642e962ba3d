"""The drawings are SVG that stands alone, and the page takes the figures between its marks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.experiment import drawing, report
from bench.experiment.counting import Stage
from bench.experiment.run import Outcome

SVG = "{http://www.w3.org/2000/svg}"


def stage(*times: tuple[int, int], lost: frozenset[str] = frozenset()) -> Stage:
    """Of events with these (times handed over, times effective)."""
    handed = {f"e{number}": each[0] for number, each in enumerate(times)}
    effects = {f"e{number}": each[1] for number, each in enumerate(times)}
    return Stage(handed, effects, [(100.0 + number, 0.5 + number) for number in range(len(times))], lost)


@pytest.fixture
def stages() -> dict[str, Stage]:
    return {
        "project": stage(*[(1, 1)] * 1234, (4, 0)),
        "publish": stage((1, 1), (2, 2), (2, 1)),
        "deliver": stage((1, 1), (3, 1), (2, 2)),
    }


def drawings(stages: dict[str, Stage]) -> list[str]:
    return [drawing.histogram(stages), drawing.lag(stages, started=100.0)]


def outcome(stages: dict[str, Stage], differences: list[str] | None = None) -> Outcome:
    faults = Counter({("project", "raised before the work"): 3, ("receiver", "answers 503"): 2})
    return Outcome(stages, faults, Counter(project=7), 100.0, 90.0, 0, differences or [], "one machine")


def test_a_drawing_runs_nothing_and_loads_nothing(stages: dict[str, Stage]) -> None:
    for drawn in drawings(stages):
        elements = list(ElementTree.fromstring(drawn).iter())
        assert elements[0].tag == f"{SVG}svg"
        assert {f"{SVG}script", f"{SVG}image", f"{SVG}foreignObject"}.isdisjoint(each.tag for each in elements)
        links = {value for each in elements for name, value in each.attrib.items() if name.endswith("href")}
        assert all(link.startswith("#") for link in links)
        assert "@import" not in drawn
        assert len(drawn) < 100_000


def test_a_drawing_is_the_same_each_time(stages: dict[str, Stage]) -> None:
    assert drawings(stages) == drawings(stages)


def test_each_bar_has_its_count(stages: dict[str, Stage]) -> None:
    texts = {each.text for each in ElementTree.fromstring(drawing.histogram(stages)).iter(f"{SVG}text")}
    assert {"1,234", "handed to the handler", "took effect"} <= texts


def test_what_was_handed_over_very_often_stands_in_one_bar(stages: dict[str, Stage]) -> None:
    stages |= {"deliver": stage((1, 1), (6, 1), (8, 1), (12, 2))}
    texts = [each.text for each in ElementTree.fromstring(drawing.histogram(stages)).iter(f"{SVG}text")]
    assert "6+" in texts
    assert "12" not in texts


def test_the_lag_is_drawn_by_stretches_of_the_run() -> None:
    lags = [(100.0, 1.0), (100.1, 3.0), (100.2, 2.0), (220.0, 0.0)]
    assert drawing.stretches(lags, started=100.0) == ([0.0, 119.0], [2.0, 0.001], [3.0, 0.001])


def test_the_figures_replace_what_stood_between_the_marks(stages: dict[str, Stage], tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{report.BEGIN}\nold\n{report.END}\n\nAfter.\n")
    report.write(page, outcome(stages))
    once = page.read_text()
    assert once.startswith("# Title\n\n")
    assert once.endswith("\n\nAfter.\n")
    assert "old" not in once
    assert "| `project`: in the views | 1.00 | 4 | 1 | 1,234 | 0 | 0 |" in once
    assert "| `deliver`: at the webhook | 2.00 | 3 | 0 | 2 | 1 | 0 |" in once
    report.write(page, outcome(stages))
    assert page.read_text() == once


def test_a_webhook_told_twice_contradicts_nothing(stages: dict[str, Stage]) -> None:
    assert outcome(stages).failures == []


def test_what_is_lost_or_stands_twice_in_the_views_is_a_failure(stages: dict[str, Stage]) -> None:
    stages |= {"project": stage((1, 2)), "publish": stage((1, 0), lost=frozenset({"e0"}))}
    assert outcome(stages, ["a tally is wrong"]).failures == [
        "publish: 1 events without effect",
        "project: events that took effect twice in the views",
        "audit: a tally is wrong",
    ]
