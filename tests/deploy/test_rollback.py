"""The version before comes back by one command, with the code and the template that it had."""

from __future__ import annotations

from chalicelib.todos.fold import STATE_SCHEMA
from tests.deploy.account import STAGE, Account


def test_the_version_before_comes_back_and_data_stays(account: Account) -> None:
    assert "is not deployed" in account.stack("rollback", expected=1)
    account.stack("deploy")
    first = code(account)
    assert "is not deployed" in account.stack("rollback", expected=1), "there was none before"
    account.serve(account.deployment().compute.outputs()["RestAPIId"])
    kept = account.create("Outlives all versions")

    account.edit("app.py", lambda text: text + "\n# Another version.\n")
    before = account.edit(
        ".chalice/config.json", lambda text: text.replace('"lambda_timeout": 900', '"lambda_timeout": 899')
    )
    account.stack("deploy")
    assert account.stack("deploy").count("nothing changes") == 3, "and the way back stays the same"
    second = code(account)
    assert first != second

    said = account.stack("rollback")
    assert "changed  APIHandler (AWS::Lambda::Function): Code" in said
    assert code(account) == first, "timeout and code"
    assert account.api().get(f"/todos/{kept}").status_code == 200
    account.wait_until_listed(kept, account.create("Written by the version before"))
    assert "function rebuild: Timeout is 900, and should be 899" in account.stack("drift", expected=1)

    account.stack("rollback")
    assert code(account) == second, "and forth"
    account.edit(".chalice/config.json", lambda _: before)


def test_what_was_put_in_place_of_the_version_before_is_not_deployed(account: Account) -> None:
    previous = account.deployment().compute.outputs()["PreviousTemplate"]
    s3, bucket, running = account.client("s3"), account.deployment().artifacts.bucket, code(account)
    s3.put_object(Bucket=bucket, Key=previous, Body=b"{}")
    assert "its name is not its content's hash" in account.stack("rollback", expected=1)
    s3.delete_object(Bucket=bucket, Key=previous)
    assert "is not in the bucket" in account.stack("rollback", expected=1)
    assert code(account) == running


def test_a_version_that_cannot_read_the_states_of_the_present_one_is_refused(account: Account) -> None:
    newer = f"STATE_SCHEMA = {STATE_SCHEMA + 1}"
    account.edit("chalicelib/todos/fold.py", lambda text: text.replace(f"STATE_SCHEMA = {STATE_SCHEMA}", newer))
    account.stack("deploy")
    running = code(account)
    said = account.stack("rollback", expected=1)
    assert f"stores states of schema {STATE_SCHEMA + 1}" in said
    assert f"knows only {STATE_SCHEMA}" in said
    assert code(account) == running


def code(account: Account) -> tuple[str, int]:
    """What `rebuild` runs: the hash of its code, and its timeout."""
    found = account.client("lambda").get_function_configuration(FunctionName=f"todo-ledger-{STAGE}-rebuild")
    return found["CodeSha256"], found["Timeout"]
