"""What of the engine's state is journalled: seen where the emulator changes it, and brought back when it starts.

Every change of an item passes through two functions of the emulator, whatever asked for it: a call of the API, an
update's expression, a transaction, an expiry. Tables, messages and the positions of stream mappings are compared with
what was written last. What one request changed is written as one batch, so that a transaction is there as a whole.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any, Final

from stack.local.journal.contents import Contents
from stack.local.journal.lines import encode

# The longest time for which SQS delays a message. One that waits longer is of a clock that was set back since.
_LONGEST_DELAY_SECONDS: Final = 900
_NO_SORT_KEY: Final = "__no_sort__"


class Capture:
    """Collects what changes in the emulator as encoded records; the emulator's modules are patched when it is made."""

    def __init__(self) -> None:
        from ministack.services import dynamodb, lambda_svc, sqs

        self._dynamodb: Any = dynamodb
        self._lambda: Any = lambda_svc
        self._sqs: Any = sqs
        self._records: list[bytes] = []
        self._tables: dict[str, bytes] = {}
        self._messages: dict[str, set[str]] = {}
        self._positions: dict[tuple[str, str], int] = {}
        # Messages of queues that do not exist yet, which a deployment is about to make.
        self._held: dict[str, dict[str, dict[str, Any]]] = {}
        self._watch_items()
        self._watch_streams()
        self._keep_items_of_tables_made_again()
        # The journal has all of it.
        self._dynamodb.get_state = lambda: None

    def install(self, contents: Contents) -> None:
        """Make the emulator's state what a journal says; only its other services keep what they saved."""
        tables = self._dynamodb._tables
        tables._data.clear()
        for arn, description in contents.tables.items():
            account, region, name = _place(arn)
            table = description["table"]
            table["items"] = _by_partition(contents.items.pop(arn, {}))
            self._dynamodb._update_counts(table)
            tables.set_scoped(account, region, name, table)
            for setting, store in self._settings().items():
                if (value := description.get(setting)) is not None:
                    store.set_scoped(account, region, arn if setting == "tags" else name, value)
            self._tables[arn] = encode(description)
        self._lambda._dynamodb_stream_positions._data.clear()
        for arn, stream in contents.streams.items():
            account, region, name = _place(arn)
            table = tables.get_scoped(account, region, name)
            if table is None or not table.get("StreamSpecification"):
                continue
            stream.forget_what_was_read()
            made = [self._stream_record(table, *record) for record in stream.records]
            self._dynamodb._stream_records.set_scoped(account, region, name, made)
            self._dynamodb._stream_trimmed.set_scoped(account, region, name, stream.horizon)
            for mapping, position in stream.positions.items():
                self._lambda._dynamodb_stream_positions.set_scoped(account, region, mapping, position)
                self._positions[arn, mapping] = position
        for queue in self._sqs._queues._data.values():
            queue["messages"] = []
        self._held = {arn: messages for arn, messages in contents.queues.items() if messages}
        self._messages = {arn: set(messages) for arn, messages in self._held.items()}
        self._give_messages_back()

    def adopt(self) -> None:
        """Take what the emulator has loaded from the files of a version without a journal."""
        for table in self._dynamodb._tables._data.values():
            self._put_all(table)

    def take(self) -> list[bytes]:
        """The records of what has changed since the last call; never called while a request is half done."""
        self._give_messages_back()
        self._compare_tables()
        self._compare_messages()
        self._compare_positions()
        # Another thread, which lets items expire, may append at any moment.
        records = self._records[:]
        del self._records[: len(records)]
        return records

    def _settings(self) -> dict[str, Any]:
        """The stores of a table's settings, which are by its name, and that of its tags, which is by its ARN."""
        module = self._dynamodb
        return {"ttl": module._ttl_settings, "recovery": module._pitr_settings, "tags": module._tags}

    def _record(self, *record: Any) -> None:
        self._records.append(encode(record))

    def _watch_items(self) -> None:
        set_item, remove_item = self._dynamodb._set_item, self._dynamodb._remove_item
        items_replaced = self._dynamodb._items_replaced

        def set_and_record(table: Any, partition: str, sort: str, item: Any) -> Any:
            before = set_item(table, partition, sort, item)
            self._record("item", table["TableArn"], partition, sort, item)
            return before

        def remove_and_record(table: Any, partition: str, sort: str) -> Any:
            before = remove_item(table, partition, sort)
            if before is not None:
                self._record("gone", table["TableArn"], partition, sort)
            return before

        def replace_and_record(table: Any) -> None:
            items_replaced(table)
            self._record("emptied", table["TableArn"])
            self._put_all(table)

        self._dynamodb._set_item, self._dynamodb._remove_item = set_and_record, remove_and_record
        self._dynamodb._items_replaced = replace_and_record

    def _put_all(self, table: Any) -> None:
        for partition, sorted_items in table["items"].items():
            for sort, item in sorted_items.items():
                self._record("item", table["TableArn"], partition, sort, item)

    def _watch_streams(self) -> None:
        build = self._dynamodb._build_change_record

        def build_and_record(table: Any, name: str, old: Any, new: Any, view: str) -> Any:
            made = build(table, name, old, new, view)
            if (table.get("StreamSpecification") or {}).get("StreamEnabled"):
                partition, sort = self._key(table, new or old)
                created = made["dynamodb"]["ApproximateCreationDateTime"]
                self._record("stream", table["TableArn"], name, partition, sort, created)
            return made

        self._build, self._dynamodb._build_change_record = build, build_and_record

    def _key(self, table: Any, item: Any) -> tuple[str, str]:
        value = self._dynamodb._extract_key_val
        sort = table["sk_name"]
        return value(item[table["pk_name"]]), value(item[sort]) if sort else _NO_SORT_KEY

    def _stream_record(self, table: Any, name: str, partition: str, sort: str, created: int) -> Any:
        """A record with the item as it is now: the ledger, whose stream this is, never changes one."""
        item = table["items"].get(partition, {}).get(sort)
        view = table["StreamSpecification"]["StreamViewType"]
        made = self._build(table, name, None, item, view)
        made["dynamodb"]["ApproximateCreationDateTime"] = created
        return made

    def _keep_items_of_tables_made_again(self) -> None:
        """Let CloudFormation take over a table that exists, as AWS does where it is told to, in place of emptying it.

        After a crash in the middle of a first deployment the tables are there, and the stacks are not.
        """
        tables = self._dynamodb._tables
        plain = type(tables)

        class Tables(plain):  # type: ignore[misc, valid-type]
            __slots__ = ()

            def __setitem__(self, name: str, table: Any) -> None:
                known = self.get(name)
                if known is not None and known is not table and not table["items"]:
                    table["items"] = known["items"]
                    table["ItemCount"] = known["ItemCount"]
                super().__setitem__(name, table)

        tables.__class__ = Tables

    def _compare_tables(self) -> None:
        known = dict(self._tables)
        for (account, region, name), table in list(self._dynamodb._tables._data.items()):
            arn = table["TableArn"]
            # What is derived from the items, and the items.
            described = {
                key: value
                for key, value in table.items()
                if key not in ("items", "ItemCount", "TableSizeBytes", self._dynamodb._INDEX_MEMBERS)
            }
            description: dict[str, Any] = {"table": described}
            for setting, store in self._settings().items():
                description[setting] = store.get_scoped(account, region, arn if setting == "tags" else name)
            encoded = encode(description)
            if known.pop(arn, None) != encoded:
                self._tables[arn] = encoded
                self._record("table", arn, description)
        for arn in known:
            del self._tables[arn]
            self._record("dropped", arn)

    def _give_messages_back(self) -> None:
        if not self._held:
            return
        latest = time.time() + _LONGEST_DELAY_SECONDS
        for queue in list(self._sqs._queues._data.values()):
            for message in self._held.pop(queue["attributes"]["QueueArn"], {}).values():
                message["visible_at"] = min(message["visible_at"], latest)
                queue["messages"].append(message)

    def _compare_messages(self) -> None:
        # A message on its way to the dead letters is in one of the two queues as long as this is held.
        with self._sqs._queues_lock:
            now = {
                queue["attributes"]["QueueArn"]: {message["id"]: message for message in list(queue["messages"])}
                for queue in list(self._sqs._queues._data.values())
            }
        for arn, messages in now.items():
            known = self._messages.setdefault(arn, set())
            if messages.keys() == known:
                continue
            for identifier in messages.keys() - known:
                self._record("sent", arn, _as_sent(messages[identifier]))
            for identifier in known - messages.keys():
                self._record("taken", arn, identifier)
            self._messages[arn] = set(messages)

    def _compare_positions(self) -> None:
        known = dict(self._positions)
        for (account, region, mapping), position in list(self._lambda._dynamodb_stream_positions._data.items()):
            source = self._lambda._esms.get_scoped(account, region, mapping, {}).get("EventSourceArn", "")
            place = source.partition("/stream/")[0], mapping
            if known.pop(place, None) != position and place[0]:
                self._positions[place] = position
                self._record("read", *place, position)
        for place in known:
            del self._positions[place]
            self._record("read", *place, None)


def _as_sent(message: dict[str, Any]) -> dict[str, Any]:
    """A message as if nobody had received it yet: after a crash it is handed out anew, to whoever comes first.

    A function may have it before it is compared, and then it is hidden for minutes.
    """
    visible_at = message["sent_at"] if message["receive_count"] else message["visible_at"]
    unseen = {"receipt_handle": None, "receive_count": 0, "first_receive_at": None, "visible_at": visible_at}
    return {**message, **unseen}


def _by_partition(by_key: dict[tuple[str, str], Any]) -> defaultdict[str, dict[str, Any]]:
    items: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for (partition, sort), item in by_key.items():
        items[partition][sort] = item
    return items


def _place(arn: str) -> tuple[str, str, str]:
    """The account, the region and the name of a table."""
    _, _, _, region, account, resource = arn.split(":", 5)
    return account, region, resource.partition("/")[2]
