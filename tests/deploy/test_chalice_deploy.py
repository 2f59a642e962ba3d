"""`chalice deploy`, Chalice's own deployer, against the engine with the two calls that it lacks; settle; delete."""

from __future__ import annotations

from typing import Any

from tests.deploy.account import STAGE, Account
from tests.deploy.rest_api_import import in_front_of

LOOPING = ("deliver", "remind_page", "clear")


def test_chalice_deploys_by_itself_and_settle_sets_the_rest(account: Account) -> None:
    with in_front_of(account.engine.endpoint) as endpoint:
        account.stack("deploy", "--only-data")
        account.do_what_the_engine_left_out()

        account.chalice("deploy", endpoint)
        said = account.stack("drift", expected=1)
        assert "mapping of publish: BisectBatchOnFunctionError is False, and should be True" in said
        of_functions = [line.rpartition("function ")[2] for line in said.splitlines() if "function " in line]
        assert of_functions == [f"{name}: RecursiveLoop is Terminate, and should be Allow" for name in LOOPING], (
            "code, variables and logs are as they should be at once"
        )
        assert "role of " not in said, "and so are permissions"
        assert "gateway responses" not in said, "and what the gateway itself answers"
        assert "set BisectBatchOnFunctionError of mapping of project to True" in account.stack("settle")
        assert "no setting differs" in account.stack("settle"), "doing it again does nothing"
        first = deployed(account)
        account.chalice("deploy", endpoint)
        assert deployed(account) == first, "the second deployment changes nothing, and leaves what settle has set"
        assert "no setting differs" in account.stack("drift")

        (api,) = account.client("apigateway").get_rest_apis()["items"]
        account.serve(api["id"])
        account.wait_until_listed(account.create("Deployed by Chalice"))
        assert account.api().get("/nowhere").headers["Content-Type"] == "application/problem+json"

        for command in (["deploy"], ["deploy", "--dry-run"], ["diff"]):
            assert f"chalice delete --stage {STAGE}" in account.stack(*command, expected=1)
        with_data = ("destroy", "--data", "--yes-delete-all-data")
        assert f"chalice delete --stage {STAGE}" in account.stack(*with_data, expected=1)
        assert len(deployed(account)) == len(first), "and nothing was begun beside it"

        account.chalice("delete", endpoint)
        assert not account.client("lambda").list_functions()["Functions"]
        assert not account.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        assert account.deployment().data.exists()


def test_cloudformation_takes_over_what_chalice_leaves(account: Account) -> None:
    names = {f"/aws/lambda/{function.deployed_name}" for function in account.deployment().stage.functions()}
    assert names <= logs(account)
    said = account.stack("deploy")
    assert said.count("imported") == len(names)
    account.stack("settle")
    assert "no setting differs" in account.stack("drift")


def logs(account: Account) -> set[str]:
    """The names of the log groups."""
    return {group["logGroupName"] for group in account.client("logs").describe_log_groups()["logGroups"]}


def deployed(account: Account) -> Any:
    """What there is of functions and mappings, without the times of their last changes."""
    client = account.client("lambda")
    functions = client.list_functions()["Functions"]
    mappings = client.list_event_source_mappings()["EventSourceMappings"]
    changing = ("LastModified", "RevisionId")
    return [{key: one[key] for key in one if key not in changing} for one in [*functions, *mappings]]
