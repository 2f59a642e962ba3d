"""What the account allows: a new one may run ten functions at once."""

from __future__ import annotations

from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from stack.smoke.outcome import Skipped, expect
from stack.smoke.run import Run

# The workers of the queues alone may take 20 (MaximumConcurrency in .chalice/compute.yaml), and the API the rest.
MIN_CONCURRENCY: Final = 100
# They send to the queue that calls them.
LOOPING: Final = ("deliver", "remind_page", "clear")
# Of Service Quotas, by a part of their names: publishing to SNS, and what DynamoDB writes on demand.
_SHOWN: Final = {"sns": "Publish", "dynamodb": "write throughput"}


def concurrency(run: Run) -> str:
    """Lambda runs enough functions at once in this account and region."""
    limits = run.aws("lambda").get_account_settings()["AccountLimit"]
    found, free = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    expect(free >= MIN_CONCURRENCY, f"{free} of {found} are free, and at least {MIN_CONCURRENCY} are needed: ask AWS")
    return f"{found:,}, {free:,} of them unreserved"


def loops(run: Run) -> str:
    """Lambda lets the workers that send to their own queues do so."""
    client = run.aws("lambda")
    found = {
        name: client.get_function_recursion_config(FunctionName=run.functions[name])["RecursiveLoop"]
        for name in LOOPING
    }
    if "Allow" not in found.values():
        run.skip_if_emulated("does not set it by CloudFormation, and ends no loop")
    others = [f"{name}: {setting}" for name, setting in found.items() if setting != "Allow"]
    expect(not others, f"RecursiveLoop of {', '.join(others)}: after 16 rounds its messages are dropped")
    return ""


def throttling(run: Run) -> str:
    """The stage's own bound on requests is below the account's, which all its APIs share."""
    account = run.aws("apigateway").get_account().get("throttleSettings", {})
    wanted, found = run.deployment.throttling()["throttlingRateLimit"], account.get("rateLimit", 0)
    expect(found >= wanted, f"the account serves {found:,.0f} requests a second; RequestsPerSecond is {wanted:,.0f}")
    return f"{wanted:,.0f} of {found:,.0f} requests a second"


def quotas(run: Run) -> str:
    """The account's quotas for publishing and writing, for information."""
    run.skip_if_emulated("has no Service Quotas")
    client, lines = run.aws("service-quotas"), []
    for service, part in _SHOWN.items():
        try:
            pages = client.get_paginator("list_service_quotas").paginate(ServiceCode=service)
            found: list[Any] = [one for page in pages for one in page["Quotas"] if part in one["QuotaName"]]
        except (ClientError, BotoCoreError) as error:
            raise Skipped(f"Service Quotas cannot be read: {error}") from error
        lines += [f"{one['QuotaName']}: {one['Value']:,.0f}" for one in found]
    return "; ".join(lines)
