"""A queue that is subscribed to a topic for as long as the run takes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from stack.smoke.run import Run


class Subscription:
    """A queue of this run's own, subscribed to a topic; both are removed at the end.

    Parameters
    ----------
    run : Run
    topic : str
        Its ARN.
    suffix : str
        Of the queue's name.
    """

    def __init__(self, run: Run, topic: str, suffix: str) -> None:
        self._sqs, self._sns = run.aws("sqs"), run.aws("sns")
        self._patience = run.options.patience
        name = f"{run.deployment.stage.prefix}-{run.name}-{suffix}"
        self._url = self._sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "3600"})["QueueUrl"]
        run.on_end(f"the queue {name}", self._delete_queue)
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        self._arn = self._sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        run.on_end(f"the subscription of {name}", self.close)

    def close(self) -> None:
        """End the subscription, so that nothing more comes."""
        if self._arn:
            self._sns.unsubscribe(SubscriptionArn=self._arn)
            self._arn = ""

    def find(self, is_wanted: Callable[[Any], bool], *, seconds: float) -> Any:
        """The first message that is wanted, or None within `seconds`; others that come before it are dropped."""
        deadline = time.monotonic() + seconds * self._patience
        while (left := deadline - time.monotonic()) > 0:
            messages = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=min(5, int(left)),
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                if is_wanted(message):
                    return message
        return None

    def _delete_queue(self) -> None:
        self._sqs.delete_queue(QueueUrl=self._url)
