"""What the comparison with other libraries counts and draws."""

from __future__ import annotations

from typing import Any
from urllib.request import Request, urlopen
from xml.etree import ElementTree

import pytest

from bench.loopback import answering
from bench.peers import units
from bench.peers.drawing import chart
from bench.peers.recording import Exchange, recording

KILOBYTE = "x" * 1024
RATIOS = {"raw boto3": {1: 1.0, 100: 1.0, 1_000: 1.0}, "a <slow> peer": {1: 2.5, 100: 30.0, 1_000: 120.0}}


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"a": {"S": "é"}}, 3),
        ({"a": {"N": "-12.5"}}, 4),
        ({"a": {"N": "7"}}, 3),
        ({"a": {"BOOL": True}}, 2),
        ({"a": {"B": "AAAA"}}, 4),
        ({"a": {"L": [{"S": "bc"}]}}, 7),
        ({"a": {"M": {"b": {"S": "c"}}}}, 7),
    ],
)
def test_an_items_size_has_its_names_and_values(item: units.Item, size: int) -> None:
    assert units.size_of(item) == size


@pytest.mark.parametrize(
    ("operation", "request_", "written"),
    [
        ("PutItem", {"TableName": "t", "Item": {"a": {"S": "b"}}}, 1),
        ("PutItem", {"TableName": "t", "Item": {"a": {"S": KILOBYTE}}}, 2),
        ("PutItem", {"TableName": "indexed", "Item": {"a": {"S": "b"}}}, 1 + 5),
        ("UpdateItem", {"TableName": "t", "Key": {"a": {"S": "b"}}}, 2),
        ("BatchWriteItem", {"RequestItems": {"t": [{"PutRequest": {"Item": {"a": {"S": "b"}}}}] * 3}}, 3),
        (
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "indexed", "Item": {"a": {"S": "b"}}}}]},
            2 + 5,
        ),
        ("Query", {}, 0),
    ],
)
def test_a_write_costs_a_unit_for_each_started_kilobyte(operation: str, request_: dict[str, Any], written: int) -> None:
    exchange = Exchange(operation, request_, {})

    def indexed(table: str, item: units.Item) -> int:
        return 5 if table == "indexed" else 0

    assert units.written([exchange], lambda table, key: {"a": {"S": KILOBYTE}}, indexed) == written


@pytest.mark.parametrize(
    ("operation", "request_", "answer", "read"),
    [
        ("Query", {"ConsistentRead": True}, {"Items": [{"a": {"S": KILOBYTE}}] * 4}, 2),
        ("Query", {}, {"Items": [{"a": {"S": KILOBYTE}}] * 4}, 1),
        ("Query", {"ConsistentRead": True}, {"Items": []}, 1),
        ("GetItem", {}, {}, 0.5),
        (
            "BatchGetItem",
            {"RequestItems": {"t": {"Keys": [1, 2, 3], "ConsistentRead": True}}},
            {"Responses": {"t": [{"a": {"S": 5 * KILOBYTE}}]}},
            2 + 1 + 1,
        ),
        ("PutItem", {}, {}, 0),
    ],
)
def test_a_read_costs_one_for_each_started_four_kilobytes_or_half_of_it(
    operation: str, request_: dict[str, Any], answer: dict[str, Any], read: float
) -> None:
    assert units.read([Exchange(operation, request_, answer)]) == read


def test_what_goes_through_the_proxy_is_recorded_and_answers_in_a_list_come_in_turn() -> None:
    answers = {"Query": [{"Count": 1}, {"Count": 0}]}

    def asked(url: str) -> bytes:
        headers = {"X-Amz-Target": "DynamoDB_20120810.Query"}
        with urlopen(Request(url, b"{}", headers)) as answer:
            return bytes(answer.read())

    with answering(answers) as url, recording(url) as recorder:
        found = [asked(recorder.url) for _ in range(3)]
    assert found == [b'{"Count": 1}', b'{"Count": 0}', b'{"Count": 1}']
    assert recorder.exchanges == [
        Exchange("Query", {}, {"Count": 1}),
        Exchange("Query", {}, {"Count": 0}),
        Exchange("Query", {}, {"Count": 1}),
    ]


def test_the_chart_stands_alone_in_light_and_dark() -> None:
    drawn = chart(RATIOS)
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    assert "prefers-color-scheme: dark" in drawn
    assert "href" not in drawn
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"raw boto3", "a <slow> peer", "2.50", "120.00", "history of 1 event"} <= set(texts)
    bars = [bar for bar in root.iter("{http://www.w3.org/2000/svg}rect") if bar.get("class") != "paper"]
    right = max(float(bar.get("x", 0)) + float(bar.get("width", 0)) for bar in bars)
    assert right <= float(root.get("viewBox", "").split()[2])
