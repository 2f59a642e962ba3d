"""Pausing a stage: nothing writes the ledger, and nothing projects or publishes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stack.deploy import event_sources
from stack.deploy.deployment import Deployment
from stack.deploy.functions import deployed_names
from stack.errors import NotDeployed

# What API Gateway calls for a request that may write.
SERVING: Final = ("api_handler", "mcp")
# Those that queues and the stream feed. `deliver` goes on: it tells webhooks what was published before.
FED: Final = ("project", "publish", "remind_page", "clear")


def pause(deployment: Deployment) -> Iterator[str]:
    """Stop what serves requests, the workers that write, and the readers of the stream; yields each function's name.

    The former get a reserved concurrency of 0: clients are answered 5xx. The others are cut off from their queues and
    the stream, and not throttled: Lambda would receive a message again and again, until it is a dead letter. `settle`
    starts all of it again.

    Raises
    ------
    NotDeployed
        A function is not deployed.
    NotStable
        An event source mapping took too long to change; the same command can succeed later.
    """
    client, names = deployment.client("lambda"), deployed_names(deployment)
    for function in SERVING:
        try:
            client.put_function_concurrency(FunctionName=names[function], ReservedConcurrentExecutions=0)
        except client.exceptions.ResourceNotFoundException:
            raise NotDeployed(f"the function {names[function]}") from None
        yield function
    for function in FED:
        for mapping in event_sources.of_function(client, names[function]):
            event_sources.update(client, mapping["UUID"], Enabled=False)
        yield function
