"""X-Ray is told of a request if the invocation is sampled, and only then."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from chalicelib.aws.errors import AWSError
from chalicelib.settings import THIN
from tests.support.reset import become, forget_everything
from tests.unit.aws.thin import faulty
from tests.unit.aws.thin.clients import make
from tests.unit.aws.thin.faulty import OK, error

ROOT, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
TRACE = f"Root={ROOT};Parent={PARENT};Sampled="


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
        become(monkeypatch, {"AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{listening.getsockname()[1]}"})
        yield listening
    forget_everything()


def test_a_sampled_request_is_a_subsegment(daemon: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE + "1")
    with faulty.serving([OK, error(400, "ValidationException")]) as server:
        client = make(monkeypatch, THIN, f"http://127.0.0.1:{server.port}")
        client.get_item(TableName="x", Key={})
        with pytest.raises(AWSError):
            client.query(TableName="y")
        assert [seen.headers["x-amzn-trace-id"] for seen in server.seen] == [TRACE + "1"] * 2
    reported = [json.loads(daemon.recv(65_536).split(b"\n", 1)[1]) for _ in range(2)]
    for each in reported:
        assert (each["trace_id"], each["parent_id"], each["type"]) == (ROOT, PARENT, "subsegment")
        assert each["start_time"] <= each["end_time"]
    assert [each["aws"] for each in reported] == [
        {"operation": "GetItem", "table_name": "x"},
        {"operation": "Query", "table_name": "y"},
    ]
    assert ["error" in each for each in reported] == [False, True]


@pytest.mark.parametrize("trace", ["", TRACE + "0", "no trace"])
def test_nothing_is_reported_of_others(trace: str, daemon: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    with faulty.serving([OK]) as server:
        make(monkeypatch, THIN, f"http://127.0.0.1:{server.port}").get_item(TableName="x", Key={})
    with pytest.raises(BlockingIOError):
        daemon.recv(1)


def test_a_daemon_that_is_not_there_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    become(monkeypatch, {"_X_AMZN_TRACE_ID": TRACE + "1", "AWS_XRAY_DAEMON_ADDRESS": "no address"})
    with faulty.serving([OK]) as server:
        make(monkeypatch, THIN, f"http://127.0.0.1:{server.port}").get_item(TableName="x", Key={})
    forget_everything()
