"""Every function at work once, in this process, on a stage's own tables, queues and topic: usual paths and failures."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.api import cursor_key
from chalicelib.aws import dynamodb, settings_table
from chalicelib.commands import execute, list_queue, list_records
from chalicelib.commands.list_operation import ListOperation
from chalicelib.commands.list_queue import Pass, Work
from chalicelib.commands.list_records import Record
from chalicelib.commands.undo import service as undo_service
from chalicelib.ledger import ledger, scan
from chalicelib.rebuild import state, task
from chalicelib.rebuild.run import Run
from chalicelib.todos import fold, ids, instants
from chalicelib.todos.events import COMPLETED
from chalicelib.todos.ids import Owner
from chalicelib.views import cuts, schema
from chalicelib.webhooks import subscriptions
from tests.operate.recorded.calls import Recorder
from tests.support.assistant import Assistant
from tests.support.faults import just_before, lost_answers, refusals
from tests.support.gateway import api_event
from tests.support.in_process import InProcess
from tests.support.lambda_events import (
    SCHEDULED,
    Context,
    message,
    queue_batch,
    queue_record,
    stream_batch,
    stream_record,
)  # fmt: skip
from tests.support.receiver import Receiver
from tests.support.reset import forget_everything, forget_todos
from tests.support.webhooks import put_in_force

LONG_LIST = 401


class Scenario:
    """The service, driven through its Lambda handlers; each function's calls are noted as its own."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.owner = "al#ice@example.com"
        self.api = _Recorded(recorder, self.owner)
        self._projected: set[tuple[str, str]] = set()

    def run(self, token: str) -> None:
        self.authorize(token)
        self.write()
        self.project()
        self.read()
        self.assist()
        self.hand_out()
        self.clear()
        self.undo()
        self.publish()
        self.deliver()
        self.remind()
        self.rebuild_views()

    def call(self, function: str, event: Any, context: Any = None) -> Any:
        import app

        with self._recorder.at_work(function):
            return getattr(app, function)(event, context or Context())

    def authorize(self, token: str) -> None:
        arn = "arn:aws:execute-api:us-east-1:000000000000:api/local/GET/todos"
        self.call("authorize", {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": arn})

    def write(self) -> None:
        api = self.api
        todo = api.post("/todos", {"title": "one", "due": "2030-01-01", "list": "garden"}, idempotency_key="k").json()
        path = f"/todos/{todo['id']}"
        assert api.post("/todos", {"title": "one", "due": "2030-01-01", "list": "garden"}, idempotency_key="k").ok
        forget_todos()
        assert api.patch(path, {"notes": "a"}).ok
        assert api.patch(path, {"notes": "b"}, idempotency_key="l").ok
        assert api.patch(path, {"notes": "b"}, idempotency_key="l").ok
        assert api.put(path, {"title": "two"}, if_match='"3"').ok
        assert api.put(path, {"title": "late"}, if_match='"1"').status_code == 412
        assert api.put(f"/todos/{uuid.uuid4()}", {"title": "put"}, if_none_match="*").ok
        assert api.delete(path).ok
        assert api.post(f"{path}/restore").ok
        assert api.post(f"{path}/revert", {"to_version": 1}).ok
        assert api.post("/lists/garden/todos", {"title": "there"}).ok
        weekly = api.post("/todos", {"title": "weekly", "repeat": "FREQ=WEEKLY", "due": "2030-01-01"}).json()
        assert api.patch(f"/todos/{weekly['id']}", {"completed": True}).ok
        # The next one was changed, and so is only looked at.
        assert api.patch(f"/todos/{ids.id_for_next(weekly['id'])}", {"notes": "begun"}).ok
        assert api.patch(f"/todos/{weekly['id']}", {"completed": False}).ok
        earlier = api.post("/todos", {"title": "earlier", "repeat": "FREQ=WEEKLY", "due": "2030-01-01"}).json()
        self._complete_earlier(earlier["id"])
        commands = [{"op": "create", "body": {"title": str(n)}} for n in range(3)]
        assert api.post("/batch", {"commands": commands}, idempotency_key="batch").ok
        # Another writer is faster; then an answer is lost.
        with just_before("PutItem", lambda: execute.execute(_edit(self.owner, todo["id"]))):
            assert api.patch(path, {"notes": "c"}).ok
        with lost_answers("PutItem", 3):
            assert api.patch(path, {"notes": "d"}).ok
        self._older_state(todo["id"])
        assert api.get(path).ok
        assert api.post("/todos", {"title": "seen"}, prefer="wait=1").ok
        self.todo_id = todo["id"]

    def _complete_earlier(self, todo_id: str) -> None:
        """As a version of the service did in which a todo knew nothing of its next one; then it is reopened."""
        before = ledger.latest(ids.stream_id(ids.partition_of(self.owner), todo_id))
        assert before is not None
        at = instants.instant_after(before.occurred_at)
        change = {"completed": True}
        completion = replace(
            before, version=2, event_id="earlier", type=COMPLETED, change=change, occurred_at=at,
            state=fold.evolve(before.state, COMPLETED, change, at),
        )  # fmt: skip
        ledger.append(completion)
        forget_todos()
        assert self.api.patch(f"/todos/{todo_id}", {"completed": False}).ok

    def _older_state(self, todo_id: str) -> None:
        """As a version of the service before this one would have written the newest event."""
        stream = ids.stream_id(ids.partition_of(self.owner), todo_id)
        newest = ledger.latest(stream)
        assert newest is not None
        dynamodb.client().update_item(
            TableName=settings.events_table(),
            Key={"stream_id": {"S": stream}, "version": {"N": str(newest.version)}},
            UpdateExpression="SET state_schema = :older",
            ExpressionAttributeValues={":older": {"N": str(fold.STATE_SCHEMA - 1)}},
        )
        forget_todos()

    def project(self) -> None:
        fresh = self._fresh_images()
        for start in range(0, len(fresh), 100):
            self.call("project", stream_batch(*fresh[start : start + 100]))
        self.call("project", {"Records": [stream_record(None, "REMOVE"), stream_record({"stream_id": {"S": "?"}})]})

    def _fresh_images(self) -> list[dict[str, Any]]:
        images = [item for page in scan.scan() for item in page]
        fresh = [each for each in images if (each["stream_id"]["S"], each["version"]["N"]) not in self._projected]
        self._projected |= {(each["stream_id"]["S"], each["version"]["N"]) for each in fresh}
        return sorted(fresh, key=lambda each: int(each["version"]["N"]))

    def read(self) -> None:
        api, path = self.api, f"/todos/{self.todo_id}"
        for asked in (
            path, f"{path}?version=1", f"{path}?at=2100-01-01", f"{path}/events",
            "/todos", "/todos?list=garden", "/todos?sort=due", "/todos?sort=created", "/lists",
            "/lists/garden/todos", "/stats", "/preferences", "/export", "/health", "/openapi.json", "/docs",
        ):  # fmt: skip
            assert api.get(asked).ok, asked
        operation = api.post("/batch", {"commands": [{"op": "create", "body": {"title": "x"}}]}).headers["Operation-Id"]
        assert api.get(f"/operations/{operation}").ok
        first = api.get("/changes?limit=1").json()
        assert api.get(f"/changes?since={first['cursor']}&limit=200").ok
        todo = api.get(path).json()
        assert api.get(path, if_none_match=f'"{todo["version"]}"').status_code == 304
        end = api.get("/changes?limit=200").json()["cursor"]
        assert api.get(f"/changes?since={end}", prefer="wait=1").ok

    def assist(self) -> None:
        """What an assistant reads and writes."""

        def post(body: bytes, headers: dict[str, Any]) -> tuple[int, dict[str, str], str]:
            event = api_event("POST", "/mcp", body.decode(), headers, owner=self.owner)
            answer = self.call("mcp", event)
            return answer["statusCode"], answer["headers"], answer["body"]

        # It may be the first that gives out a cursor.
        key = settings_table.key(cursor_key._PARTITION, cursor_key._SORT_KEY)
        dynamodb.client().delete_item(TableName=settings.settings_table(), Key=key)
        forget_everything()
        assistant = Assistant(post)
        assistant.done("find", list="garden")
        assistant.done("find", sort="due")
        assistant.done("find", sort="created", limit=1)
        assistant.done("get", id=self.todo_id, history=True)
        for tool in ("lists", "activity", "changes"):
            assistant.done(tool, limit=1)
        water = {"title": "water", "repeat": "FREQ=WEEKLY", "due": "2030-01-01"}
        for _ in range(2):
            (added,) = assistant.done("add", todos=[water])["results"]
        named = {"id": added["id"], "if_version": 1}
        for _ in range(2):
            (completed,) = assistant.done("complete", todos=[named])["results"]
        assistant.done("change", todos=[{"id": completed["next_id"], "notes": "begun"}])
        # The next one was changed, and so is only looked at.
        assistant.done("complete", todos=[{"id": added["id"]}], completed=False)
        assistant.done("add", todos=[water])
        assistant.done("delete", todos=[{"id": added["id"]}])
        assistant.done("restore", todos=[{"id": added["id"]}])
        asked = {"operation": assistant.done("add", todos=[{"title": "undone"}])["operation"]}
        assistant.done("undo", **asked, dry_run=True)
        undone = assistant.done("undo", **asked)
        assistant.done("undo", operation=undone["undo"])
        with pytest.MonkeyPatch.context() as patch:
            # As if it were an operation of many todos.
            patch.setattr(undo_service, "AT_ONCE_TODOS", 0)
            patch.setattr(undo_service, "AT_ONCE_EVENTS", 0)
            assert assistant.done("undo", **asked)["state"] == "running"

    def hand_out(self) -> None:
        """Webhooks, and feeds for calendar programs."""
        api = self.api
        hook = api.post("/webhooks", {"url": "http://127.0.0.1:9/"}, idempotency_key="w").json()
        assert api.post("/webhooks", {"url": "http://127.0.0.1:9/"}, idempotency_key="w").ok
        assert api.get("/webhooks").ok
        path = f"/webhooks/{hook['id']}"
        assert api.get(path).ok
        assert api.patch(path, {"url": "http://127.0.0.1:9/b", "lists": ["garden"]}).ok
        assert api.post("/webhooks", {"url": "http://127.0.0.1:9/b"}).status_code == 409
        assert api.post(f"{path}/ping").status_code == 202
        assert api.post(f"{path}/rotate").ok
        assert api.get(f"{path}/deliveries").ok
        assert api.delete(f"/webhooks/{hook['id']}").ok
        feed = api.post("/feeds", {"name": "phone"}, idempotency_key="f").json()
        feed = api.post("/feeds", {"name": "phone"}, idempotency_key="f").json()
        assert api.get("/feeds").ok
        assert api.get("/todos.ics" + feed["url"].partition("/todos.ics")[2]).ok
        assert api.delete(f"/feeds/{feed['id']}").ok

    def clear(self) -> None:
        api = self.api
        assert api.post("/lists/short/todos", {"title": "short"}).ok
        for _ in range(-(-LONG_LIST // 100)):
            commands = [{"op": "create", "body": {"title": "x", "list": "long"}} for _ in range(100)]
            assert api.post("/batch", {"commands": commands}, operation_id="long").ok
        self.project()
        assert api.put("/lists/short").ok
        assert api.put("/lists/named").ok
        assert api.post("/lists/short/rename", {"to": "shorter"}, idempotency_key="r").status_code == 200
        assert api.post("/lists/shorter/rename", {"to": "named"}).status_code == 200
        self.project()
        assert api.delete("/lists/named/todos", idempotency_key="c").status_code == 204
        assert api.delete("/lists/named/todos", idempotency_key="c").status_code == 204
        assert api.delete("/lists/named").ok
        assert api.post("/lists/long/rename", {"to": "longer"}).status_code == 202
        self._rename("long", "longer")
        assert api.delete("/lists/longer/todos", idempotency_key="d").status_code == 202
        forget_todos()
        clearance = self._work("longer", record="clearing#d")
        self.call("clear", queue_batch(queue_record(clearance)))
        self.call("clear", queue_batch(queue_record("no message")))
        self.project()
        # Of the next page another writer is faster with one.
        clearance = self._work("longer")
        (todo,) = api.get("/lists/longer/todos?limit=1").json()
        with just_before("PutItem", lambda: execute.execute(_edit(self.owner, todo["id"]))):
            self.call("clear", queue_batch(queue_record(clearance)))
        self.project()
        clearance = self._work("longer", record="clearing#d")
        with refusals("PutItem", "ThrottlingException", status=500):
            self.call("clear", queue_batch(queue_record(clearance)))
        self.call("clear", queue_batch(queue_record(clearance)))
        self.project()

    def undo(self) -> None:
        """Of a few todos at once, and of many by the queue; with one whose next occurrence has to stay."""
        api = self.api
        for name, operation in (("few", "few"), ("many", "long")):
            repeating = api.post("/todos", {"title": name, "repeat": "FREQ=DAILY", "due": "2026-12-01"}).json()
            done = api.patch(f"/todos/{repeating['id']}", {"completed": True, "notes": "n"}, operation_id=operation)
            assert api.patch(f"/todos/{done.headers['Link'].partition('/todos/')[2][:36]}", {"title": "x"}).ok
        assert api.post("/operations/few/undo", {"dry_run": True}).ok
        undone = api.post("/operations/few/undo", {}).json()
        assert api.post(f"/operations/{undone['undo']}/undo", {}).ok
        assert api.get("/operations/few").ok
        undone = api.post("/operations/long/undo", {})
        assert undone.status_code == 202
        message = json.dumps({"undo": undone.json()["undo"], "owner": self.owner})
        while api.get("/operations/long").json()["undo"]["state"] == "running":
            self.call("clear", queue_batch(queue_record(message)))
        self.project()

    def _rename(self, name: str, to: str) -> None:
        """Page by page; of the first page another writer is faster with one."""
        operation = self._operation(name, to_list=to, record="renaming#recorded")
        record = Record(operation.operation_id, at_once=False)
        assert settings_table.put_new(list_records.item_of(operation, record))
        work = Work(operation, cuts.read_cut(operation.owner), renaming=Pass())
        (todo,) = self.api.get(f"/lists/{name}/todos?limit=1").json()
        forget_todos()
        with just_before("PutItem", lambda: execute.execute(_edit(self.owner, todo["id"]))):
            self.call("clear", queue_batch(queue_record(list_queue.encode(work))))
        for _ in range(LONG_LIST // 200 + 1):
            self.call("clear", queue_batch(queue_record(list_queue.encode(work))))
            self.project()

    def _work(self, name: str, record: str | None = None) -> str:
        operation = self._operation(name, record=record)
        return list_queue.encode(Work(operation, cuts.read_cut(operation.owner)))

    def _operation(self, name: str, to_list: str | None = None, record: str | None = None) -> ListOperation:
        return ListOperation(Owner(self.owner), name, self.owner, None, "recorded", to_list, record)

    def publish(self) -> None:
        (image, *_) = self._images()
        self.call("publish", stream_batch(image))
        self.call("publish", {"Records": [stream_record({"stream_id": {"S": "?"}})]})

    def deliver(self) -> None:
        (image, *_) = self._images()
        with Receiver() as receiver:
            made = self.api.post("/webhooks", {"url": receiver.url, "lists": ["elsewhere"]}).json()
            target = {"owner": ids.partition_of(self.owner), "webhook": made["id"]}
            self.call("deliver", queue_batch(queue_record("{}", {**target, "ping": "1"})))
            assert self.api.get(f"/webhooks/{made['id']}").json()["verified_at"]
            hook = subscriptions.find(ids.partition_of(self.owner), made["id"])
            assert hook is not None
            put_in_force(hook)
            moved = {"version": {"N": "2"}, "change": {"S": '{"list": "left"}'}, "state": _in_list(image, "left")}
            self.call("deliver", queue_batch(message({**image, **moved})))
            self.call("deliver", queue_batch(message({**image, "state": _in_list(image, "elsewhere")})))
            told = message(image)
            told["messageAttributes"] |= queue_record("", target)["messageAttributes"]
            receiver.answer = lambda _: 500
            self.call("deliver", queue_batch(told))
            last = queue_record(told["body"], {**_texts(told), "tries": "7"})
            self.call("deliver", queue_batch(last))
            receiver.answer = lambda _: 200
            self.call("deliver", queue_batch(told))
            self.call("deliver", queue_batch(told))
            self.call("deliver", queue_batch(queue_record("no message")))
            gone = message({**image, "event_id": {"S": str(uuid.uuid4())}})
            gone["messageAttributes"] |= queue_record("", target)["messageAttributes"]
            receiver.answer = lambda _: 410
            self.call("deliver", queue_batch(gone))
            with refusals("GetItem", "ThrottlingException", status=500):
                self.call("deliver", queue_batch(gone))

    def _images(self) -> Iterator[dict[str, Any]]:
        mine = ids.partition_of(self.owner) + "#"
        return (item for page in scan.scan() for item in page if item["stream_id"]["S"].startswith(mine))

    def remind(self) -> None:
        made = self.api.post("/todos", {"title": "due", "remind_at": "2020-01-01T00:00:00Z"}).json()
        self.project()
        forget_todos()
        self.call("remind", SCHEDULED)
        page = json.dumps({"reminders": [[ids.partition_of(self.owner), made["id"], "2020-01-01T00:00:00.000Z"]]})
        # Another writer is faster.
        with just_before("PutItem", lambda: execute.execute(_edit(self.owner, made["id"]))):
            self.call("remind_page", queue_batch(queue_record(page)))
        self.call("remind_page", queue_batch(queue_record("no message")))
        self.project()

    def rebuild_views(self) -> None:
        """With a state of an older fold, a todo that changes lists meanwhile, and a row that the audit doubts."""
        self._older_state(self.todo_id)
        moved = self.api.post("/lists/left/todos", {"title": "moves"}).json()
        table = self._slices(until=state.SETTLE)["table"]
        self.project()
        assert self.api.patch(f"/todos/{moved['id']}", {"list": "entered"}).ok
        self._slices(until=state.AUDIT)
        row = self._damage(table)
        assert self._slices()["problem"], "the damage was not found"
        dynamodb.client().put_item(TableName=table, Item=row)
        assert self._slices()["done"]

    def _slices(self, until: str = state.DONE) -> dict[str, Any]:
        """Slices of one step each, up to a step or to where it cannot go on."""
        options = {"settle_seconds": 0, "drain_seconds": 0, "patience": 0}
        while True:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(task, "work", lambda until, **given: Run.claim(**given, lease_seconds=0).advance(until))
                reached: dict[str, Any] = self.call(
                    "rebuild", {"request": "recorded", "options": options}, Context(900)
                )
            if reached["step"] == until or reached["done"] or reached["problem"]:
                return reached

    def _damage(self, table: str) -> dict[str, Any]:
        """Set a row back to a version that it had before; as it was."""
        key = {"owner": {"S": ids.partition_of(self.owner)}, "sk": {"S": schema.todo_key(self.todo_id)}}
        row: dict[str, Any] = dynamodb.client().get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        dynamodb.client().put_item(TableName=table, Item={**row, "version": {"N": "1"}})
        return row


def _in_list(image: dict[str, Any], name: str) -> dict[str, str]:
    return {"S": json.dumps({**json.loads(image["state"]["S"]), "list": name})}


def _texts(record: dict[str, Any]) -> dict[str, str]:
    return {name: value["stringValue"] for name, value in record["messageAttributes"].items()}


def _edit(owner: str, todo_id: str) -> execute.CommandRequest:
    from chalicelib.todos.decide import Patch

    return execute.CommandRequest(
        owner=Owner(owner), todo_id=todo_id, command=Patch({"notes": str(uuid.uuid4())}), actor="another"
    )


class _Recorded(InProcess):
    """The API's requests, each noted as the API's own."""

    def __init__(self, recorder: Recorder, owner: str) -> None:
        super().__init__(owner)
        self._recorder = recorder

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        with self._recorder.at_work("api_handler"):
            return super().send(method, path, body, headers)
