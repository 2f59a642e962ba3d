"""What DynamoDB refuses and the local engine does not; only `make test-dynamodb-local` runs it.

Reserved words are missing here: `tests.support.dynamodb_rules` refuses them before a request is sent.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulation.contract import NAME


def test_a_key_of_an_index_that_is_too_long(emulator: Any) -> None:
    item = {"stream_id": {"S": "a"}, "version": {"N": "1"}, "key": {"S": "k" * 1025}}
    with pytest.raises(ClientError, match="Size limit exceeded"):
        emulator.put_item(TableName=NAME, Item=item)


def test_a_scan_that_goes_on_in_another_segment(emulator: Any) -> None:
    for number in range(20):
        emulator.put_item(TableName=NAME, Item={"stream_id": {"S": str(number)}, "version": {"N": "1"}})
    pages = [emulator.scan(TableName=NAME, Segment=segment, TotalSegments=2, Limit=1) for segment in (0, 1)]
    with pytest.raises(ClientError, match="within the segment"):
        emulator.scan(TableName=NAME, Segment=0, TotalSegments=2, ExclusiveStartKey=pages[1]["LastEvaluatedKey"])
