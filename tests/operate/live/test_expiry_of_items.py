"""Tables whose items expire have their TTL on this machine, too."""

from __future__ import annotations

import pytest

from chalicelib.aws import dynamodb


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("variable", "attribute"), [("SETTINGS_TABLE", "expires_at"), ("DELIVERIES_TABLE", "expiration")]
)
def test_what_expires_is_removed_by_the_engine(variables: dict[str, str], variable: str, attribute: str) -> None:
    described = dynamodb.client().describe_time_to_live(TableName=variables[variable])

    assert described["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": attribute}
