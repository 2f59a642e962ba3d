"""An SQS in memory, as much of it as the handlers and redrive use."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from chalicelib.aws.errors import Refusal

Message = dict[str, Any]


class SimulatedQueues:
    """Queues by their name, which is their URL too; a message received stays hidden until it is shown again."""

    def __init__(self, *names: str, before_each: Callable[[], None] = lambda: None) -> None:
        self._queues: dict[str, dict[str, Message]] = {name: {} for name in names}
        self._hidden: set[str] = set()
        self._numbers = itertools.count(1)
        self._before_each = before_each

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803
        if QueueName not in self._queues:
            raise Refusal({"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue"}}, "GetQueueUrl")
        return {"QueueUrl": QueueName}

    def send_message(self, QueueUrl: str, MessageBody: str, **options: Any) -> None:  # noqa: N803
        self._before_each()
        self.put(QueueUrl, MessageBody, options.get("MessageAttributes", {}))

    def put(self, queue: str, body: str, attributes: Message) -> None:
        """A message that is there, whatever befalls calls."""
        self._queues[queue][str(next(self._numbers))] = {"Body": body, "MessageAttributes": attributes}

    def receive_message(self, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        shown = [number for number in self._queues[QueueUrl] if number not in self._hidden][:10]
        self._hidden.update(shown)
        found = [{"MessageId": one, "ReceiptHandle": one, **self._queues[QueueUrl][one]} for one in shown]
        return {"Messages": found} if found else {}

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        del self._queues[QueueUrl][ReceiptHandle]

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        self._hidden.discard(ReceiptHandle)

    def records(self, queue: str) -> list[Message]:
        """What lies in a queue, as Lambda hands it over."""
        return [
            {
                "messageId": number,
                "receiptHandle": number,
                "body": message["Body"],
                "messageAttributes": {
                    name: {"dataType": value["DataType"], "stringValue": value["StringValue"]}
                    for name, value in message["MessageAttributes"].items()
                },
            }
            for number, message in self._queues[queue].items()
        ]

    def remove(self, queue: str, number: str) -> None:
        """A message is done, perhaps not for the first time."""
        self._queues[queue].pop(number, None)
