"""The one client for SQS. Botocore is imported when it is made: most processes never send a message."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.errors import ask
from chalicelib.aws.memory import remembered


@remembered
def sqs() -> Any:
    """A botocore client for SQS whose errors are an `AWSError`, made when the first message goes out."""
    from chalicelib.aws.botocore_client import BotocoreClient

    return BotocoreClient(_made())


@remembered
def unlinked_sqs() -> Any:
    """A client whose messages do not continue the trace of the invocation that sends them.

    A worker that sends to its own queue needs this. Lambda counts a trace's passes through one function, and after 16
    it takes them for an endless loop and drops the message. The workers bound their own loops.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    """
    from botocore.handlers import add_recursion_detection_header

    from chalicelib.aws.botocore_client import BotocoreClient

    client = _made()
    client.meta.events.unregister("before-call", add_recursion_detection_header)
    return BotocoreClient(client)


def send(queue_url: str, body: str) -> None:
    """Send a message.

    Raises
    ------
    Unavailable
        When the queue gave no clear answer; it may have the message all the same.
    """
    ask(unlinked_sqs().send_message, QueueUrl=queue_url, MessageBody=body)


def _made() -> Any:
    import botocore.session

    return botocore.session.get_session().create_client("sqs")
