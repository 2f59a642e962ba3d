"""What is deployed, as AWS describes it."""

from __future__ import annotations

from typing import Final

from chalicelib import __version__
from stack.deploy.functions import deployed_api
from stack.drift import drift
from stack.drift.differences import Difference
from stack.errors import NotDeployed
from stack.settings import LOCAL
from stack.smoke.outcome import Skipped, expect
from stack.smoke.run import Run

# What the local engine's CloudFormation does not set. Its stage has no alarms either, unless somebody deploys them.
LEFT_OUT_BY_THE_ENGINE: Final = (
    "PointInTimeRecoverySpecification", "SSESpecification", "KmsMasterKeyId", "LifecycleConfiguration",
    "EnableTerminationProtection", "RecursiveLoop",
)  # fmt: skip
_MAX_SHOWN: Final = 5


def stacks(run: Run) -> str:
    """The stacks are deployed; one that `chalice deploy` replaces need not be."""
    here = {stack.name: stack.exists() for stack in (run.deployment.data, run.deployment.compute, run.deployment.watch)}
    expect(here[run.deployment.data.name], f"the stack {run.deployment.data.name} is not deployed")
    expect(deployed_api(run.deployment), "there is no API")
    return ", ".join(name if is_here else f"without {name}" for name, is_here in here.items())


def settings(run: Run) -> str:
    """No setting differs from the repository, except for what the local engine leaves out."""
    run.skip_if_other_version()
    try:
        found = drift.find(run.deployment)
    except NotDeployed as error:
        raise Skipped(str(error)) from error
    left = [one for one in found if not (run.is_emulated and _is_left_out(run, one))]
    shown = "; ".join(map(str, left[:_MAX_SHOWN]))
    more = f"; and {len(left) - _MAX_SHOWN} more" if len(left) > _MAX_SHOWN else ""
    expect(not left, f"{shown}{more}")
    return f"not compared, since the local engine leaves them out: {len(found)}" if found else ""


def api_stage(run: Run) -> str:
    """The API has one stage: SAM makes a second one, which anybody can call, unless it is told not to."""
    api = deployed_api(run.deployment)
    expect(api, "there is no API")
    found = [one["stageName"] for one in run.aws("apigateway").get_stages(restApiId=api)["item"]]
    wanted = run.deployment.stage.api_stage
    expect(found == [wanted], f"the API has the stages {', '.join(found)}, and should have {wanted} alone")
    return ""


def version(run: Run) -> str:
    """The version that answers is this checkout's."""
    found = run.anybody.get("/health").expect(200).json().get("version")
    run.skip_if_other_version()
    expect(found == __version__, f"{run.url}/health says version {found}; this checkout is {__version__}")
    return f"{found} at {run.url}"


def views(run: Run) -> str:
    """The views table has every index and the time zones of this version."""
    table = run.deployment.views_table()
    expect(table is not None, "there is no views table")
    run.skip_if_other_version()
    reason = run.deployment.need_of_rebuild()
    expect(reason is None, f"the views table {reason}: run `rebuild`")
    return ""


def _is_left_out(run: Run, difference: Difference) -> bool:
    if run.deployment.stage.name == LOCAL and difference.where == f"stack {run.deployment.watch.name}":
        return True
    return difference.name in LEFT_OUT_BY_THE_ENGINE
