"""The one client for SQS."""

from __future__ import annotations

from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.memory import remembered
from chalicelib.todos.errors import Unavailable


@remembered
def sqs() -> Any:
    """A botocore client for SQS, made when the first message goes out: most processes never send one."""
    return botocore.session.get_session().create_client("sqs")


def send(queue_url: str, body: str) -> None:
    """Send a message.

    Raises
    ------
    Unavailable
        When the queue gave no clear answer; it may have the message all the same.
    """
    try:
        sqs().send_message(QueueUrl=queue_url, MessageBody=body)
    except (ClientError, BotoCoreError) as error:
        raise Unavailable(f"the queue did not take a message: {error}") from error
