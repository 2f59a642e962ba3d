"""The operations that the engine in memory and the emulator must answer alike: what the service sends, at its edges."""

from __future__ import annotations

from typing import Any

NAME = "contract"
TABLE: dict[str, Any] = {
    "TableName": NAME,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "stream_id", "AttributeType": "S"},
        {"AttributeName": "version", "AttributeType": "N"},
        {"AttributeName": "key", "AttributeType": "S"},
        {"AttributeName": "shard", "AttributeType": "N"},
    ],
    "KeySchema": [
        {"AttributeName": "stream_id", "KeyType": "HASH"},
        {"AttributeName": "version", "KeyType": "RANGE"},
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "by_key",
            "KeySchema": [
                {"AttributeName": "stream_id", "KeyType": "HASH"},
                {"AttributeName": "key", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["hash"]},
        }
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_shard",
            "KeySchema": [
                {"AttributeName": "shard", "KeyType": "HASH"},
                {"AttributeName": "key", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
}

Operation = tuple[str, str, dict[str, Any]]
IS_FREE = "attribute_not_exists(stream_id)"


def _item(stream: str, version: int, **attributes: str) -> dict[str, Any]:
    return _key(stream, version) | {name: {"S": value} for name, value in attributes.items()}


def _key(stream: str, version: int) -> dict[str, Any]:
    return {"stream_id": {"S": stream}, "version": {"N": str(version)}}


def _put(name: str, item: dict[str, Any], **options: Any) -> Operation:
    return name, "PutItem", {"TableName": NAME, "Item": item, **options}


def _get(name: str, stream: str, version: int) -> Operation:
    return name, "GetItem", {"TableName": NAME, "Key": _key(stream, version), "ConsistentRead": True}


def _query(name: str, condition: str, values: dict[str, Any], **options: Any) -> Operation:
    request = {"TableName": NAME, "KeyConditionExpression": condition, "ExpressionAttributeValues": values, **options}
    return name, "Query", request


def _transact(name: str, *actions: dict[str, Any], **options: Any) -> Operation:
    named = [{kind: {"TableName": NAME, **body}} for action in actions for kind, body in action.items()]
    return name, "TransactWriteItems", {"TransactItems": named, **options}


_A = {":a": {"S": "a"}}
_NAMED = {"ExpressionAttributeNames": {"#key": "key"}}
_TELL = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
_IS_ONE = {"ConditionExpression": "title = :one", "ExpressionAttributeValues": {":one": {"S": "1"}}}
_IS_TWO = {"ConditionExpression": "title = :two", "ExpressionAttributeValues": {":two": {"S": "2"}}}
_BOTH = {
    "ConditionExpression": "(#t = :two AND version >= :v) OR (NOT attribute_exists(#h) AND #t <> :two)",
    "ExpressionAttributeNames": {"#t": "title", "#h": "hash"},
    "ExpressionAttributeValues": {":two": {"S": "2"}, ":v": {"N": "2"}},
}
_ADD = {
    "Key": _key("count", 1),
    "UpdateExpression": "ADD #total :one",
    "ExpressionAttributeNames": {"#total": "total"},
    "ExpressionAttributeValues": {":one": {"N": "1"}},
}

_ADD_A, _DELETE_A = (
    {
        "Key": _key("set", 1),
        "UpdateExpression": f"{action} #working :a",
        "ExpressionAttributeNames": {"#working": "working"},
        "ExpressionAttributeValues": {":a": {"SS": ["a"]}},
    }
    for action in ("ADD", "DELETE")
)

_IS_A_B = {
    "ConditionExpression": "title = :list",
    "ExpressionAttributeValues": {":list": {"L": [{"S": "a"}, {"S": "b"}]}},
}
OPERATIONS: list[Operation] = [
    _put("a first event", _item("a", 1, title="1", key="k2", hash="h"), ConditionExpression=IS_FREE),
    _put("the same version again", _item("a", 1, title="other"), ConditionExpression=IS_FREE),
    _get("the first stands", "a", 1),
    _get("what is not there", "a", 7),
    *[_put("more events", _item("a", version, title=str(version), key=f"k{20 - version}")) for version in range(2, 12)],
    _put("another stream", _item("b", 1, title="b", key="k2", hash="h2")),
    _put("characters beyond ASCII", _item("é#ü%", 1, title="ü")),
    _query("a partition in the order of its numbers", "stream_id = :a", _A, ConsistentRead=True),
    _query("the newest", "stream_id = :a", _A, ScanIndexForward=False, Limit=1),
    _query("an empty partition", "stream_id = :a", {":a": {"S": "nobody"}}),
    _query("behind a version", "stream_id = :a AND version > :v", _A | {":v": {"N": "9"}}),
    _query("up to a version", "stream_id = :a AND version <= :v", _A | {":v": {"N": "2"}}),
    _query("one version", "stream_id = :a AND version = :v", _A | {":v": {"N": "10"}}),
    _query("between two", "stream_id = :a AND version BETWEEN :l AND :h", _A | {":l": {"N": "3"}, ":h": {"N": "5"}}),
    _query("a page", "stream_id = :a", _A, Limit=4),
    _query("the page behind it", "stream_id = :a", _A, Limit=4, ExclusiveStartKey=_key("a", 4)),
    _query(
        "backwards behind a key", "stream_id = :a", _A, Limit=2, ScanIndexForward=False, ExclusiveStartKey=_key("a", 4)
    ),
    _query("behind a key that is gone", "stream_id = :a", _A, ExclusiveStartKey=_key("a", 40)),
    _query(
        "a local index, sparse and with what it projects",
        "stream_id = :a AND #key = :k",
        _A | {":k": {"S": "k2"}},
        IndexName="by_key",
        ConsistentRead=True,
        **_NAMED,
    ),
    _query(
        "a local index by a prefix, in its own order",
        "stream_id = :a AND begins_with(#key, :k)",
        _A | {":k": {"S": "k1"}},
        IndexName="by_key",
        **_NAMED,
    ),
    _query(
        "a page of a local index",
        "stream_id = :a AND begins_with(#key, :k)",
        _A | {":k": {"S": "k1"}},
        IndexName="by_key",
        Limit=3,
        **_NAMED,
    ),
    _query(
        "a projection",
        "stream_id = :a",
        _A,
        ProjectionExpression="version, #key",
        Limit=3,
        **_NAMED,
    ),
    _put("into the global index", _item("c", 1, key="k") | {"shard": {"N": "3"}}),
    _put("not into it, for its sort key is missing", _item("c", 2) | {"shard": {"N": "3"}}),
    _query(
        "the global index",
        "#shard = :s AND #key <= :k",
        {":s": {"N": "3"}, ":k": {"S": "z"}},
        IndexName="by_shard",
        ExpressionAttributeNames={"#shard": "shard", "#key": "key"},
    ),
    (
        "many by their keys, those that exist",
        "BatchGetItem",
        {"RequestItems": {NAME: {"Keys": [_key("a", 1), _key("a", 99), _key("b", 1)], "ConsistentRead": True}}},
    ),
    (
        "a key twice",
        "BatchGetItem",
        {"RequestItems": {NAME: {"Keys": [_key("a", 1), _key("a", 1)]}}},
    ),
    _transact(
        "a transaction in which one condition fails",
        {"Put": {"Item": _item("d", 1, title="d")}},
        {"Put": {"Item": _item("a", 1, title="no"), "ConditionExpression": IS_FREE}},
        {"ConditionCheck": {"Key": _key("a", 2), **_IS_TWO}},
    ),
    _get("of which nothing was done", "d", 1),
    _transact(
        "a transaction that asks for what stands in its way",
        {"Put": {"Item": _item("d", 1, title="d"), "ConditionExpression": IS_FREE, **_TELL}},
        {"Put": {"Item": _item("a", 1, title="no"), "ConditionExpression": IS_FREE, **_TELL}},
        {"Put": {"Item": _item("a", 2, title="no"), "ConditionExpression": IS_FREE}},
    ),
    _transact(
        "a transaction",
        {"Put": {"Item": _item("d", 1, title="d"), "ConditionExpression": IS_FREE}},
        {"Put": {"Item": _item("a", 1, title="new"), **_IS_ONE}},
        {"Delete": {"Key": _key("b", 1), "ConditionExpression": "attribute_exists(title)"}},
        {"ConditionCheck": {"Key": _key("a", 2), **_IS_TWO}},
    ),
    _get("its put", "d", 1),
    _get("its replacement, which left the index", "a", 1),
    _query("the index without it", "stream_id = :a", _A, IndexName="by_key"),
    _get("its deletion", "b", 1),
    _transact("a deletion of what is not there", {"Delete": {"Key": _key("b", 1)}}),
    _transact("a condition on what is not there", {"Delete": {"Key": _key("b", 1), **_IS_ONE}}),
    _transact("an item twice", {"Delete": {"Key": _key("a", 5)}}, {"Put": {"Item": _item("a", 5)}}),
    _put("conditions under AND, OR and NOT", _item("a", 2, title="2"), **_BOTH),
    _put("the same on another item", _item("a", 3, title="2"), **_BOTH),
    _put("the same where it fails", _item("a", 1, title="2", hash="h"), **_BOTH),
    _put("and where it fails for good", _item("a", 1, title="9"), **_BOTH),
    _transact("a counter that is new", {"Update": _ADD}, ClientRequestToken="one"),
    _transact("the same request again", {"Update": _ADD}, ClientRequestToken="one"),
    _get("counted once", "count", 1),
    _transact("another request", {"Update": _ADD}, ClientRequestToken="two"),
    _get("counted twice", "count", 1),
    _transact("another body with that token", {"Delete": {"Key": _key("count", 1)}}, ClientRequestToken="two"),
    _put("a list", _key("list", 1) | {"title": {"L": [{"S": "a"}, {"S": "b"}]}}),
    _put("where it is the very list", _key("list", 1) | {"title": {"L": [{"S": "c"}]}}, **_IS_A_B),
    _put("where it is another", _key("list", 1) | {"title": {"L": []}}, **_IS_A_B),
    ("a set that is new", "UpdateItem", {"TableName": NAME, **_ADD_A}),
    ("what is in it already", "UpdateItem", {"TableName": NAME, **_ADD_A}),
    _get("one member", "set", 1),
    ("its last member deleted", "UpdateItem", {"TableName": NAME, **_DELETE_A}),
    _get("no set", "set", 1),
    ("and deleted again", "UpdateItem", {"TableName": NAME, **_DELETE_A}),
    ("a table that stands already", "CreateTable", TABLE),
    ("what is said of it", "DescribeTable", {"TableName": NAME}),
    ("what is said of none", "DescribeTable", {"TableName": "none"}),
    ("its time to live", "DescribeTimeToLive", {"TableName": "none"}),
    ("none dropped", "DeleteTable", {"TableName": "none"}),
    ("an item of none", "GetItem", {"TableName": "none", "Key": _key("a", 1)}),
    ("items of none", "BatchGetItem", {"RequestItems": {"none": {"Keys": [_key("a", 1)]}}}),
    ("all of none", "Scan", {"TableName": "none"}),
    ("an item into none", "PutItem", {"TableName": "none", "Item": _key("a", 1)}),
    _transact("a transaction with none", {"Delete": {"Key": _key("a", 1), "TableName": "none"}}),
]
