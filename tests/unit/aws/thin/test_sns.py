"""The thin client for SNS asks what botocore asks, and makes of an answer what botocore makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from chalicelib.aws import tuning
from chalicelib.aws.botocore_client import BotocoreClient
from chalicelib.aws.errors import AWSError, NoAnswer, Refusal, TimedOut, codes_of
from chalicelib.aws.thin.sns import ThinTopic
from chalicelib.publishing import topic
from chalicelib.settings import BOTOCORE, THIN
from tests.support.reset import become, forget_everything
from tests.unit.aws.thin import faulty
from tests.unit.aws.thin.clients import NAMES
from tests.unit.aws.thin.faulty import Step, answer, never, raw, reset

ENTRIES: list[dict[str, Any]] = [
    {
        "Id": "0",
        "Message": '{"title": "ä & + = 🙂\\n"}',
        "MessageGroupId": "a~b c",
        "MessageAttributes": {
            "owner": {"DataType": "String", "StringValue": "al#ice@example.com"},
            "type": {"DataType": "String", "StringValue": "TodoCreated"},
        },
    },
    {"Id": "1", "Message": "x", "MessageAttributes": {}},
]
SPACE = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"'
PUBLISHED = f"""<PublishBatchResponse {SPACE}><PublishBatchResult>
  <Failed><member><Id>1</Id><Code>InvalidParameter</Code><Message>a &lt; b</Message><SenderFault>true</SenderFault>
  </member></Failed>
  <Successful><member><MessageId>m</MessageId><Id>0</Id></member></Successful>
</PublishBatchResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishBatchResponse>""".encode()
ALL = f"""<?xml version="1.0"?><PublishBatchResponse {SPACE}><PublishBatchResult><Failed/>
<Successful><member><Id>0</Id></member><member><Id>1</Id></member></Successful>
</PublishBatchResult></PublishBatchResponse>""".encode()
NOT_FOUND = f"""<ErrorResponse {SPACE}><Error><Type>Sender</Type><Code>NotFound</Code>
<Message>Topic does not exist</Message></Error><RequestId>r</RequestId></ErrorResponse>""".encode()


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    forget_everything()


def published(patch: pytest.MonkeyPatch, name: str, step: Step) -> tuple[Any, list[tuple[str, str]]]:
    """What a client of this name makes of the step, and the form that it sent."""
    with faulty.serving([step, step]) as server:
        become(
            patch,
            {
                "TODO_LEDGER_CLIENT": name,
                "AWS_LAMBDA_FUNCTION_NAME": "x",
                "AWS_ENDPOINT_URL_SNS": f"http://127.0.0.1:{server.port}",
                "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_DEFAULT_REGION": "eu-central-1",
            },
        )
        forget_everything()
        client = topic.sns()
        assert isinstance(client, ThinTopic if name == THIN else BotocoreClient)
        try:
            found: Any = client.publish_batch(TopicArn="arn:aws:sns:x:1:y", PublishBatchRequestEntries=ENTRIES)
        except AWSError as raised:
            found = type(raised), codes_of(raised), getattr(raised, "status", None)
        # One attempt: who publishes tries again itself.
        (seen,) = server.seen
        assert seen.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
        return found, sorted(parse_qsl(seen.body.decode(), strict_parsing=True))


def test_both_send_the_same_form(monkeypatch: pytest.MonkeyPatch) -> None:
    forms = [published(monkeypatch, name, answer(200, ALL))[1] for name in NAMES]
    assert forms[0] == forms[1]
    assert len(forms[0]) == 3 + 3 + 2 * 3 + 2


@pytest.mark.parametrize("body", [PUBLISHED, ALL])
def test_both_read_the_same(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    thin, botocores = (published(monkeypatch, name, answer(200, body))[0] for name in NAMES)
    for name in ("Successful", "Failed"):
        assert [(each["Id"], each.get("Code"), each.get("Message")) for each in thin[name]] == [
            (each["Id"], each.get("Code"), each.get("Message")) for each in botocores.get(name, [])
        ]


REFUSED = {
    "no such topic": (answer(404, NOT_FOUND), (Refusal, {"NotFound"}, 404)),
    "a gateway's page": (answer(502, b"<html>Bad gateway</html>"), (Refusal, {"502"}, 502)),
    "an empty 503": (answer(503, b""), (Refusal, {"503"}, 503)),
    "the connection is reset": (reset, (NoAnswer, frozenset(), None)),
    "half an answer": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<Pub"), (NoAnswer, frozenset(), None)),
    "no XML": (answer(200, PUBLISHED[:50]), (NoAnswer, frozenset(), None)),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", REFUSED)
def test_both_raise_the_same(what: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step, expected = REFUSED[what]
    assert published(monkeypatch, name, step)[0] == expected


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_in_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for of in (tuning, topic):
        monkeypatch.setattr(of, "READ_TIMEOUT_SECONDS", 0.5)
    assert published(monkeypatch, name, never)[0] == (TimedOut, frozenset(), None)


def test_an_answer_of_something_else_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    for body in (b"<x/>", entities):
        assert published(monkeypatch, THIN, answer(200, body))[0] == (NoAnswer, frozenset(), None)


def test_outside_of_a_lambda_it_is_botocores(monkeypatch: pytest.MonkeyPatch) -> None:
    become(monkeypatch, {"TODO_LEDGER_CLIENT": THIN, "AWS_DEFAULT_REGION": "us-east-1"})
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    forget_everything()
    assert isinstance(topic.sns(), BotocoreClient)
    assert BOTOCORE in NAMES
