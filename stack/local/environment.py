"""The environment variables by which the service's own code finds the local stack."""

from __future__ import annotations

from stack.errors import NotRunning
from stack.local.gateway import KEY_SET_PATH
from stack.local.issuer import AUDIENCE, ISSUER
from stack.local.process import EngineProcess


def compute_parameters(stage: str, engine: EngineProcess) -> dict[str, str]:
    """The parameters of the compute stack (.chalice/compute.yaml), except for those of the ledger."""
    return {
        "Stage": stage,
        "PublicUrl": engine.url,
        "TokenIssuer": ISSUER,
        "TokenAudience": AUDIENCE,
        "JwksUrl": engine.url + KEY_SET_PATH,
    }


def service_environment(engine: EngineProcess, data: dict[str, str]) -> dict[str, str]:
    """Environment variables for the loader, catchup and tests.

    Parameters
    ----------
    engine : EngineProcess
    data : dict of str to str
        The outputs of the data stack.

    Raises
    ------
    NotRunning
        An older version is deployed, which lacks something that this code needs.
    """
    try:
        return engine.endpoint.environment() | {
            "EVENTS_TABLE": data["EventsTableName"],
            "SETTINGS_TABLE": data["SettingsTableName"],
            "CLEAR_QUEUE_URL": data["ClearQueueUrl"],
            "QUARANTINE_QUEUE_URL": data["QuarantineQueueUrl"],
            "EVENTS_TOPIC_ARN": data["EventsTopicArn"],
            "DELIVERIES_TABLE": data["DeliveriesTableName"],
            "DELIVER_QUEUE_URL": data["DeliverQueueUrl"],
            "DELIVER_DEAD_LETTERS_URL": data["DeliverDeadLetterQueueUrl"],
            "WEBHOOKS_ALLOW_PRIVATE": "1",
            "PAGE_WAITS": "1",
            "PAGE_CODES": "1",
            "REMIND_QUEUE_URL": data["RemindQueueUrl"],
            "PUBLIC_URL": engine.url,
            "TOKEN_ISSUER": ISSUER,
            "TOKEN_AUDIENCE": AUDIENCE,
            "JWKS_URL": engine.url + KEY_SET_PATH,
        }
    except KeyError as missing:
        raise NotRunning(f"an older version is deployed, which lacks {missing}; `make up` updates it") from None
