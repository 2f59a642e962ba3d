"""The copy of the app fails as its rates say, and the app itself never."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from bench.experiment import faults, faulty, receiver
from bench.experiment.faults import Injected, Rates
from bench.experiment.receiver import Receiver
from tests.support.waiting import PATIENCE_SECONDS

NEVER = {"raises_before": 0.0, "raises_after": 0.0, "killed": 0.0, "refused": 0.0, "unanswered": 0.0}
OF_A_WEBHOOK = {"messageId": "m", "body": '{"id": "e2"}', "messageAttributes": {"webhook": {"stringValue": "w"}}}
BATCH = {"Records": [{"dynamodb": {"NewImage": {"event_id": {"S": "e1"}}}}, OF_A_WEBHOOK]}
REQUEST = SimpleNamespace(url="http://127.0.0.1/")


class Killed(BaseException):
    """The end of the process."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """The calls that were carried out; a process that is to end raises `Killed`."""
    requests: list[Any] = []

    def send(_: object, request: Any) -> str:
        requests.append(request)
        return "answer"

    def end(_: int) -> None:
        raise Killed

    monkeypatch.setattr(faults, "_send", send)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(os, "_exit", end)
    return requests


def invoke(monkeypatch: pytest.MonkeyPatch, **rates: float) -> Any:
    """One invocation of a handler that makes one call."""
    monkeypatch.setitem(faults.RATES, "project", Rates(**NEVER | rates))
    return faults.failing("project", lambda *_: faults._send_or_fail(None, REQUEST))(BATCH, None)  # type: ignore[arg-type]


def journal(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / faults.JOURNAL_NAME).read_text().splitlines()]


def test_without_a_fault_the_handler_answers_and_the_journal_has_what_it_was_handed(
    sent: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert invoke(monkeypatch) == "answer"
    (line,) = journal(tmp_path)
    assert (line["handler"], line["records"], line["messages"]) == ("project", ["e1", "e2"], [None, "m"])
    assert line["webhooks"] == [None, "w"]


@pytest.mark.parametrize(
    ("rate", "raised", "carried_out", "noted"),
    [
        ({"raises_before": 1.0}, Injected, 0, "raised before the work"),
        ({"raises_after": 1.0}, Injected, 1, "raised after the work"),
        ({"refused": 1.0}, ConnectTimeoutError, 0, "call without a connection"),
        ({"unanswered": 1.0}, ReadTimeoutError, 1, "answer of a call lost"),
        ({"killed": 2.0}, Killed, 0, "killed before a call"),
    ],
)
def test_a_fault_comes_before_or_after_the_work_and_is_noted(
    sent: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    rate: dict[str, float],
    raised: type[BaseException],
    carried_out: int,
    noted: str,
) -> None:
    with pytest.raises(raised):
        invoke(monkeypatch, **rate)
    assert len(sent) == carried_out
    assert [line["fault"] for line in journal(tmp_path) if "fault" in line] == [noted]


def test_a_call_outside_of_an_invocation_does_not_fail(sent: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReadTimeoutError):
        invoke(monkeypatch, unanswered=1.0)
    assert faults._send_or_fail(None, REQUEST) == "answer"  # type: ignore[arg-type]


@pytest.mark.parametrize("handler", ["project", "publish", "deliver"])
def test_the_copy_wraps_its_handlers(handler: str, tmp_path: Path) -> None:
    faulty.copy_faulty_app(tmp_path / "app")
    show = f"import app; print(app.{handler}.__module__)"
    done = subprocess.run(
        [sys.executable, "-c", show],
        cwd=tmp_path / "app",
        env={**os.environ, "HANDLERS": handler},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "chalicelib.faults"


def post(url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, data=b'{"id": "e1"}'), timeout=PATIENCE_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(("chance", "status", "told"), [(0.5, 204, ["e1"]), (0.0, 503, [])])
def test_the_receiver_counts_what_it_accepts(
    monkeypatch: pytest.MonkeyPatch, chance: float, status: int, told: list[str]
) -> None:
    monkeypatch.setattr(receiver, "random", SimpleNamespace(random=lambda: chance))
    with Receiver() as listening:
        assert post(listening.url) == status
        assert [event_id for event_id, _ in listening.delivered] == told


def test_an_event_whose_answer_the_receiver_loses_took_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "random", SimpleNamespace(random=lambda: receiver.REFUSED))
    with Receiver() as listening:
        with pytest.raises(OSError, match=r"closed|reset"):
            post(listening.url)
        assert [event_id for event_id, _ in listening.delivered] == ["e1"]
