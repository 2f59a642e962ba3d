"""What the functions count reaches CloudWatch in its own format, as one line of an invocation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from chalicelib import metrics
from tests.support.lambda_events import image, stream_batch, stream_record

SCHEMA = json.loads(Path(__file__).with_name("emf.schema.json").read_text())


@pytest.fixture(autouse=True)
def nothing_counted(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    metrics.write()
    capsys.readouterr()
    yield
    metrics.write()


def lines(printed: str) -> list[dict[str, Any]]:
    """The lines of metrics among those that were printed."""
    found = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return [line for line in found if "_aws" in line]


def test_a_line_is_what_the_specification_asks_for(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setenv("STAGE", "prod")
    for name, unit in metrics.UNITS.items():
        metrics.count(name) if unit == "Count" else metrics.observe(name, 12.5)
    metrics.write()

    (line,) = lines(capsys.readouterr().out)
    jsonschema_rs.validate(SCHEMA, line)
    (described,) = line["_aws"]["CloudWatchMetrics"]
    assert described["Dimensions"] == [["stage"]]
    assert line["stage"] == "prod"
    # Every name that is a metric or a dimension must be a member of the root.
    assert {each["Name"] for each in described["Metrics"]} == set(metrics.UNITS) <= set(line)


def test_no_more_values_than_cloudwatch_takes_of_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for value in range(250):
        metrics.observe(metrics.PROJECTION_LAG, value)
    metrics.write()
    (line,) = lines(capsys.readouterr().out)
    assert line["ProjectionLag"] == list(range(150, 250))


def test_what_was_written_is_not_written_again_and_of_nothing_there_is_no_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics.count(metrics.COMMANDS)
    metrics.write()
    metrics.write()
    assert len(lines(capsys.readouterr().out)) == 1


def test_an_invocation_that_fails_writes_what_it_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import app

    def fail(_: Any) -> None:
        metrics.count(metrics.QUARANTINED)
        raise RuntimeError

    monkeypatch.setattr("chalicelib.triggers.project.handle", fail)
    with pytest.raises(RuntimeError):
        app.project(stream_batch(image()), None)
    (line,) = lines(capsys.readouterr().out)
    assert line["Quarantined"] == 1


def test_the_lag_of_each_event_is_counted_from_when_it_happened(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import app

    monkeypatch.setattr("chalicelib.views.stream.project_everywhere", lambda _: [])
    monkeypatch.setattr("time.time_ns", lambda: 1_763_632_802_500_000_000)
    images = [{**image(), "occurred_at": {"S": f"2025-11-20T10:00:0{seconds}Z"}} for seconds in ("0.000", "2.250")]
    records = [*stream_batch(*images)["Records"], stream_record(None, "REMOVE")]
    app.project({"Records": records}, None)
    (line,) = lines(capsys.readouterr().out)
    assert line["ProjectionLag"] == [2500, 250]


def test_the_scenario_has_counted_all_there_is_to_count(printed: str) -> None:
    found = lines(printed)
    assert {name for line in found for name in metrics.UNITS if name in line} == set(metrics.UNITS)
    for line in found:
        jsonschema_rs.validate(SCHEMA, line)
        # Nothing that is an owner's: every value is a number, but for the stage.
        assert {name for name, value in line.items() if isinstance(value, str)} == {"stage"}
    assert sum(line.get("Delivered", 0) for line in found) == 1


def test_no_invocation_writes_two_lines(printed: str) -> None:
    handled = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    for before, after in pairwise(handled):
        assert not ("_aws" in before and "_aws" in after), "each has a line of its own log before"
