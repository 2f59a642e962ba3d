"""The views: made again by the state machine, and compared with the ledger."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, Final

from stack.deploy.functions import deployed_api
from stack.operate import audit
from stack.smoke.outcome import Skipped, expect
from stack.smoke.run import Run, timed

# More than this takes longer than a smoke test may, and costs more.
MAX_ITEMS: Final = 200_000
_REBUILD_SECONDS: Final = 420
_MACHINE: Final = "RebuildMachine"
_MAX_SHOWN: Final = 3
# How far the views may lag behind the ledger, at the most.
_LAG_SECONDS: Final = 5


def rebuilt(run: Run) -> str:
    """The state machine makes the views again while they are in use, and what is written meanwhile is in them."""
    machine = run.deployment.compute.resources().get(_MACHINE)
    if machine is None and not run.deployment.compute.exists() and deployed_api(run.deployment):
        raise Skipped("`chalice deploy` makes no state machine")
    expect(machine, "there is no state machine")
    _skip_if_large(run)
    before, client = run.deployment.views_table(), run.aws("stepfunctions")
    with timed() as seconds:
        execution = client.start_execution(
            stateMachineArn=machine,
            name=f"{run.name}-{uuid.uuid4().hex[:8]}",
            input=json.dumps(run.options.rebuild_waits),
        )["executionArn"]

        def ended() -> Any:
            found = client.describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        made = run.create("written during a rebuild").json()
        found = run.wait_for("the end of the rebuild", ended, seconds=_REBUILD_SECONDS, poll=1)
        took = seconds()
    expect(found["status"] == "SUCCEEDED", f"it {found['status']}: {found.get('error')} {found.get('cause', '')[:200]}")
    after = run.deployment.views_table()
    expect(after != before, f"the pointer still names {before}")
    path = f"{run.list_path()}?limit=200"
    run.wait_for("what was written meanwhile", lambda: made in run.api.quiet.get(path).expect(200).json(), seconds=30)
    return f"{after} in {took:.0f} s"


def audited(run: Run) -> str:
    """The audit of the ledger and the views finds no difference."""
    _skip_if_large(run)
    report = audit.audit_views()
    shown = "; ".join(map(audit.describe_difference, report.differences[:_MAX_SHOWN]))
    expect(report.is_clean, f"{len(report.differences)} differences: {shown}")
    counts = report.findings.counts
    return f"{counts['events']:,} events, {counts['rows']:,} rows"


def agreeing(run: Run) -> str:
    """The list of this run's todos has each of them as the ledger has it."""
    made = run.create("compared", headers={"prefer": "wait=10"}).json()
    path = f"{run.list_path()}?limit=200"
    rows = run.wait_for(
        "the todo in its list", lambda: _with(made["id"], run.api.quiet.get(path).expect(200).json()), seconds=30
    )
    differing = [row["id"] for row in rows if _difference(run, row)]
    # What was changed a moment ago, or between the two reads, is in the list a moment later.
    time.sleep(_LAG_SECONDS * run.options.patience if differing else 0)
    for row in (row for row in run.api.quiet.get(path).expect(200).json() if row["id"] in differing):
        difference = _difference(run, row)
        expect(not difference, difference)
    return f"{len(rows)} todos"


def _with(todo_id: str, rows: Any) -> Any:
    return rows if any(row["id"] == todo_id for row in rows) else None


def _difference(run: Run, row: Any) -> str:
    """How a row of the list differs from what the ledger has; empty if it does not."""
    of_ledger = run.api.quiet.get(f"/todos/{row['id']}")
    if of_ledger.status != 200:
        return f"{of_ledger}, but the list has it"
    return "" if of_ledger.json() == row else f"the list has {row['id']} in version {row['version']}, {of_ledger}"


def _skip_if_large(run: Run) -> None:
    found = audit.count_items(())
    if found > MAX_ITEMS:
        raise Skipped(f"the ledger has {found:,} events, more than {MAX_ITEMS:,}: use `rebuild` and `audit` themselves")
