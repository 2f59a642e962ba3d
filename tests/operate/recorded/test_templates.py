"""What holds data is encrypted, recoverable and not public, and no secret stands in a template or a variable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT

TEMPLATES = sorted((ROOT / ".chalice").glob("*.yaml"))
RESOURCES = [
    (f"{path.stem}.{name}", resource)
    for path in TEMPLATES
    for name, resource in yaml.safe_load(path.read_text())["Resources"].items()
]
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text())
SECRET_NAME = re.compile(r"secret|password|private_?key|credential|api_?key", re.IGNORECASE)
# A PEM header, an AWS access key, a webhook's secret, a JWT.
SECRET = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|whsec_[A-Za-z0-9+/]{24,}|eyJ[\w-]{10,}\.eyJ")
# The contract's example of a webhook's secret.
EXAMPLE = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfgh2Fm0Dg="
# Actions that change nothing. Those that begin so may be named by a wildcard.
READING = re.compile(r"[a-z0-9]+:(Get|List|Describe|Validate)[A-Za-z]*\*?|apigateway:GET")
# What cannot be made again from the ledger.
IRREPLACEABLE = {"data.EventsTable", "data.SettingsTable"}


def of_type(kind: str) -> list[Any]:
    return [pytest.param(name, each, id=name) for name, each in RESOURCES if each.get("Type") == kind]


@pytest.mark.parametrize(("name", "table"), of_type("AWS::DynamoDB::Table"))
def test_tables_are_encrypted_and_stay_when_a_stack_goes(name: str, table: dict[str, Any]) -> None:
    assert table["Properties"]["SSESpecification"]["SSEEnabled"] is True
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


@pytest.mark.parametrize(("name", "table"), of_type("AWS::DynamoDB::Table"))
def test_what_cannot_be_made_again_is_recoverable_and_protected(name: str, table: dict[str, Any]) -> None:
    properties = table["Properties"]
    recoverable = properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled", False)
    protected = properties.get("DeletionProtectionEnabled") == {"Fn::If": ["Protected", True, False]}
    assert recoverable == protected == (name in IRREPLACEABLE)


@pytest.mark.parametrize(("name", "queue"), of_type("AWS::SQS::Queue"))
def test_queues_are_encrypted(name: str, queue: dict[str, Any]) -> None:
    assert queue["Properties"]["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize(("name", "topic"), of_type("AWS::SNS::Topic"))
def test_topics_are_encrypted(name: str, topic: dict[str, Any]) -> None:
    assert topic["Properties"]["KmsMasterKeyId"]


@pytest.mark.parametrize(("name", "bucket"), of_type("AWS::S3::Bucket"))
def test_buckets_are_encrypted_and_closed_to_the_public(name: str, bucket: dict[str, Any]) -> None:
    properties = bucket["Properties"]
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    closed = properties["PublicAccessBlockConfiguration"]
    assert len(closed) == 4
    assert set(closed.values()) == {True}
    assert "AccessControl" not in properties


@pytest.mark.parametrize(("name", "key"), of_type("AWS::KMS::Key"))
def test_our_own_keys_are_rotated(name: str, key: dict[str, Any]) -> None:
    assert key["Properties"]["EnableKeyRotation"] is True


@pytest.mark.parametrize(("name", "resource"), RESOURCES, ids=[name for name, _ in RESOURCES])
def test_no_resource_lets_everybody_in_or_does_everything(name: str, resource: dict[str, Any]) -> None:
    for statement in statements(resource):
        assert statement.get("Principal") not in ("*", {"AWS": "*"})
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if resource["Type"] == "AWS::KMS::Key":
            # A key's policy speaks of the key alone; the account must be able to administer it.
            continue
        changing = [action for action in actions if not READING.fullmatch(action)]
        assert [action for action in changing if "*" in action] == []
        assert not changing or statement.get("Resource") != "*" or statement["Condition"], "on everything there is"
        if "Service" in statement.get("Principal", {}) and actions != ["sts:AssumeRole"]:
            assert statement["Condition"], "for another's events too, without one"


def statements(resource: Any) -> Iterator[dict[str, Any]]:
    """Every statement of a policy, at any depth."""
    if isinstance(resource, dict):
        if "Effect" in resource:
            yield resource
        for value in resource.values():
            yield from statements(value)
    if isinstance(resource, list):
        for value in resource:
            yield from statements(value)


def test_no_variable_of_a_function_has_a_secret() -> None:
    template = yaml.safe_load((ROOT / ".chalice" / "compute.yaml").read_text())
    own = [resource["Properties"].get("Environment", {}) for resource in template["Resources"].values()]
    stated = [one.get("Variables", {}) for one in (template["Globals"]["Function"]["Environment"], *own)]
    stated += [stage.get("environment_variables", {}) for stage in CONFIG["stages"].values()]
    names = {name for variables in stated for name in variables}
    assert {name for name in names if SECRET_NAME.search(name)} == set()
    # What is read of the environment is what is set there, and what is configured is an address, not a secret.
    assert {"TOKEN_ISSUER", "TOKEN_AUDIENCE", "JWKS_URL"} <= names


@pytest.mark.parametrize("part", ["app.py", "chalicelib", ".chalice", "requirements.txt", "samples", "stack", "docs"])
def test_nothing_that_is_packaged_or_kept_is_a_secret(part: str) -> None:
    path = ROOT / part
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    texts = {str(each): each.read_text(errors="replace").replace(EXAMPLE, "") for each in files}
    assert [name for name, text in texts.items() if not name.endswith(".pyc") and SECRET.search(text)] == []
