"""The engine in memory answers as the emulator does: the same operations on both, one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.contract import OPERATIONS, TABLE
from tests.simulation.engine import Engine


class _InMemory:
    """The engine behind a client's method names."""

    def __init__(self) -> None:
        self._engine = Engine()
        self._engine.create_table(TABLE)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return self._engine.call(operation, request)


class _Emulator:
    def __init__(self, client: Any) -> None:
        self._client = client

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._client._make_api_call(operation, request)
        return answer


def _answer(engine: _InMemory | _Emulator, operation: str, request: dict[str, Any]) -> Any:
    """What the code sees of an answer: the items, where to go on, or the error's code and reasons."""
    try:
        answer = engine.call(operation, request)
    except ClientError as error:
        reasons = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
        return error.response["Error"]["Code"], reasons
    seen = {name: answer[name] for name in ("Item", "Items", "Count", "LastEvaluatedKey") if name in answer}
    if operation == "BatchGetItem":
        # It promises no order.
        found = [item for items in answer["Responses"].values() for item in items]
        seen["Items"] = sorted(found, key=str)
    return seen


def test_every_operation_is_answered_alike(emulator: Any, tmp_path: Path) -> None:
    in_memory, emulated = _InMemory(), _Emulator(emulator)
    for number, (name, operation, request) in enumerate(OPERATIONS):
        ours, theirs = _answer(in_memory, operation, request), _answer(emulated, operation, request)
        assert ours == theirs, f"operation {number}: {name}"


def test_a_scan_in_segments_brings_every_item_once(emulator: Any) -> None:
    both = []
    for engine in (_InMemory(), _Emulator(emulator)):
        for name, operation, request in OPERATIONS:
            if name == "more events":
                _answer(engine, operation, request)
        found: list[tuple[str, int]] = []
        for segment in range(3):
            start: dict[str, Any] = {}
            while True:
                request = {"TableName": TABLE["TableName"], "Segment": segment, "TotalSegments": 3, "Limit": 2, **start}
                answer = engine.call("Scan", request)
                found += [(item["stream_id"]["S"], int(item["version"]["N"])) for item in answer["Items"]]
                if "LastEvaluatedKey" not in answer:
                    break
                start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        # In which order, DynamoDB does not promise; the emulator has 10 before 2.
        both.append(sorted(found))
    assert both[0] == both[1]


def test_the_stream_has_a_record_for_each_change_and_none_for_what_changes_nothing() -> None:
    in_memory = Engine()
    table = in_memory.create_table(TABLE)
    request = {"TableName": TABLE["TableName"], "Item": {"stream_id": {"S": "a"}, "version": {"N": "1"}}}
    in_memory.call("PutItem", request)
    in_memory.call("PutItem", request)
    assert table.stream == [request["Item"]]
