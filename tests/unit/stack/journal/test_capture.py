"""What is seen of the emulator's state, and brought back: the items, the streams and the messages as they were."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from ministack.services import dynamodb, lambda_svc, sqs
from ministack.services.cloudformation import provisioners

from stack.local.journal.capture import Capture
from stack.local.journal.contents import Contents
from stack.local.journal.lines import line, parse
from tests.support import thorough

PATCHED = ("_set_item", "_remove_item", "_items_replaced", "_build_change_record", "get_state")
STORES = [
    (dynamodb, "_tables"), (dynamodb, "_stream_records"), (dynamodb, "_stream_trimmed"), (dynamodb, "_ttl_settings"),
    (sqs, "_queues"), (sqs, "_queue_name_to_url"),
    (lambda_svc, "_dynamodb_stream_positions"), (lambda_svc, "_esms"),
]  # fmt: skip
TABLE = {
    "TableName": "todos",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("p", "s")],
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
}


@pytest.fixture
def capture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Capture]:
    """A capture of an emulator without any state, in this process."""
    for name in PATCHED:
        monkeypatch.setattr(dynamodb, name, getattr(dynamodb, name))
    for module, name in STORES:
        store = getattr(module, name)
        monkeypatch.setattr(store, "_data", {})
    plain = type(dynamodb._tables)
    yield Capture()
    dynamodb._tables.__class__ = plain


def call(action: str, **request: Any) -> dict[str, Any]:
    headers = {"x-amz-target": f"DynamoDB_20120810.{action}"}
    status, _, body = asyncio.run(dynamodb.handle_request("POST", "/", headers, json.dumps(request).encode(), {}))
    assert status == 200, body
    answer: dict[str, Any] = json.loads(body)
    return answer


def brought_back(capture: Capture, contents: Contents) -> None:
    """Write what has changed, lose everything in memory, and install what was written."""
    batch = parse(line(1, capture.take())[:-1])
    assert batch is not None
    contents.apply(batch[1])
    for module, name in STORES[:3]:
        getattr(module, name)._data.clear()
    capture.install(deepcopy(contents))


def write_at_random(draw: random.Random) -> None:
    def key() -> dict[str, Any]:
        return {"p": {"S": draw.choice("ab")}, "s": {"S": draw.choice("xyz")}}

    def item() -> dict[str, Any]:
        return {**key(), "n": {"N": str(draw.randrange(100))}}

    update = {
        "UpdateExpression": "ADD #n :n",
        "ExpressionAttributeNames": {"#n": "n"},
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }
    match draw.randrange(5):
        case 0:
            call("PutItem", TableName="todos", Item=item())
        case 1:
            call("DeleteItem", TableName="todos", Key=key())
        case 2:
            call("UpdateItem", TableName="todos", Key=key(), **update)
        case 3:
            call("BatchWriteItem", RequestItems={"todos": [{"PutRequest": {"Item": item()}}]})
        case _:
            first = {"p": {"S": "c"}, "s": {"S": "c"}}
            writes = [
                {"Update": {"TableName": "todos", "Key": first, **update}},
                {"Put": {"TableName": "todos", "Item": item()}},
            ]
            call("TransactWriteItems", TransactItems=writes)


def everything() -> tuple[Any, Any]:
    table = dynamodb._tables["todos"]
    items = {pk: dict(of_partition) for pk, of_partition in table["items"].items() if of_partition}
    keys = [(record["eventName"], record["dynamodb"]["Keys"]) for record in dynamodb._stream_records.get("todos", [])]
    return deepcopy((items, table["KeySchema"], table["LatestStreamArn"])), keys


@pytest.mark.parametrize("seed", range(thorough.many(20)))
def test_what_is_brought_back_is_what_was_there(capture: Capture, seed: int) -> None:
    draw, contents = random.Random(seed), Contents()
    call("CreateTable", **TABLE)
    for _ in range(3):
        for _ in range(draw.randrange(15)):
            write_at_random(draw)
        items, keys = everything()
        brought_back(capture, contents)
        assert everything()[0] == items
        # The keys of what is gone are not in the records that are made again; the ledger removes nothing.
        assert [name for name, _ in everything()[1]] == [name for name, _ in keys]


def test_what_expires_stays_away(capture: Capture) -> None:
    contents = Contents()
    call("CreateTable", **TABLE)
    call("PutItem", TableName="todos", Item={"p": {"S": "a"}, "s": {"S": "x"}})
    dynamodb._remove_item(dynamodb._tables["todos"], "a", "x")
    brought_back(capture, contents)
    assert not dynamodb._tables["todos"]["items"]


def test_a_table_that_is_made_again_keeps_its_items(capture: Capture) -> None:
    call("CreateTable", **TABLE)
    call("PutItem", TableName="todos", Item={"p": {"S": "a"}, "s": {"S": "x"}})
    brought_back(capture, Contents())
    provisioners._ddb_create("T", TABLE, "stack")
    assert call("Scan", TableName="todos")["Count"] == 1


def test_a_table_that_was_dropped_is_not_brought_back(capture: Capture) -> None:
    contents = Contents()
    call("CreateTable", **TABLE)
    brought_back(capture, contents)
    call("DeleteTable", TableName="todos")
    brought_back(capture, contents)
    assert not dynamodb._tables._data


def make_queue() -> dict[str, Any]:
    url = sqs._act_create_queue({"QueueName": "q"}, "")["QueueUrl"]
    queue: dict[str, Any] = sqs._queues[url]
    return queue


def send(queue: dict[str, Any], delay: int = 0) -> None:
    url = sqs._queue_name_to_url[queue["name"]]
    sqs._act_send_message({"QueueUrl": url, "MessageBody": "hello", "DelaySeconds": delay}, url)


@pytest.mark.parametrize("seen_before", [False, True])
def test_a_message_in_flight_is_handed_out_anew_at_once(capture: Capture, seen_before: bool) -> None:
    queue, contents = make_queue(), Contents()
    send(queue)
    if seen_before:
        contents.apply([json.loads(record) for record in capture.take()])
    assert sqs._receive_messages_for_esm(sqs._queue_name_to_url["q"], 10)
    assert not sqs._receive_messages_for_esm(sqs._queue_name_to_url["q"], 10)
    brought_back(capture, contents)
    (message,) = sqs._receive_messages_for_esm(sqs._queue_name_to_url["q"], 10)
    assert (message["body"], message["receive_count"]) == ("hello", 1)


def test_a_message_that_was_handled_is_not_handed_out_again(capture: Capture) -> None:
    queue, contents = make_queue(), Contents()
    send(queue)
    contents.apply([json.loads(record) for record in capture.take()])
    (message,) = sqs._receive_messages_for_esm(sqs._queue_name_to_url["q"], 10)
    sqs._delete_messages_for_esm(sqs._queue_name_to_url["q"], {message["receipt_handle"]})
    brought_back(capture, contents)
    assert not queue["messages"]


def test_a_message_waits_for_its_queue(capture: Capture) -> None:
    contents = Contents()
    send(make_queue())
    contents.apply([json.loads(record) for record in capture.take()])
    sqs._queues._data.clear()
    capture.install(contents)
    queue = make_queue()
    assert capture.take() == []
    assert [message["body"] for message in queue["messages"]] == ["hello"]


def test_a_clock_that_was_set_back_delays_a_message_by_a_quarter_of_an_hour_at_most(capture: Capture) -> None:
    queue, contents = make_queue(), Contents()
    send(queue, delay=600)
    queue["messages"][0]["visible_at"] += 365 * 24 * 3600
    brought_back(capture, contents)
    assert queue["messages"][0]["visible_at"] <= time.time() + 900
