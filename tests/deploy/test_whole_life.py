"""A stage from its first deployment to its end, by CloudFormation, as a team would type it."""

from __future__ import annotations

import re

import pytest

from stack.deploy import foreseen
from tests.deploy.account import STAGE, Account


def test_a_stage_that_is_not_configured_is_refused_with_what_it_lacks(account: Account) -> None:
    before = account.edit(".chalice/config.json", lambda text: text.replace('"TokenIssuer"', '"Issuer"'))
    assert "has Issuer, which no template declares" in account.stack("deploy", expected=1)
    account.edit(".chalice/config.json", lambda text: before.replace('"JwksUrl": "http:', '"JwksUrl": "ftp:'))
    assert "JwksUrl must be an https address" in account.stack("deploy", expected=1)
    account.edit(".chalice/config.json", lambda _: before)
    assert not account.client("dynamodb").list_tables()["TableNames"], "nothing was begun"


def test_its_data_outlives_what_runs_on_it(account: Account) -> None:
    for look in (["diff"], ["deploy", "--dry-run"]):
        said = account.stack(*look)
        assert "added    EventsTable (AWS::DynamoDB::Table)" in said
        assert "added    APIHandler (AWS::Lambda::Function)" in said, "as CloudFormation sees it"
        assert "added    ProjectIteratorAge (AWS::CloudWatch::Alarm)" in said
        assert not listed(account), "nothing happens by looking"

    account.stack("deploy")
    account.serve(account.deployment().compute.outputs()["RestAPIId"])
    first = account.create("Before the change")
    account.wait_until_listed(first)

    account.edit("app.py", lambda text: text + "\n# Another version.\n")
    before = account.edit(
        ".chalice/data.yaml", lambda text: text.replace("VisibilityTimeout: 360", "VisibilityTimeout: 400", 1)
    )
    said = account.stack("diff")
    assert "changed  ClearQueue (AWS::SQS::Queue): VisibilityTimeout" in said
    assert "changed  APIHandler (AWS::Lambda::Function): Code" in said
    assert "EventsTable" not in said
    account.stack("deploy")
    assert account.stack("diff").count("nothing changes") == 3
    deployment = account.deployment()
    expected = foreseen.outputs(deployment.stage.data_template, {"Stage": STAGE, **deployment.place})
    assert unmade(expected) == unmade(deployment.outputs()), "with these the first diff was made"
    second = account.create("After the change")
    account.wait_until_listed(first, second)

    assert account.stack("catchup").startswith("projected 0 of 2 streams")
    account.stack("audit")

    for template, refusal in (
        (replaced(before), "refused, since data would be lost"),
        (removed(before), "todo-ledger-dev-deliveries already exists in stack"),
    ):
        (account.project / ".chalice" / "data.yaml").write_text(template)
        for command in ("diff", "deploy"):
            assert refusal in account.stack(command, expected=1)
    account.edit(".chalice/data.yaml", lambda _: before)

    account.stack("destroy")
    assert not account.client("lambda").list_functions()["Functions"]
    assert "imported ProjectLogGroup (AWS::Logs::LogGroup)" in account.stack("deploy"), "logs outlive it, too"
    account.serve(account.deployment().compute.outputs()["RestAPIId"])
    third = account.create("After the rest came back")
    account.wait_until_listed(first, second, third)

    for once in ("--data", "--yes-delete-all-data"):
        assert "or neither to keep it" in account.stack("destroy", once, expected=1)
    said = account.stack("destroy", "--data", "--yes-delete-all-data")
    assert said.count("deleted the log group ") == len(deployment.stage.functions())
    assert not account.client("dynamodb").list_tables()["TableNames"]
    assert not account.client("s3").list_buckets()["Buckets"]
    assert not account.client("sqs").list_queues().get("QueueUrls")


def unmade(outputs: dict[str, str]) -> dict[str, str]:
    """Outputs without what nobody knows before: the time in a stream's ARN, and at which address the engine is."""
    return {key: re.sub(r"/stream/.*|https?://[^/]+", "", value) for key, value in outputs.items()}


def listed(account: Account) -> dict[str, str]:
    """The stacks that CloudFormation knows, and their states."""
    stacks = account.client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: stack["StackStatus"] for stack in stacks}


def replaced(template: str) -> str:
    """The ledger with another sort key."""
    return template.replace("AttributeName: version", "AttributeName: number")


def removed(template: str) -> str:
    """A table under another logical id: the old one would be let go, the new one could not be made."""
    return template.replace("DeliveriesTable", "Deliveries")


@pytest.mark.parametrize("command", ["deploy", "diff", "drift", "settle", "destroy"])
def test_an_unknown_stage_is_an_error(command: str, account: Account) -> None:
    account.edit(".chalice/config.json", lambda text: text.replace(f'"{STAGE}": {{', '"other": {'))
    try:
        assert "there is no stage" in account.stack(command, expected=1)
    finally:
        account.edit(".chalice/config.json", lambda text: text.replace('"other": {', f'"{STAGE}": {{'))
