"""What earlier deployments leave behind is in nobody's way: a failed creation, a review, tables without their stack."""

from __future__ import annotations

import json

from tests.deploy.account import STAGE, Account

TABLES = [f"todo-ledger-{STAGE}-{name}" for name in ("deliveries", "events", "settings")]
# It waits a second for a signal that nobody sends, once the tables exist.
FAILS = """
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Fails:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: [EventsTable, SettingsTable, DeliveriesTable]
    Properties: {Handle: {Ref: Handle}, Timeout: "1"}
"""
EMPTY = {"Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}


def test_a_creation_that_fails_leaves_nothing_that_the_next_one_stumbles_over(account: Account) -> None:
    before = account.edit(".chalice/data.yaml", lambda text: text.replace("\nOutputs:", FAILS + "\nOutputs:"))
    said = account.stack("deploy", expected=1)
    assert f"the stack todo-ledger-{STAGE}-data could not be deployed" in said
    assert "Fails" in said, "and why"
    assert tables(account) == []
    assert states(account) == {f"todo-ledger-{STAGE}-data": "ROLLBACK_COMPLETE"}
    assert "added    EventsTable" in account.stack("diff"), "it counts as not deployed"
    assert states(account) == {}

    account.stack("deploy", expected=1)
    account.edit(".chalice/data.yaml", lambda _: before)
    account.stack("deploy")
    assert protected(account) == [False, True, True], "all but the deliveries, once they are in use"


def test_a_change_set_that_nobody_executed_is_no_deployment(account: Account) -> None:
    account.stack("destroy")
    cloudformation = account.client("cloudformation")
    compute = account.deployment().compute
    cloudformation.create_change_set(
        StackName=compute.name, ChangeSetName="by-hand", ChangeSetType="CREATE", TemplateBody=json.dumps(EMPTY)
    )
    assert states(account)[compute.name] == "REVIEW_IN_PROGRESS"
    assert not compute.exists()
    assert f"{compute.name:<28} is not deployed" in account.stack("status")
    assert "function project: FunctionName is missing" in account.stack("drift", expected=1)
    assert "added    Project " in account.stack("diff")
    assert f"deleted the stack {compute.name}" in account.stack("destroy") or compute.name not in states(account)
    account.stack("deploy")
    assert states(account)[compute.name] == "CREATE_COMPLETE"


def test_a_new_stack_takes_over_the_tables_of_one_that_was_deleted(account: Account) -> None:
    account.serve(account.deployment().compute.outputs()["RestAPIId"])
    before = account.create("Before the stacks were deleted")
    account.stack("destroy")
    account.deployment().data.protect(wanted=False)
    account.deployment().data.delete()
    assert set(TABLES) <= set(tables(account))

    # The engine counts a bucket that is imported as one that is in the way.
    assert "FailedBatchesBucket: Resource of type 'AWS::S3::Bucket'" in account.stack("deploy", expected=1)
    account.client("s3").delete_bucket(Bucket=f"todo-ledger-{STAGE}-failed-batches-000000000000")
    said = account.stack("deploy")
    for name in ("EventsTable", "SettingsTable", "DeliveriesTable"):
        assert f"imported {name} " in said
    account.serve(account.deployment().compute.outputs()["RestAPIId"])
    account.wait_until_listed(before)
    assert protected(account) == [False, True, True]


def test_all_data_is_deleted_also_if_its_stack_is_gone(account: Account) -> None:
    account.stack("destroy")
    account.deployment().data.protect(wanted=False)
    account.deployment().data.delete()
    said = account.stack("destroy", "--data", "--yes-delete-all-data")
    assert said.count("deleted the log group ") == len(account.deployment().stage.functions())
    assert tables(account) == []
    assert not account.client("s3").list_buckets()["Buckets"]


def tables(account: Account) -> list[str]:
    names: list[str] = account.client("dynamodb").list_tables()["TableNames"]
    return names


def protected(account: Account) -> list[bool]:
    """Whether each table of the data stack can be deleted."""
    dynamodb = account.client("dynamodb")
    return [dynamodb.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] for name in TABLES]


def states(account: Account) -> dict[str, str]:
    """The stacks that CloudFormation knows, and their states."""
    stacks = account.client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: stack["StackStatus"] for stack in stacks}
