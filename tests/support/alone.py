"""The service's own handlers, called in this process as Lambda calls them, on tables and queues of a test's own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import boto3

from chalicelib.aws import dynamodb
from chalicelib.todos import ids
from chalicelib.todos.events import Event
from chalicelib.views import schema
from tests.support.in_process import InProcess
from tests.support.lambda_events import SCHEDULED, queue_batch, queue_record, stream_batch
from tests.support.tables import definition, pointer_to


@cache
def of_engine(service_name: Literal["dynamodb", "sqs"]) -> Any:
    """The test's own client; making one takes a tenth of a second."""
    return boto3.client(service_name)


# Of the queues, those that tests look into.
QUEUES: Final = ("REMIND_QUEUE_URL", "CLEAR_QUEUE_URL", "QUARANTINE_QUEUE_URL")

OWNER: Final = ids.Owner("al#ice@example.com")


@dataclass
class Alone:
    """The service, with an owner whose name must be encoded wherever it becomes part of a key."""

    environment: dict[str, str]
    views: str
    owner: ids.Owner = OWNER

    @classmethod
    def made(cls) -> Alone:
        """Tables as deployed, but without a stream, and queues: only the test calls handlers."""
        suffix = uuid.uuid4().hex
        database, sqs = of_engine("dynamodb"), of_engine("sqs")
        names = {}
        for variable, resource in (("EVENTS_TABLE", "EventsTable"), ("SETTINGS_TABLE", "SettingsTable")):
            names[variable] = f"alone-{variable.lower()}-{suffix}"
            database.create_table(**definition(resource, names[variable]))
        views = f"alone-views-{suffix}"
        database.create_table(**schema.table_definition(views))
        database.put_item(TableName=names["SETTINGS_TABLE"], Item=pointer_to(views))
        for variable in QUEUES:
            name = f"alone-{variable.lower()[:-4].replace('_', '-')}-{suffix}"
            names[variable] = sqs.create_queue(QueueName=name)["QueueUrl"]
        return cls({**names, "PUBLIC_URL": "http://api.example"}, views)

    def drop(self) -> None:
        database, sqs = of_engine("dynamodb"), of_engine("sqs")
        for table in (self.environment["EVENTS_TABLE"], self.environment["SETTINGS_TABLE"], self.views):
            database.delete_table(TableName=table)
        for variable in QUEUES:
            sqs.delete_queue(QueueUrl=self.environment[variable])

    def api(self, owner: str | None = None) -> InProcess:
        """The API, for this owner or another."""
        return InProcess(owner or self.owner)

    def create(self, owner: str | None = None, **fields: Any) -> str:
        """A new todo; its id."""
        todo_id: str = self.api(owner).create(**fields)["id"]
        return todo_id

    def patch(self, todo_id: str, owner: str | None = None, **fields: Any) -> dict[str, Any]:
        answer = self.api(owner).patch(f"/todos/{todo_id}", fields)
        assert answer.status_code == 200, answer.text
        todo: dict[str, Any] = answer.json()
        return todo

    def events(self, todo_id: str, owner: str | None = None) -> list[Event]:
        from chalicelib.ledger import ledger

        return ledger.history(ids.stream_id(ids.partition_of(ids.Owner(owner or self.owner)), todo_id))

    def types(self, todo_id: str, owner: str | None = None) -> list[str]:
        return [event.type.removeprefix("Todo") for event in self.events(todo_id, owner)]

    def todo_ids(self) -> set[str]:
        """The ids of every todo in the ledger, of all owners."""
        pages = dynamodb.pages("scan", TableName=self.environment["EVENTS_TABLE"])
        return {ids.split_stream_id(item["stream_id"]["S"])[1] for page in pages for item in page}

    def project(self) -> None:
        """Every event there is, as the stream brings it."""
        import app

        images = [item for page in dynamodb.pages("scan", TableName=self.environment["EVENTS_TABLE"]) for item in page]
        for start in range(0, len(images), 100):
            app.project(stream_batch(*images[start : start + 100]), None)

    def remind(self, context: Any = None) -> None:
        """A minute has passed."""
        import app

        app.remind(SCHEDULED, context)

    def messages(self, variable: str = "REMIND_QUEUE_URL") -> list[dict[str, Any]]:
        """What lies in a queue, taken from it, as records of an SQS event."""
        sqs, url = of_engine("sqs"), self.environment[variable]
        records = []
        while taken := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in taken:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                records.append(queue_record(message["Body"], message_id=message["MessageId"]))
        return records

    def remind_page(self, *records: dict[str, Any]) -> list[str]:
        """Work through messages; those that are to come again, by id."""
        import app

        answer = app.remind_page(queue_batch(*records), None)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
