"""The thin client's signatures are botocore's."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from chalicelib.aws.thin import client, sns
from chalicelib.aws.thin.signing import Credentials, Signer

REGIONS = ("us-east-1", "eu-central-1", "ap-southeast-4")
TYPES = {"dynamodb": client.CONTENT_TYPE, "sns": sns.CONTENT_TYPE}
HOSTS = ("dynamodb.us-east-1.amazonaws.com", "127.0.0.1:8123", "[::1]:8000")
ALPHABET = "abcXYZ0189/+=-_ \"'{}:,ä€🙂"


def text(draw: random.Random, most: int) -> str:
    return "".join(draw.choices(ALPHABET, k=draw.randint(1, most)))


def by_botocore(
    patch: pytest.MonkeyPatch, host: str, service: str, region: str, lines: list[str], body: bytes, who: Credentials
) -> str:
    """The header ``Authorization`` that botocore makes for a request with these header lines."""
    headers = dict(line.split(":", 1) for line in lines)
    instant = datetime.strptime(headers.pop("x-amz-date"), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    headers.pop("x-amz-security-token", None)
    headers.pop("host")
    patch.setattr("botocore.auth.get_current_datetime", lambda: instant)
    request = AWSRequest("POST", f"https://{host}/", headers=headers, data=body)
    credentials = BotocoreCredentials(who.access_key, who.secret_key, who.token)
    SigV4Auth(credentials, service, region).add_auth(request)
    made: str = request.headers["Authorization"]
    return made


def test_ten_thousand_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(18)
    signers = {
        (host, service, region): Signer(host, service, region, content_type)
        for host in HOSTS
        for region in REGIONS
        for service, content_type in TYPES.items()
    }
    # Few secrets and days: the key that was derived before is used again, and is not used for another.
    secrets = ["".join(draw.choices("abcdef/+0123", k=40)) for _ in range(3)]
    now = 1_790_000_000.0
    for _ in range(10_000):
        who = Credentials("AKIA", draw.choice(secrets), draw.choice((None, "token+/=" * 20)))
        (host, service, region), signer = draw.choice(list(signers.items()))
        now += draw.choice((0, 1, 1, 3600, 86_400))
        body = text(draw, 60).encode()
        target = f"DynamoDB_20120810.{draw.choice(('Query', 'PutItem'))}" if service == "dynamodb" else ""
        *lines, authorization, end = signer.headers(target, body, who, now).split("\r\n")
        assert end == ""
        expected = by_botocore(monkeypatch, host, service, region, lines, body, who)
        assert authorization.removeprefix("authorization:") == expected


def test_no_secret_is_in_the_text_of_credentials() -> None:
    assert "secret" not in repr(Credentials("key", "secret", "secret token"))
