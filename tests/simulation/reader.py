"""A reader of the sync feed, as design §3 describes it. The one module to replace once the API has its route."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import dynamo
from chalicelib.todos import instants
from chalicelib.views import generations, schema

from .engine import MAX_KEYS
from .scheduler import Crash

MINUTE = 60_000
# The log keeps its entries for 90 days. A cursor that has not been at the end for longer than this may stand before a
# gap with nothing behind it, which nobody could tell from the end.
LONGEST_AWAY = 89 * 24 * 3600 * 1000
MOST_PAGES = 100_000
# How many transactions may be under way at once; the service has 200 for it, and each schedule fewer revisions.
OVERLAP = 3


class Gone(Exception):
    """The cursor is older than what the log, or the tombstones, still have: start over."""


class Reader:
    """A client that follows one owner's feed.

    Parameters
    ----------
    owner : str
        As keys have it.
    now : callable
        Milliseconds since 1970.
    pause : callable
        Lets others go on.

    Attributes
    ----------
    known : dict of str to (int, bool)
        Of each todo the version that came last, and whether that is a deletion.
    """

    page_size = 4
    knows_generations = True

    def __init__(self, owner: str, now: Callable[[], int], pause: Callable[[], None] = lambda: None) -> None:
        self.owner = owner
        self.known: dict[str, tuple[int, bool]] = {}
        self._now = now
        self._pause = pause
        self._table = ""
        self._cursor: int | None = None
        self._complete_at = now()

    def work(self, is_over: Callable[[], bool]) -> None:
        """Ask for page after page, whatever fails in between."""
        while not is_over():
            with suppress(Crash, ClientError, BotoCoreError):
                self._pause()
                self.page()

    def start_from_the_first_revision(self) -> None:
        self._table = generations.pointer().reader
        self._cursor = 0

    def read_to_the_end(self) -> None:
        for _ in range(MOST_PAGES):
            if not self.page():
                return
        raise AssertionError("the feed has no end")

    def page(self) -> bool:
        """Read on; whether there may be more. A cursor is bound to its generation of the views."""
        table = generations.pointer().reader
        if table != self._table:
            self._table, self._cursor = table, None
        return self._next_page()

    def _next_page(self) -> bool:
        try:
            if self._cursor is None:
                self._first_sync()
                return True
            return self._walk(self._cursor)
        except Gone:
            self._cursor = None
            return True

    def _first_sync(self) -> None:
        began = self._now()
        start_at = self._first_cursor(self._revision(), dict(self._log(0, limit=None)))
        listed: dict[str, tuple[int, bool]] = {}
        start: dict[str, Any] = {}
        while True:
            answer = self._query("begins_with(sk, :low)", {":low": schema.TODO_PREFIX}, Limit=self.page_size, **start)
            listed |= {self._todo_id(row): self._seen(row) for row in answer["Items"]}
            if "LastEvaluatedKey" not in answer:
                break
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        # What the new sync does not list is dropped.
        self.known = listed
        self._cursor = start_at
        self._complete_at = began

    def _first_cursor(self, revision: int, log: dict[int, Any]) -> int:
        """Behind which revision the walk begins: what is older than a minute was visible before the rows are read.

        To begin at a fixed distance before the tally's revision, as the design has it, would meet expired entries, or
        entries whose tombstones have expired, and each new sync would end in Gone again.
        """
        old = [number for number, entry in log.items() if self._is_old(entry)]
        if old:
            return max(old)
        # What is missing before the first young entry has expired, or is not visible yet: the walk waits for a minute.
        return max(0, min([revision, *(number - 1 for number in log)]) - OVERLAP)

    def _walk(self, cursor: int) -> bool:
        began = self._now()
        if began - self._complete_at > LONGEST_AWAY:
            raise Gone
        entries = self._log(cursor, self.page_size)
        wanted = sorted({todo_id for _, entry in entries for todo_id, _ in json.loads(entry["changes"]["S"])})
        rows = self._rows(wanted)
        for number, entry in entries:
            if number != cursor + 1:
                if self._is_old(entry):
                    raise Gone
                return False
            changes = json.loads(entry["changes"]["S"])
            for todo_id, version in changes:
                row = rows.get(todo_id)
                if row is None and self._is_old(entry):
                    # Its tombstone has expired.
                    raise Gone
                if row is None or int(row["version"]["N"]) < version:
                    return False
            for todo_id, _ in changes:
                if int(rows[todo_id]["revision"]["N"]) == number:
                    self.known[todo_id] = self._seen(rows[todo_id])
            self._cursor = cursor = number
            self._complete_at = instants.milliseconds_of(entry["at"]["S"])
        if not entries and self._revision() == cursor:
            self._complete_at = began
        return bool(entries)

    def _revision(self) -> int:
        tally = self._call("get_item", Key=self._key(schema.TALLY_KEY), ConsistentRead=True).get("Item")
        return int(tally["revision"]["N"]) if tally else 0

    def _log(self, after: int, limit: int | None) -> list[tuple[int, Any]]:
        found: list[Any] = []
        start: dict[str, Any] = {"Limit": limit} if limit else {}
        while True:
            between = {":low": schema.log_key(after + 1), ":high": schema.LOG_PREFIX + "~"}
            answer = self._query("sk BETWEEN :low AND :high", between, **start)
            found += answer["Items"]
            if limit or "LastEvaluatedKey" not in answer:
                break
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return [(int(item["sk"]["S"].removeprefix(schema.LOG_PREFIX)), item) for item in found]

    def _rows(self, todo_ids: list[str]) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        pending = [self._key(schema.todo_key(todo_id)) for todo_id in todo_ids]
        while pending:
            request = {self._table: {"Keys": pending[:MAX_KEYS], "ConsistentRead": True}}
            answer = dynamo.client().batch_get_item(RequestItems=request)
            rows |= {self._todo_id(row): row for row in answer["Responses"][self._table]}
            pending = answer["UnprocessedKeys"].get(self._table, {}).get("Keys", []) + pending[MAX_KEYS:]
        return rows

    def _query(self, ranged: str, values: dict[str, str], **options: Any) -> dict[str, Any]:
        return self._call(
            "query",
            KeyConditionExpression=f"#owner = :owner AND {ranged}",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={name: {"S": value} for name, value in {":owner": self.owner, **values}.items()},
            ConsistentRead=True,
            **options,
        )

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(dynamo.client(), operation)(TableName=self._table, **request)
        return answer

    def _key(self, sort_key: str) -> dict[str, Any]:
        return {"owner": {"S": self.owner}, "sk": {"S": sort_key}}

    def _is_old(self, entry: Any) -> bool:
        return instants.milliseconds_of(entry["at"]["S"]) < self._now() - MINUTE

    def _todo_id(self, row: Any) -> str:
        return str(row["sk"]["S"].removeprefix(schema.TODO_PREFIX))

    def _seen(self, row: Any) -> tuple[int, bool]:
        return int(row["version"]["N"]), bool(json.loads(row["state"]["S"]).get("deleted", False))
