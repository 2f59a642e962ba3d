"""What `chalice deploy` asks of the app while it deploys it: the event sources of its functions."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Sources:
    """The ARNs of the stream and the queues that feed the functions."""

    events_stream: str
    deliver_queue: str
    remind_queue: str
    clear_queue: str


_QUEUE: Final = "arn:aws:sqs:us-east-1:000000000000:set-by-deployment"
# Chalice requires ARNs, but only a deployment knows them. A deployment by CloudFormation sets them in
# .chalice/compute.yaml.
UNKNOWN: Final = Sources("arn:aws:dynamodb:us-east-1:000000000000:set-by-deployment", _QUEUE, _QUEUE, _QUEUE)


def is_being_deployed() -> bool:
    """Whether this process is `chalice deploy`, on a deployer's machine; never so in a Lambda."""
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ or os.environ.get("AWS_CHALICE_CLI_MODE") != "true":
        return False
    import click

    command = click.get_current_context(silent=True)
    return command is not None and command.info_name == "deploy"
