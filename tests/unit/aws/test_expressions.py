"""No expression that the code can send to DynamoDB, sent in a test or not, names a reserved word."""

from __future__ import annotations

import boto3
import pytest
from pynamodb.attributes import NumberAttribute

from chalicelib.ledger.model import EventItem
from tests.support import dynamodb_rules
from tests.support.dynamodb_rules import Refused
from tests.support.expressions import expressions_in, unknown_projections
from tests.support.paths import ROOT

SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in (
        ROOT / "app.py",
        *(path for room in ("chalicelib", "loaders", "stack") for path in (ROOT / room).rglob("*.py")),
    )
}
FOUND = {name: expressions for name, source in SOURCES.items() if (expressions := expressions_in(source))}


def test_the_list_of_reserved_words_is_complete() -> None:
    assert len(dynamodb_rules.RESERVED) == 573


@pytest.mark.parametrize("name", FOUND)
def test_no_expression_in_the_sources_uses_a_reserved_word_as_a_name(name: str) -> None:
    for expression in FOUND[name]:
        assert not dynamodb_rules.reserved_in(expression.text), expression
        assert not expression.has_unknown_name, f"give it a #name: {expression}"


@pytest.mark.parametrize("name", SOURCES)
def test_every_projection_is_written_where_it_is_set(name: str) -> None:
    assert not unknown_projections(SOURCES[name])


def test_the_expressions_of_every_room_are_found() -> None:
    """What reads and writes the tables: none of it is passed over."""
    assert {name.rpartition("/")[0] for name in FOUND} >= {
        "chalicelib/aws", "chalicelib/ledger", "chalicelib/views", "chalicelib/webhooks", "chalicelib/calendar",
        "chalicelib/api", "stack/deploy",
    }  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        'client.query(KeyConditionExpression="owner = :owner")',
        'request = {"FilterExpression": "begins_with(state, :prefix)"}',
        'request["ProjectionExpression"] = "stream_id, state"',
        'request["ProjectionExpression"] = ", ".join(["sk", "state"])',
        'CONDITION: Final = "attribute_not_exists(owner)"',
        'update(partition, "SET token = :token", values)',
        'update(partition, "REMOVE token")',
        'update(partition, "SET " + ", ".join(f"state = :{name}" for name in names))',
        'update(partition, f"ADD count :{name}")',
        'update(partition, condition=f"{EXISTS} AND owner = :owner")',
        'found = "stream_id = :stream_id" + (" AND count <= :until" if bound else "")',
        'OWNER = "owner"\nupdate(partition, f"SET {OWNER} = :owner")',
    ],
)  # fmt: skip
def test_a_reserved_word_is_found(source: str) -> None:
    assert any(dynamodb_rules.reserved_in(each.text) for each in expressions_in(source))


@pytest.mark.parametrize("source", ['update(f"SET {name} = :{name}")', 'update(f"attribute_exists(by_{name})")'])
def test_a_name_that_only_the_run_knows_is_found(source: str) -> None:
    assert [each.has_unknown_name for each in expressions_in(source)] == [True]


def test_a_projection_that_is_set_from_elsewhere_is_found() -> None:
    assert unknown_projections("request['ProjectionExpression'] = projection") == [1]


@pytest.mark.parametrize(
    "expression", ["#owner = :owner AND size(sk) < :most", "SET #state = :set ADD version :one REMOVE sk"]
)
def test_keywords_functions_and_placeholders_are_no_names(expression: str) -> None:
    assert not dynamodb_rules.reserved_in(expression)


@pytest.mark.parametrize("name", EventItem.get_attributes())
def test_pynamodb_gives_every_attribute_a_placeholder(name: str) -> None:
    attribute = EventItem.get_attributes()[name]
    condition = (attribute == (1 if isinstance(attribute, NumberAttribute) else "x")).serialize({}, {})
    assert condition == "#0 = :0"
    assert not dynamodb_rules.reserved_in(condition)


def test_a_request_with_a_reserved_word_is_refused_in_every_test() -> None:
    client = boto3.client("dynamodb", region_name="us-east-1")
    with pytest.raises(Refused, match="owner"):
        client.query(
            TableName="t", KeyConditionExpression="owner = :owner", ExpressionAttributeValues={":owner": {"S": "x"}}
        )
