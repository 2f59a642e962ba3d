"""Where the thin client finds DynamoDB and its credentials, and what it leaves to botocore."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.loaders import create_loader
from botocore.regions import EndpointResolver

from chalicelib.aws import dynamodb
from chalicelib.aws.botocore_client import BotocoreClient
from chalicelib.aws.thin import origin
from chalicelib.aws.thin.client import ThinClient
from chalicelib.aws.thin.origin import LEFT_TO_BOTOCORE
from chalicelib.settings import THIN
from tests.support.reset import become, forget_everything

ASKS = {
    "TODO_LEDGER_CLIENT": THIN,
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "eu-central-1",
}
LAMBDA = {**ASKS, "AWS_LAMBDA_FUNCTION_NAME": "x", "AWS_SESSION_TOKEN": "token"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_EC2_METADATA_DISABLED"]:
        monkeypatch.delenv(name)
    forget_everything()
    yield
    forget_everything()


def where() -> str:
    """Where the client leads."""
    client = dynamodb.client()
    assert isinstance(client, ThinClient)
    return str(client.sender.pool.address)


RESOLVER = EndpointResolver(create_loader().load_data("endpoints"))
REGIONS = [
    region
    for partition in RESOLVER.get_available_partitions()
    for region in RESOLVER.get_available_endpoints("dynamodb", partition)
]


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_is_where_botocore_finds_it(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    become(monkeypatch, LAMBDA | {"AWS_DEFAULT_REGION": region})
    found = origin.from_lambda("dynamodb")
    resolved = RESOLVER.construct_endpoint("dynamodb", region)
    assert resolved is not None
    expected = f"https://{resolved['hostname']}"
    if found is None:
        # Only other partitions are left to botocore.
        assert region.startswith(("cn-", "us-gov-", "us-iso", "eu-iso", "eusc-"))
    else:
        assert str(found.address) == f"{expected}:443"
        assert (found.host, found.region) == (expected.removeprefix("https://"), region)


def test_in_a_lambda_its_environment_says_all(monkeypatch: pytest.MonkeyPatch) -> None:
    become(monkeypatch, LAMBDA)
    monkeypatch.setattr(dynamodb, "_session", lambda: pytest.fail("botocore is not needed"))
    assert where() == "https://dynamodb.eu-central-1.amazonaws.com:443"
    found = origin.from_lambda("dynamodb")
    assert found is not None
    who = found.credentials()
    assert (who.access_key, who.secret_key, who.token) == ("key", "secret", "token")


ENDPOINTS = [
    ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
    ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_DYNAMODB": "https://x:2/"}, "https://x:2"),
    ({"AWS_ENDPOINT_URL_DYNAMODB": "http://[::1]:3"}, "http://::1:3"),
    (
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        "https://dynamodb.eu-central-1.amazonaws.com:443",
    ),
]


@pytest.mark.parametrize("start", [ASKS, LAMBDA])
@pytest.mark.parametrize(("variables", "address"), ENDPOINTS)
def test_an_endpoint_of_ones_own(
    variables: dict[str, str], address: str, start: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    become(monkeypatch, start | variables)
    assert where() == address


@pytest.mark.parametrize("start", [ASKS, LAMBDA])
@pytest.mark.parametrize(
    "variables",
    [
        {"HTTPS_PROXY": "http://proxy:3128"},
        {"https_proxy": "http://proxy:3128"},
        {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_DEFAULT_REGION": "us-east-1"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_ENDPOINT_URL": "https://x/path"},
        {"AWS_ENDPOINT_URL": "https://user:word@x"},
    ],
)
def test_what_is_left_to_botocore(
    variables: dict[str, str], start: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    become(monkeypatch, start | variables)
    assert isinstance(dynamodb.client(), BotocoreClient)


@pytest.mark.parametrize("name", LEFT_TO_BOTOCORE)
def test_in_a_lambda_botocore_is_asked_what_these_mean(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    become(monkeypatch, LAMBDA | {name: "set"})
    assert origin.from_lambda("dynamodb") is None


@pytest.mark.parametrize("lacks", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"])
def test_in_a_lambda_without_one_of_these_botocore_is_asked(lacks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    become(monkeypatch, LAMBDA)
    monkeypatch.delenv(lacks)
    assert origin.from_lambda("dynamodb") is None


def test_in_a_lambda_from_a_snapshot_its_credentials_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    become(monkeypatch, {name: value for name, value in LAMBDA.items() if "_KEY" not in name})
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9001/credentials")
    monkeypatch.setattr(dynamodb, "_session", lambda: pytest.fail("botocore is not needed"))
    assert where() == "https://dynamodb.eu-central-1.amazonaws.com:443"


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/credentials", "http://169.254.170.23/credentials", "http://other.example", "", "credentials"],
)
def test_another_machine_is_asked_for_credentials_by_botocore_alone(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    become(monkeypatch, {name: value for name, value in LAMBDA.items() if "_KEY" not in name})
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
    assert origin.from_lambda("dynamodb") is None


@pytest.mark.parametrize("start", [ASKS, LAMBDA])
@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_certificates_of_ones_own(name: str, start: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    become(monkeypatch, start | {name: "no such file"})
    client = dynamodb.client()
    assert isinstance(client, ThinClient)
    assert client.sender.pool.address.tls is not None
    with pytest.raises(FileNotFoundError):
        client.sender.pool.address.tls()


def test_a_profile_and_its_credentials_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile other]\nregion = eu-west-1\naws_access_key_id = of\naws_secret_access_key = profile\n")
    become(monkeypatch, {"TODO_LEDGER_CLIENT": THIN, "AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "other"})
    assert where() == "https://dynamodb.eu-west-1.amazonaws.com:443"
    found = origin.from_botocore(dynamodb._session(), dynamodb.raw_client())
    assert found is not None
    assert found.credentials().secret_key == "profile"


def test_credentials_that_are_refreshed_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    become(monkeypatch, ASKS)
    session = dynamodb._session()
    found = origin.from_botocore(session, dynamodb.raw_client())
    assert found is not None
    assert found.credentials().access_key == "key"
    session.set_credentials("newer", "secret")
    assert found.credentials().access_key == "newer"


def test_operations_on_tables_are_botocores(monkeypatch: pytest.MonkeyPatch) -> None:
    become(monkeypatch, ASKS)
    client = dynamodb.client()
    assert isinstance(client, ThinClient)
    assert callable(client.describe_table)
    for name in ("meta", "exceptions", "get_paginator", "_client", "no_such_operation"):
        with pytest.raises(AttributeError):
            getattr(client, name)
