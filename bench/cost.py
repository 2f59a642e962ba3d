"""The cost of a million commands on AWS, by list prices and the resources of each step: `python -m bench.cost`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench import logged

# US dollars for a million in us-east-1, on demand, as listed since November 2024, when AWS halved DynamoDB's prices.
# Check them before you rely on them: https://aws.amazon.com/{dynamodb,lambda,api-gateway,sns,sqs,cloudwatch}/pricing
WRITE_UNIT: Final = 0.625
READ_UNIT: Final = 0.125
INVOCATION: Final = 0.20
# On arm64, as the stage `prod` in .chalice/config.json; 16.6667 on x86_64.
GB_SECOND: Final = 13.3334
REST_REQUEST: Final = 3.50
SNS_REQUEST: Final = 0.50
SQS_REQUEST: Final = 0.40
# A kilobyte of log, a million times: 1 GB.
LOG_KILOBYTE: Final = 0.50

# Records in an invocation of a stream handler: one if commands are rare, and a full batch if they are frequent.
ALONE: Final = 1
BATCH: Final = 90

# Write units of the projection of an edit, as `make bench` counts them. A transaction doubles the cost of the table's
# items, but not of index entries.
VIEWS_ALONE: Final = 7
VIEWS_IN_A_BATCH: Final = 3.1


def steps(batch: int) -> Iterator[tuple[str, str, float]]:
    """Each step of a command: its name, the resources that it uses, and US dollars for a million commands."""
    alone = batch == ALONE
    queue_batch = 1 if alone else 10
    yield "API Gateway, REST", "1 request", REST_REQUEST
    yield "`api_handler`", "25 ms of 1 GB", _function(1, 25, 1.0)
    yield "`authorize`, its answer cached for 60 s", "10 ms of 0.5 GB, one command in ten", _function(0.1, 10, 0.5)
    yield "ledger", "1 read unit, 1 write unit", READ_UNIT + WRITE_UNIT
    if alone:
        # A batch that comes more than some seconds after the one before reads the pointer to the views, too.
        yield "`project`", "30 ms of 0.5 GB", _function(1, 30, 0.5)
        yield "views", f"{VIEWS_ALONE} write units, 4 read units", VIEWS_ALONE * WRITE_UNIT + 4 * READ_UNIT
        yield "`publish`", "30 ms of 0.5 GB", _function(1, 30, 0.5)
    else:
        yield "`project`", "200 ms of 0.5 GB for 90", _function(1 / batch, 200, 0.5)
        takes = f"{VIEWS_IN_A_BATCH} write units, {batch + 2} read units for {batch}"
        yield "views", takes, VIEWS_IN_A_BATCH * WRITE_UNIT + (batch + 2) / batch * READ_UNIT
        yield "`publish`", "200 ms of 0.5 GB for 90", _function(1 / batch, 200, 0.5)
    yield "SNS", f"1 request for {queue_batch}", SNS_REQUEST / queue_batch
    yield "webhooks, looked for", f"1 read unit for {batch}", READ_UNIT / batch
    kilobytes = logged.of_request() + 0.1 * logged.of_authorize() + logged.of_workers(batch)
    yield "logs", f"{kilobytes:.2f} KB", kilobytes * LOG_KILOBYTE


def _function(invocations: float, milliseconds: float, gigabytes: float) -> float:
    return invocations * (INVOCATION + milliseconds / 1000 * gigabytes * GB_SECOND)


def table(batch: int) -> str:
    """The steps as rows of a Markdown table, with their sum."""
    found = list(steps(batch))
    rows = [f"| {step} | {takes} | {dollars:.2f} |" for step, takes, dollars in found]
    return "\n".join([*rows, f"| **all** | | **{sum(dollars for *_, dollars in found):.2f}** |"])


if __name__ == "__main__":
    for size in (ALONE, BATCH):
        print(f"{size} at once\n\n{table(size)}\n")
