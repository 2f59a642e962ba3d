"""A ledger restored to an earlier instant takes the live one's place, and everything else follows it."""

from __future__ import annotations

import json

from tests.deploy.account import STAGE, Account
from tests.support.waiting import eventually


def test_the_ledger_as_it_was_takes_the_place_of_one_that_went_wrong(account: Account) -> None:
    assert "is not deployed" in account.stack("restore", "--to", "2026-11-20", expected=1)
    account.stack("deploy")
    account.do_what_the_engine_left_out()
    account.serve(account.deployment().compute.outputs()["RestAPIId"])
    kept, spoilt = account.create("Stays"), account.create("As it should be")
    account.wait_until_listed(kept, spoilt)

    # The engine restores a table as it is when it is asked, whatever instant is named.
    to = "2026-11-20T09:00:00+01:00"
    said = account.stack("restore", "--to", to)
    restored = f"todo-ledger-{STAGE}-events-20261120t080000"
    assert restored in tables(account)
    # On AWS the table is encrypted as its source is.
    account.client("dynamodb").update_table(TableName=restored, SSESpecification={"Enabled": True})
    assert f'"EventsTable": "{restored}"' in said
    assert restored in account.stack("restore", "--to", to), "doing it again goes on with what is there"
    assert account.stack("diff").count("nothing changes") == 3, "nothing uses it yet"

    account.api().patch(f"/todos/{spoilt}", {"title": "Spoilt by a defect"})
    account.wait_until_listed(account.create("Only in the ledger that went wrong"))

    assert "paused remind_page" in account.stack("pause")
    assert read_by(account) == {"deliver"}, "nothing else reads a queue or the stream"
    concurrency = account.client("lambda").get_function_concurrency(FunctionName=f"todo-ledger-{STAGE}")
    assert concurrency["ReservedConcurrentExecutions"] == 0, "and the API answers nobody"
    assert "mapping of clear: Enabled is False, and should be True" in account.stack("drift", expected=1)

    account.edit(".chalice/config.json", lambda text: with_ledger(text, restored))
    assert "EventSourceMapping" in account.stack("diff"), "the functions will be fed from another stream"
    account.stack("deploy")
    account.stack("settle")
    assert read_by(account) == {"clear", "deliver", "project", "publish", "remind_page"}
    rebuild(account)
    account.stack("audit")
    assert f"ledger                       {restored}" in account.stack("status")

    assert account.api().get(f"/todos/{spoilt}").json()["title"] == "As it should be"
    assert {todo["id"] for todo in account.api().get("/todos").json()} == {kept, spoilt}
    assert account.api().patch(f"/todos/{spoilt}", {"notes": "Goes on"}).json()["version"] == 2
    account.wait_until_listed(account.create("Written after it"))

    assert "no setting differs" in account.stack("drift")
    assert f"todo-ledger-{STAGE}-events" in tables(account), "what went wrong is still there to look at"
    account.stack("destroy", "--data", "--yes-delete-all-data")
    assert not tables(account)


def test_a_ledger_that_is_not_there_is_an_error(account: Account) -> None:
    account.stack("deploy", "--only-data")
    before = account.edit(".chalice/config.json", lambda text: with_ledger(text, "no-such-table"))
    assert "the table no-such-table does not exist" in account.stack("deploy", expected=1)
    account.edit(".chalice/config.json", lambda _: before)


def tables(account: Account) -> list[str]:
    names: list[str] = account.client("dynamodb").list_tables()["TableNames"]
    return names


def read_by(account: Account) -> set[str]:
    """The functions that are fed by a queue or the stream."""
    mappings = account.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    enabled = [one["FunctionArn"].rpartition(":")[2] for one in mappings if one["State"] == "Enabled"]
    return {name.removeprefix(f"todo-ledger-{STAGE}-") for name in enabled}


def with_ledger(text: str, table: str) -> str:
    config = json.loads(text)
    config["stages"][STAGE]["parameters"]["EventsTable"] = table
    return json.dumps(config)


def rebuild(account: Account) -> None:
    """By the state machine, whose waits can be told; on AWS they are the functions' timeouts."""
    machines = account.client("stepfunctions")
    arn = account.deployment().compute.outputs()["RebuildMachineArn"]
    begun = machines.start_execution(stateMachineArn=arn, input=json.dumps({"settle_seconds": 1, "drain_seconds": 1}))

    def status() -> str:
        return str(machines.describe_execution(executionArn=begun["executionArn"])["status"])

    eventually(lambda: status() != "RUNNING")
    assert status() == "SUCCEEDED"
