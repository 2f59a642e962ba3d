"""Whatever the network or DynamoDB does to a request, the thin client and botocore's come to the same."""

from __future__ import annotations

import json
import socket
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import logs
from chalicelib.aws import dynamodb, tuning
from chalicelib.aws.errors import AWSError, NoAnswer, Refusal, TimedOut, Unconfigured, codes_of, failed_conditions
from chalicelib.settings import BOTOCORE, THIN
from tests.support.reset import become, forget_everything
from tests.unit.aws.thin import faulty
from tests.unit.aws.thin.clients import NAMES, make
from tests.unit.aws.thin.faulty import FOUND, ITEM, OK, Step, answer, error, never, raw, reset

KEY = {"stream_id": {"S": "ä#1"}, "version": {"N": "1"}}
TOO_FAST = error(400, "ProvisionedThroughputExceededException")
INTERNAL = error(500, "InternalServerError")
REASONS = [
    {"Code": "None"},
    {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": ITEM},
]


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    forget_everything()


def asked(patch: pytest.MonkeyPatch, name: str, script: list[Step]) -> tuple[Any, int]:
    """What a client of this name makes of the script: the item or the error, and how many requests it took."""
    with faulty.serving(script) as server:
        client = make(patch, name, f"http://127.0.0.1:{server.port}")
        try:
            found: Any = client.get_item(TableName="x", Key=KEY, ConsistentRead=True)["Item"]
        except AWSError as raised:
            found = type(raised), codes_of(raised), getattr(raised, "status", None)
        assert {json.dumps(json.loads(seen.body)) for seen in server.seen} == {
            json.dumps({"TableName": "x", "Key": KEY, "ConsistentRead": True})
        }
        return found, len(server.seen)


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x;a=b\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


REFUSED = {
    "a condition fails": (error(400, "ConditionalCheckFailedException"), "ConditionalCheckFailedException", 400),
    "another transaction": (error(400, "TransactionConflictException"), "TransactionConflictException", 400),
    "no such table": (error(400, "ResourceNotFoundException"), "ResourceNotFoundException", 400),
    "a wrong signature": (error(400, "InvalidSignatureException"), "InvalidSignatureException", 400),
    "too large": (answer(413, b"<html>Too large</html>"), "413", 413),
}
PASSES = {
    "the connection is reset": reset,
    "it is closed": raw(b""),
    "half an answer": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + FOUND[:20]),
    "half a chunk": raw(chunked(FOUND[:10], end=b"30\r\n")),
    "no last chunk": raw(chunked(FOUND[:10], end=b"")),
    "no HTTP": raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "an internal error": INTERNAL,
    "a gateway's page": answer(502, b"<html>Bad gateway</html>"),
    "an empty 503": answer(503, b""),
    "a gateway's time-out": error(504, "GatewayTimeout"),
    "throttling of the table": TOO_FAST,
    "throttling of the account": error(400, "RequestLimitExceeded"),
    "throttling": error(400, "ThrottlingException"),
    "a transaction at work": error(400, "TransactionInProgressException"),
    "a wrong checksum": answer(200, FOUND, crc=1),
    "an error with a wrong checksum": answer(400, b'{"__type": "x#ValidationException"}', crc=1),
}
ANSWERS = {
    "as usual": OK,
    "and closes": answer(200, FOUND, close=True),
    "in chunks": raw(chunked(FOUND[:7], FOUND[7:])),
    "with trailers": raw(chunked(FOUND, end=b"0\r\nX-Trailer: 1\r\n\r\n")),
    "without a length": raw(b"HTTP/1.1 200 OK\r\n\r\n" + FOUND),
    "by HTTP/1.0": raw(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FOUND) + FOUND),
    "after a hint": raw(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FOUND) + FOUND
    ),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ANSWERS)
