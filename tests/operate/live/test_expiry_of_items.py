"""Tables whose items expire have their TTL on this machine, too."""

from __future__ import annotations

import pytest

from stack.aws import LocalEndpoint, local_client


@pytest.mark.parametrize(
    ("variable", "attribute"), [("SETTINGS_TABLE", "expires_at"), ("DELIVERIES_TABLE", "expiration")]
)
def test_what_expires_is_removed_by_the_engine(variables: dict[str, str], variable: str, attribute: str) -> None:
    dynamodb = local_client("dynamodb", LocalEndpoint(variables["AWS_ENDPOINT_URL"], variables["AWS_SESSION_TOKEN"]))

    ttl = dynamodb.describe_time_to_live(TableName=variables[variable])["TimeToLiveDescription"]

    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": attribute}
