"""The lines of the log are those of Powertools' Logger."""

from __future__ import annotations

import io
import json
import logging
import uuid
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from chalicelib import logs

PRIVATE = "what a todo says"
FIELDS: dict[str, Any] = {"a": 1, "b": [1.5, {"x": None}], "c": "ä\n", "odd": {1}, "none": None}


class Powertools:
    """Its Logger, with the settings that the service had when it used it."""

    def __init__(self) -> None:
        self._out = io.StringIO()
        formatter = LambdaPowertoolsFormatter(utc=True, use_rfc3339=True, serialize_stacktrace=False)
        # Loggers of one name are one.
        self.logger = Logger(
            service=uuid.uuid4().hex,
            level="INFO",
            logger_handler=logging.StreamHandler(self._out),
            logger_formatter=formatter,
            location=None,
        )

    def line(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._out.getvalue())
        del found["service"]
        return found


@pytest.fixture(autouse=True)
def _nothing_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_lasting", {})


@pytest.mark.parametrize("trace", ["", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"])
@pytest.mark.parametrize("correlation_id", [None, "mine"])
def test_a_line(
    correlation_id: str | None, trace: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    powertools = Powertools()
    if correlation_id:
        powertools.logger.set_correlation_id(correlation_id)
        logs.correlate(correlation_id)
    powertools.logger.info("done", extra=FIELDS)
    logs.write("done", **FIELDS)
    theirs, ours = powertools.line(), json.loads(capsys.readouterr().out)
    assert len(theirs.pop("timestamp")) == len(ours.pop("timestamp"))
    assert list(theirs.items()) == list(ours.items())


def test_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    powertools = Powertools()
    try:
        raise LookupError(PRIVATE)
    except LookupError as error:
        powertools.logger.warning("odd", exc_info=error)
        logs.warn("odd", error)
        logs.fail("odd", error)
    theirs = powertools.line()
    warned, failed = map(json.loads, capsys.readouterr().out.splitlines())
    assert theirs.keys() == warned.keys() == failed.keys()
    for name in ("level", "message", "exception_name"):
        assert warned[name] == theirs[name]
    assert failed["level"] == "ERROR"
    assert PRIVATE not in warned["exception"]


def test_a_text_that_is_no_unicode_is_a_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.write("odd", text="\ud800")
    assert json.loads(capsys.readouterr().out)["text"] == "\ud800"