def test_an_answer_is_read(how: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, name, [ANSWERS[how]]) == (ITEM, 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_is_raised_at_once(what: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step, code, status = REFUSED[what]
    assert asked(monkeypatch, name, [step, OK]) == ((Refusal, {code}, status), 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", PASSES)
def test_what_passes_is_tried_again(what: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, name, [PASSES[what], PASSES[what], OK]) == (ITEM, 3)


@pytest.mark.parametrize("what", [what for what in PASSES if what != "a wrong checksum"])
def test_after_three_attempts_both_raise_the_same(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = [PASSES[what]] * 3
    (thin, attempts), botocores = asked(monkeypatch, THIN, [*script, OK]), asked(monkeypatch, BOTOCORE, [*script, OK])
    assert attempts == 3
    if what == "an error with a wrong checksum":
        # Botocore believes it.
        assert (thin[0], botocores) == (NoAnswer, ((Refusal, {"ValidationException"}, 400), 3))
    else:
        assert (thin, attempts) == botocores


def test_an_answer_with_a_wrong_checksum_is_never_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    script = [PASSES["a wrong checksum"]] * 3
    assert asked(monkeypatch, THIN, script) == ((NoAnswer, frozenset(), None), 3)
    # Botocore believes the last one.
    assert asked(monkeypatch, BOTOCORE, script) == (ITEM, 3)


HALF: list[Step] = [raw(b"HTTP/1.1 200 OK\r\nContent-Le"), answer(200, FOUND[:-1]), answer(200, b"[]")]


@pytest.mark.parametrize("step", HALF)
def test_half_an_answer_is_not_taken_for_an_empty_one(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    """As botocore does, to which an item that was cut off does not exist."""
    assert asked(monkeypatch, THIN, [step, step, OK]) == (ITEM, 3)
    assert asked(monkeypatch, THIN, [step] * 3) == ((NoAnswer, frozenset(), None), 3)


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_in_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "READ_TIMEOUT_SECONDS", 0.5)
    assert asked(monkeypatch, name, [never, never, never]) == ((TimedOut, frozenset(), None), 3)


@pytest.mark.parametrize("name", NAMES)
def test_a_write_that_conflicts_with_another_replica_is_tried_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = [error(400, "ReplicatedWriteConflictException"), answer(200, b"{}")]
    with faulty.serving(script) as server:
        make(monkeypatch, name, f"http://127.0.0.1:{server.port}").put_item(TableName="x", Item=ITEM)
        assert len(server.seen) == 2


@pytest.mark.parametrize("name", NAMES)
def test_nobody_listens(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    client = make(monkeypatch, name, f"http://127.0.0.1:{port}")
    with pytest.raises(NoAnswer):
        client.get_item(TableName="x", Key=KEY)


@pytest.mark.parametrize("name", NAMES)
def test_why_a_transaction_was_cancelled(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled = error(400, "TransactionCanceledException", CancellationReasons=REASONS)
    with faulty.serving([cancelled]) as server:
        client = make(monkeypatch, name, f"http://127.0.0.1:{server.port}")
        with pytest.raises(Refusal) as raised:
            client.transact_write_items(TransactItems=[{"Put": {"TableName": "x", "Item": ITEM}}] * 2)
    assert raised.value.response["CancellationReasons"] == REASONS
    assert failed_conditions(raised.value) == [False, True]
    assert codes_of(raised.value) == {"ConditionalCheckFailed"}
    assert raised.value.operation == "TransactWriteItems"


@pytest.mark.parametrize("name", NAMES)
def test_all_attempts_of_a_transaction_have_one_token(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = [raw(b""), INTERNAL, answer(200, b"{}"), answer(200, b"{}")]
    with faulty.serving(script) as server:
        client = make(monkeypatch, name, f"http://127.0.0.1:{server.port}")
        for _ in range(2):
            client.transact_write_items(TransactItems=[{"Put": {"TableName": "x", "Item": ITEM}}])
        tokens = [json.loads(seen.body)["ClientRequestToken"] for seen in server.seen]
    assert tokens[0] == tokens[1] == tokens[2] != tokens[3]
    assert len(tokens[0]) == 36


@pytest.mark.parametrize("name", NAMES)
def test_retries_end_when_their_capacity_is_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 units, five for each retry: the fifty-first request has none left."""
    with faulty.serving([INTERNAL] * (50 * 3 + 1 + 1)) as server:
        client = make(monkeypatch, name, f"http://127.0.0.1:{server.port}")
        for _ in range(51):
            with pytest.raises(Refusal):
                client.get_item(TableName="x", Key=KEY)
        assert len(server.seen) == 50 * 3 + 1
        # An answer gives one unit back, which is too little for another retry.
        server.script[:] = [OK, INTERNAL, OK, OK, OK, OK, INTERNAL, OK]
        assert client.get_item(TableName="x", Key=KEY)["Item"] == ITEM
        with pytest.raises(Refusal):
            client.get_item(TableName="x", Key=KEY)
        for _ in range(5):
            client.get_item(TableName="x", Key=KEY)
        assert server.script == []


@pytest.mark.parametrize("name", NAMES)
def test_a_connection_is_kept_and_one_that_ended_meanwhile_is_not_used(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with faulty.serving([OK, OK, answer(200, FOUND, close=True), OK]) as server:
        client = make(monkeypatch, name, f"http://127.0.0.1:{server.port}")
        for _ in range(4):
            assert client.get_item(TableName="x", Key=KEY)["Item"] == ITEM
        assert (server.connections, len(server.seen)) == (2, 4)


REQUESTS: dict[str, dict[str, Any]] = {
    "get_item": {"TableName": "x", "Key": KEY, "ConsistentRead": True},
    "put_item": {"TableName": "x", "Item": ITEM, "ConditionExpression": "attribute_not_exists(a)"},
    "delete_item": {"TableName": "x", "Key": KEY},
    "update_item": {"TableName": "x", "Key": KEY, "UpdateExpression": "SET a = :a", "ExpressionAttributeValues": ITEM},
    "query": {"TableName": "x", "KeyConditionExpression": "a = :a", "Limit": 1, "ScanIndexForward": False},
    "scan": {"TableName": "x", "Segment": 0, "TotalSegments": 1, "ExclusiveStartKey": KEY},
    "batch_get_item": {"RequestItems": {"x": {"Keys": [KEY], "ConsistentRead": True}}},
    "transact_write_items": {"TransactItems": [{"Put": {"TableName": "x", "Item": ITEM}}], "ClientRequestToken": "t"},
}
ANSWER = {
    "Items": [ITEM], "Item": ITEM, "Count": 1, "LastEvaluatedKey": KEY, "Responses": {"x": [ITEM]},
    "UnprocessedKeys": {"x": {"Keys": [KEY]}},
}  # fmt: skip


@pytest.mark.parametrize("operation", REQUESTS)
def test_both_send_the_same_and_read_the_same(operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent, read = [], []
    for name in NAMES:
        with faulty.serving([answer(200, json.dumps(ANSWER).encode())]) as server:
            client = make(monkeypatch, name, f"http://127.0.0.1:{server.port}")
            found = getattr(client, operation)(**REQUESTS[operation])
            (seen,) = server.seen
            sent.append((json.loads(seen.body), seen.operation, seen.headers["content-type"]))
            assert seen.headers["host"] == f"127.0.0.1:{server.port}"
            assert seen.headers["accept-encoding"] == "identity"
            # Powertools and Chalice add their names to what botocore says, if they are there.
            assert seen.headers["user-agent"].startswith("todo-ledger")
            assert seen.headers["x-amz-security-token"] == "token"
        read.append({part: value for part, value in found.items() if part != "ResponseMetadata"})
    assert sent[0] == sent[1]
    # Botocore leaves out what the operation does not have.
    assert {part: read[0][part] for part in read[1]} == read[1]


@pytest.mark.parametrize("name", NAMES)
def test_without_credentials_nothing_is_sent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty.serving([]) as server:
        make(monkeypatch, name, f"http://127.0.0.1:{server.port}")
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.delenv("AWS_SESSION_TOKEN")
        forget_everything()
        with pytest.raises(Unconfigured, match="credentials"):
            dynamodb.client().get_item(TableName="x", Key=KEY)
        assert server.seen == []


@pytest.mark.parametrize("what", [*PASSES, *REFUSED])
def test_no_secret_is_in_what_is_raised_or_logged(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = PASSES[what] if what in PASSES else REFUSED[what][0]
    secrets = {"AWS_SECRET_ACCESS_KEY": "a-secret-key", "AWS_SESSION_TOKEN": "a-secret-token"}
    with faulty.serving([step] * 3) as server:
        make(monkeypatch, THIN, f"http://127.0.0.1:{server.port}")
        become(monkeypatch, secrets)
        forget_everything()
        with pytest.raises(AWSError) as raised:
            dynamodb.client().get_item(TableName="x", Key=KEY)
        assert server.seen[0].headers["x-amz-security-token"] == "a-secret-token"
    logs.fail("failed", raised.value)
    told = "".join(traceback.format_exception(raised.value)) + repr(raised.value.__dict__) + capsys.readouterr().out
    assert "a-secret" not in told
    assert "Signature=" not in told
